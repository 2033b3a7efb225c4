"""What the deliverability check says about announced security (X06-08): each sentence once (see doctor_words.py)."""

from __future__ import annotations

from mailroom.flows.doctor_dns_words import Sentence

STS: dict[str, Sentence] = {
    "sts_off": (
        "not_set_up",
        "Other servers may send mail to {domain} unencrypted: MTA-STS is switched off.",
        "Choose testing at Mail Delivery > Security to have them encrypt.",
    ),
    "sts_left": (
        "advice",
        "{name} announces a policy, but this server has none: others ask for it in vain.",
        "At your DNS provider, remove the record, or switch MTA-STS on at Mail Delivery > Security.",
    ),
    "sts_policy_right": ("right", "Others get the policy of this server from {host}.", ""),
    "sts_policy_ends": (
        "not_set_up",
        "MTA-STS is switched off. Until {date} others may know the former policy; {host} tells them that it is over.",
        "Leave the DNS records of MTA-STS until that day.",
    ),
    "sts_policy_inside": (
        "unknown",
        "This NAS gives the policy of {host}. Whether the router lets port 443 in cannot be told from inside.",
        "Forward port 443 on your router to this NAS, and open https://{host}/.well-known/mta-sts.txt from elsewhere.",
    ),
    "sts_policy_no_host": (
        "unknown",
        "The policy was not fetched, because {host} leads nowhere or could not be asked about.",
        "Look at its DNS record first.",
    ),
    "sts_policy_certificate": (
        "advice",
        "The web server shows no certificate for {host} that others accept ({reason}), so they do not read the policy.",
        "In Control Panel > Security > Certificate, get a certificate for {host} and choose it under Settings for the "
        "web server.",
    ),
    "sts_policy_silent": (
        "advice",
        "At {host} nobody answers on port 443 ({reason}), so others do not get the policy.",
        "Look whether the web server of this NAS takes HTTPS at port 443, and whether the router forwards it.",
    ),
    "sts_policy_none": (
        "advice",
        "At {host} no policy was found (HTTP status {status}).",
        "The name must lead to the web server of this NAS itself: look at router, reverse proxy and Web Station.",
    ),
    "sts_policy_other": (
        "advice",
        "Others get another policy from {host} than the one of this server.",
        "If it was just changed, check again in a minute. Otherwise somebody else answers for this name.",
    ),
    "sts_policy_harmful": (
        "problem",
        "Others get a policy from {host} that keeps mail away: it insists on mail servers other than {hostname}.",
        "Find out who answers for this name, and have the policy of this server given there.",
    ),
    "sts_mx_right": (
        "right",
        "The policy names every mail server of {domain}, and the certificate proves the name {hostname}.",
        "",
    ),
    "sts_mx_unknown": (
        "unknown",
        "Whether the policy names every mail server of {domain} could not be found out.",
        "Check again in a few minutes.",
    ),
    "sts_mx_refused": (
        "problem",
        "An MX record of {domain} leads to {found}, which the policy does not name: others deliver nothing there.",
        "Name it at Mail Delivery > Security > Further mail servers, or remove the MX record.",
    ),
    "sts_mx_reported": (
        "advice",
        "An MX record of {domain} leads to {found}, which the policy does not name.",
        "Before you choose Enforce, name it at Mail Delivery > Security > Further mail servers, or remove the record.",
    ),
    "sts_mail_certificate_refused": (
        "problem",
        "The policy insists, but the certificate does not prove the name {hostname}: others deliver nothing.",
        "Get a certificate for {hostname} from an authority; until then choose testing at Mail Delivery > Security.",
    ),
    "sts_mail_certificate_reported": (
        "advice",
        "The certificate does not prove the name {hostname}; with Enforce others would deliver nothing.",
        "Get a certificate for {hostname} from an authority (Service > Let's Encrypt).",
    ),
}
