"""What the job process can be asked for: one table of operations for the window, the portal and mailroomctl."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mailroom.core.problems import Invalid, NotFound

Operation = Callable[..., Any]


def call(operations: dict[str, Operation], request: dict[str, Any]) -> Any:
    """Run the operation that `request` names with the arguments it gives.

    Raises NotFound for an unknown operation, Invalid for an unknown or missing argument, and what the operation raises.
    """
    name = str(request.get("op", ""))
    if name not in operations:
        raise NotFound(f"There is no operation {name!r}.", field="op")
    operation = operations[name]
    given = {key: value for key, value in request.items() if key != "op"}
    accepted = inspect.signature(operation).parameters
    # Who asks is always told; operations that do not record it need not take it.
    given = {key: value for key, value in given.items() if key in accepted or key not in ("who", "where")}
    for key in given:
        if key not in accepted:
            raise Invalid(f"{name} takes no {key!r}.", field=key)
    for key, parameter in accepted.items():
        if parameter.default is inspect.Parameter.empty and key not in given:
            raise Invalid(f"{name} needs {key!r}.", field=key)
    return operation(**given)
