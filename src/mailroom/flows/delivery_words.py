"""What is known of a recipient, in plain words; why one waits is said as in the queue (flows/queue_words.py)."""

from __future__ import annotations

import re
from typing import Any

from mailroom.flows.queue_words import in_words, remote_words

# Postfix's own words (smtp_addr.c, smtp_proto.c) for what is final.
NO_SERVER = re.compile(r"Host or domain name not found\. Name service error for name=([^ ]+) ")
ANSWERED = re.compile(r"host ([^\[\], ]*)\[[^\[\]]*\](?::\d+)? said: ")


def why_returned(words: str) -> str:
    """A sentence for the words with which delivery failed for good; the words when nothing plainer is known."""
    if found := NO_SERVER.match(words):
        return f"There is no mail server for {found[1]}."
    if found := ANSWERED.match(words):
        return f"The server {found[1]} answers “{remote_words(words)}”."
    return words


def recipient_words(one: dict[str, Any], sender: str) -> str:
    """A sentence without its times. sender: of the message, "" for none."""
    state, server, words = one["state"], one["server"], one["words"]
    if state == "delivered":
        return _delivered(one)
    if state == "waiting" and server:
        return f"Waiting for {server}: {in_words(words)} The answer was “{remote_words(words)}”."
    if state == "waiting":
        return f"Waiting: {in_words(words)} The answer was “{remote_words(words)}”."
    if state == "on_hold":
        return "On hold: an administrator has stopped its delivery."
    if state == "returned":
        if not words:
            return "Returned to the sender by an administrator."
        if not sender:
            return f"Not delivered, and there is no sender to return it to: {why_returned(words)}"
        return f"Returned to the sender: {why_returned(words)}"
    if state == "expired":
        return f"Not delivered in time, and returned to the sender. The last answer was “{remote_words(words)}”."
    if state == "removed":
        return "Not delivered: an administrator removed it from the queue."
    if state == "unknown":
        return "It was accepted. What became of it is not known, because the log of that time is lost."
    return "Accepted. Delivery has not been tried yet."


def _delivered(one: dict[str, Any]) -> str:
    if one["server"]:
        return f"Delivered to {one['address']}: the server {one['server']} has taken it."
    if one["folder"]:
        return f"Delivered to the mailbox of {one['address']}, folder {one['folder']}."
    return f"Delivered to the mailbox of {one['address']}."
