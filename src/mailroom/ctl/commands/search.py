"""mailroomctl search: how far the full-text search has indexed mail, paused and resumed."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, job, noun

MB = 1024 * 1024


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "search", "the index of the full-text search")
    command(verbs, "show", "how far mail is indexed, and what the index takes", show, tell)
    command(verbs, "pause", "index nothing more for now", pause, tell)
    command(verbs, "resume", "go on indexing", resume, tell)


def show(options: Options) -> Any:
    return job("search.read")


def pause(options: Options) -> Any:
    return job("search.pause", paused=True)


def resume(options: Options) -> Any:
    return job("search.pause", paused=False)


def tell(facts: Any) -> str:
    users = f"{facts['users_done']} of {facts['users_total']} users, {facts['messages']} messages"
    lines = [f"{facts['state']}: {users}, {facts['bytes'] / MB:.1f} MB"]
    if current := facts["current"]:
        lines.append(f"now: {current['user']}, {current['folder']} ({current['messages']} messages)")
    if facts["failed"]:
        lines.append(f"not indexed, tried again: {', '.join(facts['failed'])}")
    return "\n".join(lines)
