"""Every regular expression of the product takes time in proportion to the text (design: a stranger's bytes)."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import expression_faults as expressions

SOURCE = Path(__file__).resolve().parents[2] / "src"
METHODS = {"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
LOG_LINE = "a line of Postfix's log: sender and HELO are words of one SMTP command, 2,048 bytes (line_length_limit)"
MAIL_REJECTED = (
    r"NOQUEUE: reject: MAIL from (\S+)\[([0-9a-fA-F.:]+)\]: (\d{3} [^;]*); from=<(.*)> proto=\w+(?: helo=<(.*)>)?"
)
# (module, expression) whose text is our own or short. Each says what bounds it.
BOUNDED: dict[tuple[str, str], str] = {
    (
        "mailroom.web.portal.html",
        r"/\*.*?(\*/|\Z)",
    ): "a style of at most 4,000 letters; it ends at the latest with the text",
    ("mailroom.flows.early_refusals", MAIL_REJECTED): LOG_LINE,
}
REMEDY = (
    "Write it so that each character can be read in one way only: repetitions beside each other share no characters, "
    "none stands in another without something between, and a search begins with what its repetition cannot read; "
    "else read the text in one pass by hand. Where the text is our own or at most some 1,000 bytes long, say so in "
    "BOUNDED (tests/unit/test_expressions.py)."
)


@dataclass(frozen=True)
class Use:
    """An expression and one way in which it is used. where: file and line."""

    module: str
    where: str
    pattern: str | bytes
    flags: int
    how: str


@cache
def trees() -> dict[str, ast.Module]:
    """{module: its syntax tree}, every parent known to its children as `.parent`."""
    found = {}
    for file in sorted(SOURCE.glob("mailroom/**/*.py")):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                child.parent = node  # type: ignore[attr-defined]
        found[".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")] = tree
    return found


def value_of(node: ast.expr, names: dict[str, Any]) -> Any:
    """What an expression of the source stands for; what is known only when it runs stands as one letter."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.BitOr)):
        left, right = value_of(node.left, names), value_of(node.right, names)
        if isinstance(node.op, ast.BitOr):
            return left | right
        return (left.encode() if isinstance(right, bytes) and isinstance(left, str) else left) + (
            right.encode() if isinstance(left, bytes) and isinstance(right, str) else right
        )
    if isinstance(node, ast.JoinedStr):
        return "".join(str(value_of(one, names)) for one in node.values)
    if isinstance(node, ast.FormattedValue):
        return value_of(node.value, names)
    try:
        return eval(compile(ast.Expression(node), "", "eval"), names)
    except NameError:
        return "x"


@cache
def uses() -> list[Use]:
    """Every expression of the product with every way in which it is used."""
    return list(found_uses())


def found_uses() -> Iterator[Use]:
    for module, tree in trees().items():
        if module.endswith("__main__"):
            continue
        names = vars(importlib.import_module(module))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
                continue
            if node.func.attr not in METHODS | {"compile"}:
                continue
            pattern, flags = value_of(node.args[0], names), flags_of(node, names)
            if isinstance(pattern, re.Pattern):
                pattern, flags = pattern.pattern, pattern.flags
            where = f"src/{module.replace('.', '/')}.py:{node.lineno}"
            for how in [node.func.attr] if node.func.attr in METHODS else sorted(methods(module, node)):
                yield Use(module, where, pattern, flags & ~re.UNICODE if isinstance(pattern, bytes) else flags, how)


def flags_of(call: ast.Call, names: dict[str, Any]) -> int:
    """The flags that a call of `re` gives."""
    place = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2}.get(call.func.attr, 9)  # type: ignore[attr-defined]
    given = call.args[place : place + 1] + [one.value for one in call.keywords if one.arg == "flags"]
    return int(value_of(given[0], names)) if given else 0


@cache
def used() -> dict[str, set[tuple[str, str, str]]]:
    """{name: {(module that uses it, what stands before its dot or "", method)}} of all calls that may be of `re`."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Attribute) and node.attr in METHODS):
                continue
            of = node.value
            if isinstance(of, ast.Name):
                found.setdefault(of.id, set()).add((module, "", node.attr))
            elif isinstance(of, ast.Attribute):
                found.setdefault(of.attr, set()).add((module, ast.unparse(of.value).split(".")[-1], node.attr))
    return found


def methods(module: str, call: ast.Call) -> set[str]:
    """How what a call of re.compile makes is used; unknown: searched for."""
    parent = call.parent  # type: ignore[attr-defined]
    if isinstance(parent, ast.Attribute) and parent.attr in METHODS:
        return {parent.attr}
    if isinstance(parent, ast.Tuple):
        parent = parent.parent  # type: ignore[attr-defined]
    targets = parent.targets if isinstance(parent, ast.Assign) else []
    names = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    stem = module.rpartition(".")[2]
    found = {
        method
        for name in names
        for other, of, method in used().get(name, ())
        if (of == stem if of else other == module or imports(other, module, name))
    }
    return found or {"search"}


def imports(module: str, source: str, name: str) -> bool:
    """Whether a module takes this name from another one."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == source and any(one.name == name for one in node.names)
        for node in ast.walk(trees()[module])
    )


@cache
def faults() -> list[tuple[Use, str]]:
    """Every use of an expression that may take more than linear time, with the reason."""
    fault = cache(expressions.fault)
    return [(one, why) for one in uses() if (why := fault(one.pattern, one.flags, one.how))]


def test_no_expression_can_take_more_than_linear_time() -> None:
    assert len({one.pattern for one in uses()}) > 100
    bad = [
        f"{one.where}: {one.pattern!r} in {one.how}: {why}"
        for one, why in faults()
        if (one.module, text_of(one.pattern)) not in BOUNDED
    ]
    assert not bad, "\n".join([*bad, REMEDY])


def test_what_is_excused_is_there_and_needs_it() -> None:
    assert set(BOUNDED) <= {(one.module, text_of(one.pattern)) for one, _ in faults()}


BAD = [
    (r"(a+)+b", "match", expressions.EXPONENTIAL),
    (r"(?:ab|a|b)*c", "match", expressions.EXPONENTIAL),
    (r"(?:a?b?)*c", "fullmatch", expressions.EXPONENTIAL),
    (r"([a-z0-9-]{0,61}[a-z0-9])+\.", "match", expressions.EXPONENTIAL),
    (r"x[ \t]*:[ \t]*(.*?)[ \t]*", "fullmatch", expressions.QUADRATIC),
    (r"\s*(:?)\s*;", "match", expressions.QUADRATIC),
    (r".*:.*;", "match", expressions.QUADRATIC),
    (r'"(?:[^"\\]|\\.)*"', "sub", expressions.SEARCHED),
    (r"\((?:[^()\\]|\\.)*\)", "sub", expressions.SEARCHED),
    (r"&([^-]*)-", "sub", expressions.SEARCHED),
    (r"^\s*x", "search", ""),
    (r"(?m)^\s*x", "search", expressions.SEARCHED),
    (r"(?s)A.+?Z", "search", expressions.SEARCHED),
    (r"\s+\Z", "search", expressions.SEARCHED),
    (r"(?:a+b)?", "findall", expressions.SEARCHED),
]
GOOD = [
    (r"(?:[a-z0-9-]+\.)+[a-z]", "fullmatch"),
    (r'"(?:[^"\\]|\\.)*"', "match"),
    (r"\s+", "sub"),
    (r"<[^<>]*>", "sub"),
    (r"&([^&-]*)-", "sub"),
    (r"(?<![a-z])([a-z]*) ?\(", "findall"),
    (r"(?<=\S)[ \t]+(?=\S)", "finditer"),
    (r"(?m)^[ \t]*x", "search"),
    (r"\s*+(:?)\s*+;", "match"),
    (r"a*b*", "match"),
]


@pytest.mark.parametrize(("pattern", "how", "why"), BAD)
def test_what_is_refused(pattern: str, how: str, why: str) -> None:
    assert expressions.fault(pattern, 0, how) == why


@pytest.mark.parametrize(("pattern", "how"), GOOD)
def test_what_is_not(pattern: str, how: str) -> None:
    assert expressions.fault(pattern, 0, how) == ""


def text_of(pattern: str | bytes) -> str:
    return pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
