"""What is said about DNS records: each sentence once, with a code that the window translates.

Each code has what is so and what to do; `values` fill the {names} of both, all of them text.
"""

from __future__ import annotations

from typing import Any

SOON = "Try again in a few minutes; if it stays so, tell whoever runs these name servers."

# Why a record should be there.
WHY: dict[str, tuple[str, str]] = {
    "why_a": ("Leads other mail servers and mail programs to this server.", "At your DNS provider, add this record."),
    "why_mx": (
        "Tells other mail servers that mail for {domain} goes to {hostname}.",
        "At your DNS provider, add this record.",
    ),
    "why_ptr": (
        "Leads from the address back to {hostname}; many servers refuse mail from an address without it.",
        "Only your Internet provider can set it: ask for the reverse DNS of {address} to be {hostname}.",
    ),
    "why_spf": (
        "Names this server as a sender for {domain}, so that forged mail can be told from yours.",
        "At your DNS provider, add this record. If other services send for {domain} too, name them in the same record.",
    ),
    "why_dmarc": (
        "Asks other servers to take mail from {domain} as it is for now; large providers want to see this record.",
        "At your DNS provider, add this record.",
    ),
    "why_mta_sts": (
        "Tells servers that send to {domain} that there is a policy, and by its id when it has changed (MTA-STS).",
        "At your DNS provider, add this record, and change it whenever it is shown with another id.",
    ),
    "why_mta_sts_off": (
        "Tells servers that know the former policy that it no longer counts (MTA-STS).",
        "At your DNS provider, change the record to this one. Remove it only when it is no longer shown here.",
    ),
    "why_mta_sts_host": (
        "Leads other servers to the policy, which the web server of this NAS gives them (MTA-STS).",
        "At your DNS provider, add this record, and have the certificate of the web server name it, too.",
    ),
    "why_tls_rpt": (
        "Has other servers report once a day whether they could send encrypted to {domain} (TLS-RPT).",
        "At your DNS provider, add this record. The reports may go to any other address as well.",
    ),
    "why_autoconfig": (
        "Lets Thunderbird and other programs find their settings from the mail address alone.",
        "At your DNS provider, add this record, if your users set up mail programs themselves.",
    ),
    "why_autodiscover": (
        "Lets Outlook find its settings from the mail address alone.",
        "At your DNS provider, add this record, if your users set up mail programs themselves.",
    ),
    "why_service": (
        "Tells mail programs host and port of this service (RFC 6186, RFC 8314).",
        "At your DNS provider, add this record, if your users set up mail programs themselves.",
    ),
}

# Nobody could be asked, or those who were did not help.
SERVERS: dict[str, tuple[str, str]] = {
    "address_unknown": (
        "The public address of this server is not known, so this could not be checked.",
        "Give the address by which the Internet reaches this server; your router shows it.",
    ),
    "domain_not_delegated": (
        "No name servers are responsible for {name}: the domain does not exist.",
        "Check the spelling, or register the domain and wait until your registrar has entered its name servers.",
    ),
    "resolver_silent": (
        "{name} could not be asked about: the DNS servers of this NAS do not answer.",
        "Check Control Panel > Network > General > DNS server, then check again.",
    ),
    "servers_slow": ("{name} could not be asked about: {servers} did not answer in time.", SOON),
    "servers_refused": ("{servers} refuses to answer for {name}.", "Check that the registrar names the right servers."),
    "servers_failed": ("{servers} answers with an error for {name}.", SOON),
    "servers_lame": (
        "{servers} is named as responsible for {name}, but is not.",
        "Check that the registrar names the right servers. If it does, your router or firewall may answer instead.",
    ),
    "servers_false": (
        "Answers in the name of {servers} do not belong to the question about {name}.",
        "Something between this NAS and the name servers answers instead: look at router and firewall.",
    ),
    "servers_truncated": (
        "{servers} answers for {name} over UDP only in part, and not over TCP.",
        "Let TCP port 53 through, on the way out and at the name servers.",
    ),
    "servers_unreachable": (
        "{name} could not be asked about: there is no way to {servers}.",
        "Check the Internet connection of this NAS, and that its firewall lets DNS out.",
    ),
    "servers_differ": (
        "The name servers do not agree about {name}: {right} is right, {other} says {found}.",
        "If you have just changed it, wait until all have it. Otherwise correct it on {other}.",
    ),
}

# What was found.
FOUND: dict[str, tuple[str, str]] = {
    "right": ("{name} is right.", ""),
    # The same while one types, where nobody has seen the record's own name yet.
    "right_domain": ("Mail for {domain} comes to {hostname}.", ""),
    "right_hostname": ("{hostname} leads to an address.", ""),
    "right_public_address": ("{address} leads back to {hostname}.", ""),
    "right_some_silent": (
        "{name} is right; {servers} did not answer usefully.",
        "Mail arrives, but have the silent name servers looked at.",
    ),
    "there": (
        "{name} leads to {found}.",
        "Compare this with the public address of this server; your router shows it.",
    ),
    "a_missing": ("{name} has no address.", "At your DNS provider, add the record {name} {type} {value}."),
    "a_elsewhere": ("{name} leads to {found}, not to {value}.", "At your DNS provider, change the record to {value}."),
    "a_private": (
        "{name} leads to the private address {found}; nobody outside can reach that.",
        "At your DNS provider, change the record to the public address of this server.",
    ),
    "a_more": (
        "{name} leads to {value}, but also to {found}; part of the mail goes there.",
        "At your DNS provider, remove the other addresses of {name}.",
    ),
    "a_is_alias": (
        "{name} is an alias (CNAME) of {found}; a name that an MX record uses may not be one (RFC 2181).",
        "At your DNS provider, replace the CNAME by the record {name} {type} {value}.",
    ),
    "mx_missing": (
        "{name} has no MX record: mail for it may not arrive.",
        "At your DNS provider, add MX {value}, priority 0.",
    ),
    "mx_elsewhere": (
        "Mail for {name} goes to {found}, not to {value}.",
        "At your DNS provider, change the MX record to {value} when this server shall receive the mail.",
    ),
    "mx_not_first": (
        "{found} comes before {value}, so mail for {name} goes there first.",
        "At your DNS provider, give {value} the lowest priority number, or remove the other MX records.",
    ),
    "mx_null": (
        '{name} says that it takes no mail at all (MX record ".", RFC 7505).',
        "At your DNS provider, replace it by MX {value}, priority 0.",
    ),
    "mx_is_address": (
        "The MX record of {name} holds an address, {found}; it must hold a host name.",
        "At your DNS provider, change it to {value}.",
    ),
    "ptr_private": (
        "{address} cannot be looked up backwards by others, because it is not a public address.",
        "Give the public address of your router; its reverse name is what counts.",
    ),
    "ptr_missing": (
        "{address} has no reverse name; many servers refuse mail from it.",
        "Ask your Internet provider to set the reverse DNS of {address} to {value}. Or send through a relay.",
    ),
    "ptr_other": (
        "The reverse name of {address} is {found}, not {value}.",
        "Ask your Internet provider to set the reverse DNS of {address} to {value}. Or send through a relay.",
    ),
    "ptr_other_confirmed": (
        "The reverse name of {address} is {found}, not {value}. It leads back here, which satisfies some servers.",
        "Ask your Internet provider for {value}, or use {found} as this server's host name.",
    ),
    "ptr_dynamic": (
        "The reverse name of {address}, {found}, is one of a changing address; most servers refuse mail from those.",
        "Get a fixed address with a reverse name of your own, or send through a relay.",
    ),
    "ptr_not_confirmed": (
        "The reverse name is right, but {value} does not lead back to {address}.",
        "Correct the address record of {value}.",
    ),
    "spf_missing": ("{name} has no SPF record.", "At your DNS provider, add the TXT record {value}."),
    "spf_several": (
        "{name} has several SPF records; others then count none (RFC 7208).",
        "At your DNS provider, join them to one, for example {value}.",
    ),
    "spf_not_ours": (
        "The SPF record of {name} does not name this server: {found}.",
        "At your DNS provider, add mx to it, before its last word.",
    ),
    "spf_others": (
        "The SPF record of {name} does not name this server, but leaves it to others: {found}.",
        "Nothing, if you send through their relay. Otherwise add mx to it, before its last word.",
    ),
    "spf_everybody": (
        "The SPF record of {name} lets everybody send in its name: {found}.",
        "At your DNS provider, change it to {value}.",
    ),
    "dmarc_missing": ("{name} has no DMARC record.", "At your DNS provider, add the TXT record {value}."),
    "dmarc_wrong": (
        "The DMARC record of {name} cannot be read: {found}.",
        "At your DNS provider, have exactly one, which begins with v=DMARC1 and a policy, for example {value}.",
    ),
    "mta_sts_missing": (
        "{name} has no record of MTA-STS, so others do not learn of the policy.",
        "At your DNS provider, add the TXT record {value}.",
    ),
    "mta_sts_several": (
        "{name} has several records of MTA-STS; others then count none (RFC 8461).",
        "At your DNS provider, leave only {value}.",
    ),
    "mta_sts_wrong": (
        "The record of MTA-STS at {name} cannot be read: {found}.",
        "At your DNS provider, change it to {value}.",
    ),
    "mta_sts_old": (
        "The record at {name} has the id of another policy: {found}. Servers that know a former one do not ask for "
        "this one.",
        "At your DNS provider, change it to {value}.",
    ),
    "mta_sts_host_missing": (
        "{name} is not there, so others cannot fetch the policy.",
        "At your DNS provider, add {type} {value}.",
    ),
    "mta_sts_host_elsewhere": (
        "{name} leads to {found}, not to {value}: others do not get the policy of this server.",
        "At your DNS provider, change it to {type} {value}.",
    ),
    "tls_rpt_missing": (
        "{name} has no record of TLS-RPT: nobody reports when mail cannot be sent here encrypted.",
        "At your DNS provider, add the TXT record {value}.",
    ),
    "tls_rpt_several": (
        "{name} has several records of TLS-RPT; others then count none (RFC 8460).",
        "At your DNS provider, leave one of them, for example {value}.",
    ),
    "tls_rpt_wrong": (
        "The record of TLS-RPT at {name} cannot be read: {found}.",
        "At your DNS provider, change it: v=TLSRPTv1; and rua= with addresses like mailto:name@domain, for example "
        "{value}.",
    ),
    "service_missing": ("{name} is not there.", "It is optional. At your DNS provider, add {type} {value}."),
    "service_elsewhere": (
        "{name} leads to {found}, not to {value}.",
        "At your DNS provider, change it, or leave it if mail programs shall be set up elsewhere.",
    ),
}

# Addresses, and when a relay is the better way.
ADDRESSES: dict[str, tuple[str, str]] = {
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
    "relay_dynamic": (
        "The address changes (PPPoE or DHCP): a reverse name of your own cannot be set for it.",
        "Ask your provider for a fixed address, or send through a relay (Mail Delivery > Mail Relay).",
    ),
    "relay_shared": (
        "The address is shared with others: a reverse name of your own cannot be set for it.",
        "Ask your provider for an address of your own, or send through a relay (Mail Delivery > Mail Relay).",
    ),
    "relay_range": (
        "The reverse name is one that the provider gives to all its addresses.",
        "Ask your provider whether it sets another one. If not, send through a relay (Mail Delivery > Mail Relay).",
    ),
}

SENTENCES = {**WHY, **SERVERS, **FOUND, **ADDRESSES}


def say(code: str, **values: str) -> dict[str, Any]:
    """{code, values, text, next} of a sentence; values holds what the sentence uses."""
    text, next_step = SENTENCES[code]
    used = {name: value for name, value in values.items() if f"{{{name}}}" in text + next_step}
    return {"code": code, "values": used, "text": text.format(**used), "next": next_step.format(**used)}
