"""This API's own document."""

from __future__ import annotations

from typing import Any

from mailroom.web.route import WINDOW, Call, route


@route(
    WINDOW,
    "GET",
    "api/openapi.json",
    summary="This document",
    answer="OpenAPI 3.1.",
    example={"openapi": "3.1.0"},
)
def document(call: Call) -> Any:
    from mailroom.web import openapi

    return openapi.document(WINDOW)
