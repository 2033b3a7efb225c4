"""Templates to text. The only door to jinja2."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2 import TemplateError as TemplateError


@cache
def _templates(folder: Path) -> Environment:
    # Configuration files are not HTML: escaping would corrupt them. Values are held to safe characters when declared.
    templates = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["postfix_network"] = postfix_network
    return templates


def postfix_network(network: str) -> str:
    """A network as Postfix wants it in a list: IPv6 in brackets (postconf(5) mynetworks)."""
    address, slash, bits = network.partition("/")
    return f"[{address}]{slash}{bits}" if ":" in address else network


def render(template: Path, **facts: Any) -> str:
    """The text of one template. Raises jinja2.TemplateError when the template is broken or names an unknown fact."""
    return _templates(template.parent).get_template(template.name).render(**facts)
