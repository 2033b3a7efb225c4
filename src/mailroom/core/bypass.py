"""Which tests a rule of the whitelist lets mail skip (row BW11): the one table, read by the filter and in the tests."""

from __future__ import annotations

TESTS = {
    "dnsbl": "DNSBL",
    "spf": "SPF",
    "antivirus": "antivirus scan",
    "dkim": "DKIM",
    "dmarc": "DMARC",
    "restrictions": "sender, connection and HELO policies",
}
SKIPS: dict[str, tuple[str, ...]] = {
    "ip": ("dnsbl", "spf", "antivirus", "dkim", "dmarc", "restrictions"),
    "ip_mask": ("dnsbl", "spf", "dkim", "dmarc", "restrictions"),
    "sender": ("spf", "antivirus", "restrictions"),
    "recipient": ("spf", "antivirus", "restrictions"),
    "domain": ("spf", "antivirus", "dkim", "dmarc", "restrictions"),
}
