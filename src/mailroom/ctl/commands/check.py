"""mailroomctl check: the settings against the suggested ones, and whether mail can come and go."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.commands.settings import shown, tell_done
from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table

WORDS = {"problem": "PROBLEM", "advice": "advice", "unknown": "unknown", "not_set_up": "not set up", "right": "right"}


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "check", "the settings against the suggested ones; whether mail can come and go")
    made = command(verbs, "settings", "what differs from the suggested settings, and what that means", settings, tell)
    made.add_argument(
        "--fix", nargs="*", metavar="PAGE.KEY", help="set these as suggested; without a name, all of them"
    )
    made.add_argument("--revision", type=int, help="refuse when the settings are no longer this revision")
    made = command(verbs, "doctor", "look at DNS, ports, certificate, blocklists and clock", doctor, tell_doctor)
    made.add_argument("--last", action="store_true", help="show the last result instead of checking again")
    made.add_argument("--history", action="store_true", help="show what has changed from check to check")
    command(verbs, "left", "what is left to do until mail comes and goes", left, tell_left)


def settings(options: Options) -> Any:
    if options.fix is None:
        return job("check.settings")
    base = options.revision or job("settings.index")["revision"]
    return job("check.settings_fix", revision=base, chosen=options.fix or None)


def tell(facts: Any) -> str:
    if "changed" in facts:
        undo = f"\nmailroomctl settings put-back {facts['former']} undoes it." if facts["changed"] else ""
        return tell_done(facts) + undo
    if not facts["differences"]:
        return f"All {facts['compared']} settings are as suggested."
    rows = [
        (f"{one['page']}.{one['key']}", shown(one["value"]), shown(one["suggested"]), one["effect"])
        for one in facts["differences"]
    ]
    return table(("SETTING", "VALUE", "SUGGESTED", "WHAT IT MEANS"), rows)


def doctor(options: Options) -> Any:
    if options.history:
        return job("check.doctor_history")
    return job("check.doctor") if options.last else job("check.doctor_run")


def left(options: Options) -> Any:
    return job("left_to_do")


def tell_left(facts: Any) -> str:
    done = {True: "done", False: "open", None: "not known"}
    rows = [
        (done[one["done"]], one["title"], one["text"], moment(one["time"]) if one["time"] else "")
        for one in facts["steps"]
    ]
    return f"{facts['done']} of {facts['total']} done\n\n" + table(("STATE", "WHAT", "", "AS OF"), rows)


def tell_doctor(facts: Any) -> str:
    if isinstance(facts, list):
        return "\n".join(_tell_former(one) for one in facts) or "Nothing has been checked yet."
    head = f"{facts['domain']}, {facts['hostname']}, address {facts['address'] or 'not known'}"
    ordered = sorted(facts["items"], key=lambda one: list(WORDS).index(one["state"]))
    rows = [(WORDS[one["state"]], _title(one), one["text"]) for one in ordered]
    lines = [f"{head}; {moment(facts['time'])}, {facts['seconds']} s", "", table(("STATE", "WHAT", ""), rows), ""]
    for one in ordered:
        if one["next"] and one["state"] in ("problem", "advice"):
            lines.append(f"{_title(one)}: {one['next']}")
            if one["record"]:
                lines.append(f"    {_record(one['record'])}")
    return "\n".join(lines).rstrip()


def _title(one: Any) -> str:
    """What was looked at, and of which additional domain."""
    return f"{one['title']} of {one['domain']}" if one.get("domain") else str(one["title"])


def _record(record: Any) -> str:
    priority = "" if record["priority"] is None else f"{record['priority']} "
    return f"{record['name']}. {record['type']} {priority}{record['value']}"


def _tell_former(one: Any) -> str:
    counts = ", ".join(f"{number} {WORDS[state]}" for state, number in one["counts"].items() if number)
    changed = "".join(f"\n    {_title(change)}: {WORDS[change['state']]}" for change in one["changed"])
    return f"{moment(one['time'])}  {counts}{changed}"
