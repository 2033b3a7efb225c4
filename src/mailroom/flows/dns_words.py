"""What is said about DNS records: each sentence once, with a code that the window translates.

Each code has what is so and what to do; `values` fill the {names} of both.
"""

from __future__ import annotations

from typing import Any

SENTENCES: dict[str, tuple[str, str]] = {
    "address_private": (
        "{address} is a private address: other mail servers cannot reach it.",
        "Use the public address of your router here, and forward port 25 on the router to this NAS.",
    ),
    "address_shared": (
        "{address} is shared among customers of your provider (carrier-grade NAT): mail from outside cannot come in.",
        "Ask your provider for a public address of your own, or send and receive through a relay.",
    ),
    "address_local": (
        "{address} never leaves this machine or its cable.",
        "Give the address by which the Internet reaches this server.",
    ),
    "address_invalid": ("{address} is not an address.", "Write it like 192.0.2.25 or 2001:db8::25."),
}


def say(code: str, **values: Any) -> dict[str, Any]:
    """{code, values, text, next} of a sentence."""
    text, next_step = SENTENCES[code]
    return {"code": code, "values": values, "text": text.format(**values), "next": next_step.format(**values)}
