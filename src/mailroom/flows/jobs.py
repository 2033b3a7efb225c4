"""What the job process can be asked for: one table of operations for the window, the portal and mailroomctl."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mailroom.core.problems import Invalid, NotFound

Operation = Callable[..., Any]
# Words of the API that are keywords of Python: a parameter `from_` is asked for as "from".
KEYWORDS = {"from": "from_"}
# Who asks is always told (by_root by the kernel, see job.py); operations that do not record it need not take it.
ASKER = {"who", "where", "by_root"}


def call(operations: dict[str, Operation], request: Any) -> Any:
    """Run the operation that `request` names with the arguments it gives: {"op": name, **arguments}.

    Raises NotFound for an unknown operation, Invalid for an argument that is unknown, missing or of another type than
    the operation declares, and what the operation raises.
    """
    if not isinstance(request, dict):
        raise Invalid("A request is one JSON object.", field="op")
    name = request.get("op")
    if not isinstance(name, str) or name not in operations:
        raise NotFound(f"There is no operation {name!r}.", field="op")
    operation = operations[name]
    accepted = inspect.signature(operation, eval_str=True).parameters
    given = {str(KEYWORDS.get(key, key)): value for key, value in request.items() if key != "op"}
    given = {key: value for key, value in given.items() if key in accepted or key not in ASKER}
    for key in given:
        if key not in accepted:
            raise Invalid(f"{name} takes no {key!r}.", field=key)
    for key, parameter in accepted.items():
        if key in given:
            _refuse_wrong_type(name, parameter, given[key])
        elif parameter.default is inspect.Parameter.empty:
            raise Invalid(f"{name} needs {key.removesuffix('_')!r}.", field=key.removesuffix("_"))
    return operation(**given)


def _refuse_wrong_type(name: str, parameter: inspect.Parameter, value: Any) -> None:
    if parameter.annotation is inspect.Parameter.empty:
        return
    try:
        _type(parameter.annotation).validate_python(value, strict=True)
    except ValidationError as reason:
        field = parameter.name.removesuffix("_")
        complaint = reason.errors(include_url=False)[0]["msg"]
        raise Invalid(f"{name} cannot take this {field!r}: {complaint}.", field=field) from None


@cache
def _type(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)
