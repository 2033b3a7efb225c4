"""What the set-up says about answers: each sentence once, with a code that the window translates.

Each code has what is so and what to do; `values` fill the {names} of both.
"""

from __future__ import annotations

from typing import Any

OK, ADVICE, PROBLEM = "ok", "advice", "problem"

SENTENCES: dict[str, tuple[str, str]] = {
    "start_later": (
        "Moving from another mail server comes in a later version.",
        "Choose a new mail system; mail can be brought over later.",
    ),
    "account_type_later": (
        "Accounts of an LDAP directory or a Windows domain come in a later version.",
        "Choose the local users of this NAS.",
    ),
    "unknown_choice": ("There is no choice {given}.", "Choose one of those offered."),
    "domain_needed": ("The domain name is needed.", "Enter the part of your mail addresses after the @."),
    "hostname_needed": ("The host name is needed.", "Enter the name by which others find this NAS, mail.example.com."),
    "domain_form": ("{given} is not a domain name.", "Write it like example.com."),
    "hostname_form": ("{given} is not a complete host name.", "Write it like mail.example.com."),
    "address_form": ("{given} is not an address that leads to this NAS.", "Write it like 203.0.113.25."),
    "name_local": (
        "{given} exists in your own network only: nobody outside can send mail to it.",
        "Go on if this server is for inside alone. Otherwise enter a registered domain.",
    ),
    "interface_gone": ("This NAS has no network interface {given}.", "Choose one of those offered."),
    "interface_no_address": (
        "{title} has no address now.",
        "Connect it in Control Panel > Network, or choose another interface.",
    ),
    "interface_dynamic": (
        "{title} gets its address from somebody else (DHCP or PPPoE), so it can change.",
        "Have your router always give this NAS the same address, or set a fixed one in Control Panel > Network.",
    ),
    "port_taken": (
        "Port {port} is used by another program on this NAS ({program}).",
        "Stop that program or package, then check again.",
    ),
    "port_taken_by_somebody": (
        "Port {port} is used by another program on this NAS.",
        "Stop the other mail package in Package Center, then check again.",
    ),
    "public_address_unknown": (
        "{title} has a private address, so the public one is not known.",
        "Enter the address that your router has on the Internet, and forward port 25 there to this NAS.",
    ),
    "volume_gone": ("This NAS has no volume {given}.", "Choose one of those offered."),
    "volume_read_only": ("{title} cannot be written to.", "Look at it in Storage Manager, or choose another volume."),
    "volume_full": ("{title} has only {free_mb} MB of free space.", "Free some space, or choose another volume."),
    "volume_small": ("{title} has {free_mb} MB of free space, which mail fills soon.", "Choose a volume with more."),
    "volume_has_mail": (
        "There is mail already, on {title}. Moving it to another volume comes in a later version.",
        "Leave the mail on {title}.",
    ),
    "volume_missing": (
        "{title}, which holds the mail, is not there.",
        "Bring it back in Storage Manager; mail services go on by themselves.",
    ),
}


def say(level: str, code: str, **values: str | int) -> dict[str, Any]:
    """{level, code, text, next, values} of a sentence."""
    text, next_step = SENTENCES[code]
    return {
        "level": level,
        "code": code,
        "text": text.format(**values),
        "next": next_step.format(**values),
        "values": values,
    }
