"""This API's own document."""

from __future__ import annotations

from typing import Any

from mailroom.web.route import PORTAL, USER, Call, route
from mailroom.web.shapes import free


@route(
    PORTAL,
    "GET",
    "api/openapi.json",
    role=USER,
    summary="This document",
    answer="OpenAPI 3.1.",
    example=free({"openapi": "3.1.0"}),
)
def document(call: Call) -> Any:
    from mailroom.web import openapi

    return openapi.document(PORTAL)
