"""This API's own document."""

from __future__ import annotations

from typing import Any

from mailroom.core.scopes import ANY
from mailroom.web.route import WINDOW, Call, route
from mailroom.web.shapes import free

AREA = ANY


@route(
    WINDOW,
    "GET",
    "api/openapi.json",
    summary="This document",
    answer="OpenAPI 3.1.",
    example=free({"openapi": "3.1.0"}),
)
def document(call: Call) -> Any:
    from mailroom.web import openapi

    return openapi.document(WINDOW)
