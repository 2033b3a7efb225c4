"""What the deliverability check says about names, SPF and IPv6: each sentence once (see doctor_words.py)."""

from __future__ import annotations

from typing import Literal

State = Literal["right", "problem", "advice", "unknown", "not_set_up"]
# How it is, what is so, what to do.
Sentence = tuple[State, str, str]

NAMES: dict[str, Sentence] = {
    "a_missing_ipv6_only": (
        "advice",
        "{hostname} has only an IPv6 address; many mail servers have none and cannot reach it.",
        "Get an IPv4 address from your provider, and add its A record at your DNS provider.",
    ),
    "aaaa_none": ("right", "{hostname} has no IPv6 address record, and needs none.", ""),
    "aaaa_ours": ("right", "{hostname} leads to {found}, an address of this NAS.", ""),
    "aaaa_elsewhere": (
        "problem",
        "{hostname} leads to {found}, which is no address of this NAS; servers that prefer IPv6 go there.",
        "At your DNS provider, remove the AAAA record, or change it to the IPv6 address of this NAS.",
    ),
    "aaaa_no_reverse": (
        "advice",
        "{found} has no reverse name that is {hostname}; many servers refuse mail that comes over IPv6 from it.",
        "Ask your Internet provider to set the reverse DNS of {found} to {hostname}.",
    ),
    "aaaa_not_asked": (
        "unknown",
        "Whether {hostname} has an IPv6 address could not be found out.",
        "Check again in a few minutes.",
    ),
    "ptr_no_address": (
        "unknown",
        "The public address of this server is not known, so its reverse name could not be looked at.",
        "Enter it in Service > Network Interface; your router shows it.",
    ),
    "domain_not_looked": (
        "unknown",
        "The records of {domain} were not looked at: those of other domains have taken too long.",
        "Check again in a few minutes.",
    ),
    "dkim_later": (
        "not_set_up",
        "This server does not sign mail with DKIM yet.",
        "Nothing has to be done now: SPF and DMARC vouch for your mail until then.",
    ),
}

SPF: dict[str, Sentence] = {
    "spf_pass": ("right", "The SPF record of {domain} lets {address} send mail for it: {word}.", ""),
    "spf_fail": (
        "problem",
        "The SPF record of {domain} does not let {address} send: others refuse mail from this server.",
        "At your DNS provider, change the record to the one shown here.",
    ),
    "spf_softfail": (
        "problem",
        "The SPF record of {domain} does not name {address}: others take mail from this server for suspicious.",
        "At your DNS provider, change the record to the one shown here.",
    ),
    "spf_neutral": (
        "advice",
        "The SPF record of {domain} says nothing about {address}.",
        "At your DNS provider, change the record to the one shown here.",
    ),
    "spf_too_many": (
        "problem",
        "The SPF record of {domain} makes others look up more than 10 names; they then count it as broken (RFC 7208).",
        "Remove the words of services that you no longer use, or write the networks of others as ip4 and ip6.",
    ),
    "spf_too_many_empty": (
        "problem",
        "The SPF record of {domain} names more than two hosts that do not exist; others then count it as broken.",
        "Remove the words whose names no longer exist.",
    ),
    "spf_too_many_names": (
        "problem",
        "The SPF record of {domain} counts on more than 10 mail servers of {name}; others then count it as broken.",
        "Write the networks of these servers as ip4 and ip6.",
    ),
    "spf_unreadable": (
        "problem",
        "The SPF record of {name} cannot be read; others then count none.",
        "Correct it: look for misspelt words, commas and quotation marks.",
    ),
    "spf_include_none": (
        "problem",
        "The SPF record of {domain} leads to {name}, which has no SPF record; others then count it as broken.",
        "Correct the name, or remove this word.",
    ),
    "spf_several": (
        "problem",
        "{name} has several SPF records; others then count none (RFC 7208).",
        "Join them to one.",
    ),
    "spf_not_asked": (
        "unknown",
        "{name}, to which the SPF record of {domain} leads, could not be asked about.",
        "Check again in a few minutes.",
    ),
    "spf_relay": (
        "unknown",
        "Mail goes out through a relay: the SPF record of {domain} has to let in the relay's addresses.",
        "Compare the record with what the relay's provider asks for.",
    ),
    "spf_no_address": (
        "unknown",
        "The public address of this server is not known, so whether SPF lets it send could not be worked out.",
        "Enter it in Service > Network Interface; your router shows it.",
    ),
}
