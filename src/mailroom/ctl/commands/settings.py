"""mailroomctl settings: look, try out, change, compare, put back."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailroom.core.lines import lines
from mailroom.core.problems import Invalid
from mailroom.core.sealed import is_mask
from mailroom.ctl.shape import Options, Parsers, command, content_of, host_file, job, moment, noun, table

if TYPE_CHECKING:
    from mailroom.core.settings import AllValues

CHANGES_HELP = (
    "PAGE.KEY=VALUE, e.g. mail_delivery.general.max_message_mb=50; lists with commas; lists of items as JSON, whole or "
    'as an edit like {"put": [...], "drop": ["ID"]}; - asks for a secret, or reads JSON from the standard input; '
    "several are one Apply"
)

# Facts with lines of their own (see `command`): how a daemon's file differs.
DIFF = ("diff",)
TAKE_HELP = "take over what is about the machine too, e.g. mail_delivery.general.hostname; may be given several times"


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "settings", "look at settings, change them, put them back")
    made = command(
        verbs, "list", "every setting with its value; a star marks those that differ from the default", *LIST
    )
    made.add_argument("page", nargs="?", help="only this page, e.g. service.protocol")
    made = command(verbs, "get", "one setting's value", *GET)
    made.add_argument("setting", help="PAGE.KEY")
    for name, help, steps in (("preview", "show what a change would do", PREVIEW), ("set", "apply a change", SET)):
        made = command(verbs, name, help, *steps, long=DIFF)
        made.add_argument("changes", nargs="+", metavar="CHANGE", help=CHANGES_HELP)
        made.add_argument("--revision", type=int, help="refuse when the settings are no longer this revision")
        if name == "set":
            made.add_argument("--note", default="", help="why, for the history")
    made = command(verbs, "history", "who changed what, newest first", *HISTORY)
    made.add_argument("page", nargs="?", help="only changes of this page")
    made.add_argument("--limit", type=int, default=20)
    made.add_argument("--offset", type=int, default=0)
    made = command(verbs, "export", "the whole configuration as one file", *EXPORT, long=("text",))
    made.add_argument("file", help="where to write it; - is the standard output")
    made.add_argument("--passphrase", action="store_true", help="asks for one, which the secrets are sealed with")
    made = command(verbs, "import", "put the configuration in a file in force", *IMPORT, long=DIFF)
    made.add_argument("file", help="- reads from standard input")
    made.add_argument("--preview", action="store_true", help="only show what would change")
    made.add_argument("--passphrase", action="store_true", help="asks for the one that opens the file's secrets")
    made.add_argument("--take", action="append", default=[], metavar="PAGE.KEY", help=TAKE_HELP)
    made.add_argument("--revision", type=int, help="refuse when the settings are no longer this revision")
    made = command(verbs, "compare", "what differs between two revisions", *COMPARE, long=DIFF)
    made.add_argument("from_", metavar="FROM", type=int)
    made.add_argument("to", metavar="TO", type=int)
    for name, help, steps in (
        ("preview-back", "show what putting back would do", PREVIEW_BACK),
        ("put-back", "apply the values of an older revision again", PUT_BACK),
    ):
        made = command(verbs, name, help, *steps, long=DIFF)
        made.add_argument("to", metavar="REVISION", type=int)
        made.add_argument("--page", help="only this page")
        made.add_argument("--revision", type=int, help="refuse when the settings are no longer this revision")


def list_settings(options: Options) -> Any:
    names = [options.page] if options.page else [page["id"] for page in job("settings.index")["pages"]]
    found = {name: job("settings.read", page=name) for name in names}
    return {name: {part: page[part] for part in ("values", "defaults")} for name, page in found.items()}


def tell_settings(facts: Any) -> str:
    from mailroom.core import settings as declared

    rows = [
        (
            f"{page}.{key}",
            shown(value) + ("  *" if value != found["defaults"][key] else ""),
            declared.title_of(page, key),
        )
        for page, found in facts.items()
        for key, value in found["values"].items()
    ]
    return table(("SETTING", "VALUE", "ON SCREEN"), rows)


def get_setting(options: Options) -> Any:
    page, key = split(options.setting)
    return job("settings.read", page=page)["values"][key]


def change(operation: str, **more: str) -> Callable[[Options], Any]:
    """A verb that sends changes: with the revision given, or the one in force now."""

    def do(options: Options) -> Any:
        base = options.revision or job("settings.index")["revision"]
        extra = {name: getattr(options, name) for name in more}
        return job(operation, revision=base, changes=parse(options.changes), **extra)

    return do


def back(operation: str) -> Callable[[Options], Any]:
    """A verb that names an older revision: sent with the revision given, or the one in force now."""

    def do(options: Options) -> Any:
        base = options.revision or job("settings.index")["revision"]
        return job(operation, revision=base, to=options.to, page=options.page)

    return do


def export_file(options: Options) -> Any:
    made = job("settings.export", passphrase=passphrase(options))
    if options.file == "-":
        return made
    try:
        write_private(host_file(options.file), made["text"])
    except OSError as reason:
        raise Invalid(f"{options.file} cannot be written ({reason.strerror}).", field="file") from None
    return {"name": options.file, "text": ""}


def write_private(file: Path, text: str) -> None:
    """Only its owner may read it: sealed secrets can be guessed at by who has them."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)


def import_file(options: Options) -> Any:
    if options.file == "-" and options.passphrase:
        raise Invalid("The standard input cannot be both the file and the passphrase.", next="Name a file.")
    asked = {"content": content_of(options.file), "passphrase": passphrase(options), "machine": options.take}
    if options.preview:
        return job("settings.preview_import", revision=options.revision, **asked)
    return job("settings.import", revision=options.revision or job("settings.index")["revision"], **asked)


def passphrase(options: Options) -> str:
    """What somebody types, or the standard input's first line when it is no terminal; "" when none is wanted."""
    if not options.passphrase:
        return ""
    return getpass("Passphrase: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def parse(changes: list[str]) -> AllValues:
    """PAGE.KEY=VALUE words as {page: {key: value}}, each value of its setting's type. Raises Invalid."""
    wanted: AllValues = {}
    for word in changes:
        name, equals, text = word.partition("=")
        if not equals:
            raise Invalid(f"{word!r} is no change.", next="Write it as PAGE.KEY=VALUE.")
        page, key = split(name)
        wanted.setdefault(page, {})[key] = value_of(page, key, text)
    return wanted


def split(name: str) -> tuple[str, str]:
    """(page, key) of "PAGE.KEY". Raises NotFound or Invalid."""
    from mailroom.core import settings as declared

    page, _, key = name.rpartition(".")
    if key not in declared.page_named(page).model_fields:
        raise Invalid(f"There is no setting {name!r}.", field=name, next="`mailroomctl settings list` names them all.")
    return page, key


def value_of(page: str, key: str, text: str) -> Any:
    """What somebody typed, as the setting's own type: yes, no, numbers, words, lists with commas."""
    from pydantic import TypeAdapter, ValidationError

    from mailroom.core import settings as declared

    if text == "-" and key in declared.secrets_of(page):
        # Not in the list of processes, and not in the shell's history.
        return getpass(f"{declared.title_of(page, key)}: ")
    if declared.item_of(page, key) is not None:
        return items_of(f"{page}.{key}", sys.stdin.read() if text == "-" else text)
    kind: Any = declared.page_named(page).model_fields[key].annotation
    typed: Any = [part.strip() for part in text.split(",") if part.strip()] if kind == list[str] else text
    try:
        return TypeAdapter(kind).validate_python(typed, strict=False)
    except ValidationError:
        # Sent as it is: the server's answer names the field and what it takes.
        return typed


def items_of(name: str, text: str) -> Any:
    """A list of items, or an edit of one, from JSON. Raises Invalid."""
    try:
        return json.loads(text or "[]")
    except ValueError as reason:
        raise Invalid(
            f"{name}: this is no JSON ({reason}).", field=name, next="`mailroomctl settings get` shows how it looks."
        ) from None


def shown(value: Any) -> str:
    """A value as one types it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_mask(value):
        return "(another secret)" if value.get("another") else "(secret)" if value["set"] else ""
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return json.dumps(value, ensure_ascii=False)
    return ",".join(value) if isinstance(value, list) else str(value)


def tell_done(facts: Any) -> str:
    if not facts["changed"]:
        return f"Nothing differs from revision {facts['revision']}."
    reloaded = ", ".join(facts["reloaded"]) or "nothing"
    done = f"Revision {facts['revision']}; reloaded {reloaded}; {facts['took_ms']} ms."
    return f"{changes_in_words(facts['changed'])}\n{done}"


def tell_differences(facts: Any) -> str:
    if not facts["settings"] and not facts["files"]:
        return "Nothing differs."
    files = "".join(f"\n\n{file['path']}\n{file['diff']}" for file in facts["files"])
    then = facts.get("rendered_differently")
    note = f"\n\nRendered differently at the time: {', '.join(then)}." if then else ""
    return changes_in_words(facts["settings"]) + files + note


def tell_import(facts: Any) -> str:
    """A preview of a file, or what became of it."""
    if "file" not in facts:
        return tell_done(facts)
    file = facts["file"]
    secrets = "secrets opened" if file["opened"] else f"secrets {file['secrets']}"
    lines = [f"From {file['server']}, {file['date']}, Mailroom {file['made_by']}, {secrets}."]
    lines += [f"{one['field']}: {one['text']}" for one in facts["told"]]
    for one in facts["machine"]:
        what = "is taken over" if one["taken"] else "stays as it is"
        lines.append(f"{one['page']}.{one['key']}: {shown(one['old'])} here, {shown(one['new'])} in the file; {what}")
    return "\n".join([*lines, "", tell_differences(facts)])


def tell_history(facts: Any) -> str:
    told = []
    for one in facts["revisions"]:
        note = f"  {one['note']}" if one["note"] else ""
        told.append(f"{one['revision']}  {moment(one['when'])}  {one['who']} ({one['where'] or 'here'}){note}")
        told += [f"    {line}" for line in lines(changes_in_words(one["changes"]))]
    return "\n".join([*told, f"{len(facts['revisions'])} of {facts['total']}"])


def changes_in_words(changes: list[dict[str, Any]]) -> str:
    return "\n".join(line for one in changes for line in change_in_words(one))


def change_in_words(one: dict[str, Any]) -> list[str]:
    """A changed setting; of a list each item that was added, removed or changed."""
    name = f"{one['page']}.{one['key']} ({one['title']})"
    if "items" not in one:
        return [f"{name}: {shown(one['old'])} -> {shown(one['new'])}"]
    told = [f"{name}: order changed"] if one["moved"] else []
    for item in one["items"]:
        old, new = (json.dumps(item[when], ensure_ascii=False) if item[when] else "" for when in ("old", "new"))
        told.append(f"{name}: {item['name']}: {' -> '.join(filter(None, (old or 'added', new or 'removed')))}")
    return [*told, f"{name}: {one['more']} more"] if "more" in one else told


LIST = (list_settings, tell_settings)
GET = (get_setting, lambda value: value if isinstance(value, str) else json.dumps(value))
PREVIEW = (change("settings.preview"), tell_differences)
SET = (change("settings.apply", note="note"), tell_done)
HISTORY = (
    lambda options: job("settings.history", page=options.page, offset=options.offset, limit=options.limit),
    tell_history,
)
EXPORT = (export_file, lambda facts: str(facts["text"]).rstrip() or f"Written to {facts['name']}.")
IMPORT = (import_file, tell_import)
COMPARE = (lambda options: job("settings.compare", **{"from": options.from_, "to": options.to}), tell_differences)
PREVIEW_BACK = (back("settings.preview_back"), tell_differences)
PUT_BACK = (back("settings.put_back"), tell_done)
