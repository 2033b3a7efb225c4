"""What the deliverability check says: each sentence once, with its state and what to do.

right: as it should be. problem: mail stays away or is refused. advice: mail goes, but could go better. unknown: it
could not be found out. not_set_up: there is nothing to look at yet.
"""

from __future__ import annotations

from typing import Any

from mailroom.flows.doctor_dns_words import NAMES, SPF, Sentence
from mailroom.flows.doctor_sts_words import STS

PORTS: dict[str, Sentence] = {
    "port_out_open": ("right", "Port 25 is open on the way out: {host} has answered.", ""),
    "port_out_refuses": (
        "advice",
        "Port 25 is open on the way out, but {host} refuses this server: {found}",
        "Its words tell why. Often the address is on a blocklist or has no reverse name.",
    ),
    "port_out_closed": (
        "problem",
        "No mail server of {domain} can be reached over port 25: mail to others waits in the queue.",
        "Ask your Internet provider to open port 25 on the way out, and look at your firewall. Or send through a relay "
        "(Mail Delivery > Mail Relay).",
    ),
    "port_out_no_way": (
        "unknown",
        "It could not be tried: this NAS has no way to the Internet.",
        "Check the Internet connection of this NAS in Control Panel > Network.",
    ),
    "port_out_no_name": (
        "unknown",
        "It could not be tried: the mail servers of {domain} were not found.",
        "Check Control Panel > Network > General > DNS server, or enter another domain in Check Options.",
    ),
    "port_out_relay": ("right", "Mail goes out through a relay, so port 25 need not be open on the way out.", ""),
    "port_out_off": ("not_set_up", "It is not tried, because no domain for it is set.", "Enter one in Check Options."),
    "port_in_off": (
        "problem",
        "SMTP is switched off: no mail comes in.",
        "Enable SMTP in Service > Protocol.",
    ),
    "port_in_silent": (
        "problem",
        "Nothing listens on port {port}: no mail comes in.",
        "Server List tells how the SMTP service is.",
    ),
    "port_in_answers": ("right", "{address} leads to this server on port 25, as far as one can tell from inside.", ""),
    "port_in_own": ("right", "This server listens on port 25 of {address} itself.", ""),
    "port_in_other": (
        "problem",
        "On port 25 of {address} somebody else answers: {found}",
        "On your router, forward port 25 to port {port} of this NAS.",
    ),
    "port_in_unknown": (
        "unknown",
        "This server listens on port {port}. Whether the router lets port 25 in cannot be told from inside.",
        "Forward port 25 on your router to port {port} of this NAS, then send yourself a mail from another provider.",
    ),
    "port_in_no_address": (
        "unknown",
        "This server listens on port {port}, but its public address is not known.",
        "Enter it in Service > Network Interface; your router shows it.",
    ),
}

CERTIFICATE: dict[str, Sentence] = {
    "cert_unreadable": (
        "problem",
        "The certificate in force cannot be read: {reason}",
        "Put another certificate in force.",
    ),
    "cert_ended": (
        "problem",
        "The certificate ended on {date}: mail programs warn or refuse to connect.",
        "Renew it.",
    ),
    "cert_not_yet": (
        "problem",
        "The certificate begins only on {date}.",
        "Look whether the clock of this NAS is right.",
    ),
    "cert_other_name": (
        "problem",
        "The certificate is for {found}, not for {hostname}: mail programs warn.",
        "Get one that names {hostname}.",
    ),
    "cert_not_served": (
        "problem",
        "Port {port} shows another certificate than the one in force.",
        "Restart SMTP and IMAP/POP3 in Server List.",
    ),
    "cert_silent": (
        "unknown",
        "Port {port} shows no certificate ({reason}).",
        "Server List tells how the services are.",
    ),
    "cert_soon": ("advice", "The certificate ends on {date}, in {days} days.", "Renew it before that day."),
    "cert_own": (
        "advice",
        "The certificate was made by this server itself: mail programs ask whether to trust it.",
        "Get one from a certificate authority.",
    ),
    "cert_alone": (
        "advice",
        "The certificate of {issuer} comes without its intermediate certificates; some programs then refuse it.",
        "Put it in force again together with its intermediate certificates.",
    ),
    "cert_right": ("right", "The certificate of {issuer} is for {hostname} and ends on {date}.", ""),
}

LISTS: dict[str, Sentence] = {
    "list_free": ("right", "{address} is not on {zone}.", ""),
    "list_listed": (
        "problem",
        "{address} is on {zone}, so others refuse or mark mail from this server.",
        "Find out what has sent spam and stop it, then ask {zone} to remove the address.",
    ),
    "list_policy": (
        "problem",
        "{zone} says that no mail should come from {address} directly: it is one of those for homes and offices.",
        "Ask {zone} to remove it, or your provider for a fixed address with a reverse name of your own. Or send "
        "through a relay (Mail Delivery > Mail Relay).",
    ),
    "list_refused": (
        "unknown",
        "{zone} refuses to answer the DNS server of this NAS.",
        "Lists do so to large public DNS servers. Enter the one of your provider, or your own, in Control Panel > "
        "Network > General > DNS server.",
    ),
    "list_lying": (
        "unknown",
        "The answers of {zone} cannot be believed: it would list everybody, or your DNS server invents addresses.",
        "Enter another one in Control Panel > Network > General > DNS server. If it stays so, remove the list in Check "
        "Options.",
    ),
    "list_dead": (
        "unknown",
        "{zone} does not know its own test address: it is out of service, or cannot be asked from here.",
        "Remove it in Check Options if it stays so.",
    ),
    "list_strange": (
        "unknown",
        "{zone} answers in a way that tells neither yes nor no.",
        "Remove it in Check Options if it is no list of senders.",
    ),
    "list_silent": ("unknown", "{zone} could not be asked.", "Check again in a few minutes."),
    "list_no_address": (
        "unknown",
        "The public address of this server is not known, so {zone} could not be asked about it.",
        "Enter it in Service > Network Interface; your router shows it.",
    ),
    "lists_none": ("not_set_up", "No blocklist is asked.", "Enter some in Check Options."),
}

MACHINE: dict[str, Sentence] = {
    "clock_right": ("right", "The clock agrees with {server}.", ""),
    "clock_off": (
        "advice",
        "The clock differs from {server} by {seconds} seconds.",
        "Go to Control Panel > Regional Options > Time, tick Synchronize with a NTP server and click Update Now.",
    ),
    "clock_wrong": (
        "problem",
        "The clock differs from {server} by {seconds} seconds: certificates and signatures are taken for wrong.",
        "Go to Control Panel > Regional Options > Time, tick Synchronize with a NTP server and click Update Now.",
    ),
    "clock_no_server": (
        "unknown",
        "This NAS is set to no NTP server, so its clock could not be compared.",
        "Go to Control Panel > Regional Options > Time and tick Synchronize with a NTP server, or enter one in Check "
        "Options.",
    ),
    "clock_silent": (
        "unknown",
        "{server} could not be asked for the time.",
        "Check the Internet connection of this NAS, and that its firewall lets UDP port 123 out.",
    ),
    "clock_no_time": (
        "unknown",
        "{server} answered, but has no time to tell.",
        "Choose another NTP server in Control Panel > Regional Options > Time.",
    ),
    "protocols_on": ("right", "Mail programs can read over {found}.", ""),
    "protocols_off": (
        "problem",
        "IMAP and POP3 are switched off: no mail program can read mail.",
        "Enable IMAP SSL/TLS in Service > Protocol.",
    ),
    "protocols_no_sending": (
        "problem",
        "SMTP-SSL and SMTP-TLS are switched off: no mail program can send.",
        "Enable them in Service > Protocol.",
    ),
    "sign_in_free": ("right", "Nobody has to wait because of wrong passwords.", ""),
    "sign_in_waits": (
        "advice",
        "Because of wrong passwords these have to wait: {found}",
        "If one of them is a user of yours, let it in again in Security > Blocked Sign-ins.",
    ),
    "sign_in_silent": (
        "problem",
        "The sign-in service does not answer: nobody can sign in.",
        "Server List tells how it is.",
    ),
    "broken": ("unknown", "This could not be looked at, because something failed inside.", "The log has the reason."),
}

SENTENCES = {**NAMES, **SPF, **STS, **PORTS, **CERTIFICATE, **LISTS, **MACHINE}


def say(code: str, **values: str) -> dict[str, Any]:
    """{state, code, text, next} of a sentence with its values."""
    state, text, next_step = SENTENCES[code]
    return {"state": state, "code": code, "text": text.format(**values), "next": next_step.format(**values)}
