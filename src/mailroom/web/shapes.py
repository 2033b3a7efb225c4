"""The shape of an answer, told by its example: JSON Schema for the OpenAPI document, so that an answer is said once.

What holds for every answer: a value that is not known is null; a key that an example has may be missing below the top.
"""

from __future__ import annotations

from typing import Any

# JSON Schema 2020-12; a bool is no number.
WORDS: tuple[tuple[type, str], ...] = ((bool, "boolean"), (int, "number"), (float, "number"), (str, "string"))


class Named(dict[str, Any]):
    """An object whose keys are names of things and not known beforehand; its values are all like those shown."""


def free(value: Any) -> Any:
    """The value, as an example of one that may be of any type: a setting's, or what is described elsewhere."""
    return type("Free", (type(value),), {"is_free": True})(value)


def schema_of(example: Any, *, whole: bool = True) -> dict[str, Any]:
    """The schema of everything that is like the example. whole: the top of an answer, where no key may be missing."""
    if example is None or getattr(example, "is_free", False):
        return {}
    if isinstance(example, Named):
        return {"type": ["object", "null"], "additionalProperties": _one_of(list(example.values()))}
    if isinstance(example, dict):
        properties = {key: schema_of(value, whole=False) for key, value in example.items()}
        known: dict[str, Any] = {"type": ["object", "null"], "properties": properties}
        return {**known, "type": "object", "required": sorted(properties)} if whole else known
    if isinstance(example, list | tuple):
        return {"type": "array", "items": _one_of(list(example))}
    return {"type": [next(word for kind, word in WORDS if isinstance(example, kind)), "null"]}


def _one_of(examples: list[Any]) -> dict[str, Any]:
    schemas: list[dict[str, Any]] = []
    for schema in (schema_of(example, whole=False) for example in examples):
        if schema not in schemas:
            schemas.append(schema)
    if len(schemas) < 2:
        return schemas[0] if schemas else {}
    return {"anyOf": schemas}
