"""Where mail programs look on a host, and the e-mail address that they send along."""

from __future__ import annotations

import re
from typing import Any

from mailroom.core import sts_policy
from mailroom.core.problems import Invalid, NotFound

API = "api/clients/"
PROFILE = "mailroom.mobileconfig"
# Below /mail, which belongs to the portal: http://autoconfig.DOMAIN/mail/config-v1.1.xml.
AUTOCONFIG = "config-v1.1.xml"
WELL_KNOWN = f"/.well-known/autoconfig/mail/{AUTOCONFIG}"
# Asked for in any case, e.g. /Autodiscover/Autodiscover.xml.
AUTODISCOVER = re.compile(r"/autodiscover/(autodiscover\.xml|autodiscover\.json(/v1\.0/.+)?)", re.IGNORECASE)
ASKED = {f"/mail/{AUTOCONFIG}": AUTOCONFIG, WELL_KNOWN: AUTOCONFIG, f"/mail/{PROFILE}": PROFILE}
# Whose policy is asked for, only the host says (RFC 8461 3.2).
POLICY_HOST = re.compile(rf"{sts_policy.HOST}\.([a-z0-9.-]{{1,253}}?)\.?(:\d+)?")
LENGTH_MAX = 254
ADDRESS = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)")


def inside(path: str, host: str = "") -> str | None:
    """The portal's API path for a path at which mail programs and mail servers look, or None for any other.

    host: as the request names it, with or without a port.
    """
    if path == sts_policy.PATH:
        found = POLICY_HOST.fullmatch(host.lower())
        return f"/mail/api/mta-sts/{found[1]}" if found else None
    if path in ASKED:
        return f"/mail/{API}{ASKED[path]}"
    found = AUTODISCOVER.fullmatch(path)
    if found is None:
        return None
    name, version = found[1], found[2] or ""
    # What comes after the version is an e-mail address, whose case is its owner's.
    return f"/mail/{API}{name.removesuffix(version).lower()}{version}"


def for_address(address: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as whoever has this e-mail address should see them: `domain` is its own. "" may be asked about, too.

    Raises Invalid for what is no e-mail address, NotFound for one of a domain that is not ours. Whether the address
    exists makes no difference, and nobody learns from one domain of another.
    """
    if not address:
        return facts
    found = ADDRESS.fullmatch(address) if len(address) <= LENGTH_MAX else None
    if found is None:
        raise Invalid("This is no e-mail address.", field="emailaddress", next="Send name@domain.")
    domain = found[2].lower()
    if domain not in facts["domains"]:
        raise NotFound("This server is not in charge of mail of this domain.", next="Ask the domain's own server.")
    return {**facts, "domain": domain}


def ways(facts: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(ways to read, ways to send) that can be used, best first. Raises NotFound when one kind is missing."""
    usable = [one for one in facts["protocols"] if one["usable"]]
    incoming = [one for one in usable if one["kind"] in ("imap", "pop3")]
    outgoing = [one for one in usable if one["kind"] == "smtp"]
    if not incoming or not outgoing:
        told = next((one["text"] for one in facts["advice"] if one["code"] != "not_set_up"), "")
        raise NotFound(f"Mail programs cannot be used with this server now. {told}".strip())
    return incoming, outgoing
