"""mailroomctl aliases, auto-bcc: lists, and files in Postfix's formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, content_of, job, noun, table


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "aliases", "one address for many recipients")
    made = command(verbs, "list", "every alias and who gets its mail now", listed, tell_list)
    made.add_argument("search", nargs="?", default="")
    command(verbs, "export", "all aliases in the format of Postfix", export, lambda facts: str(facts["text"]).rstrip())
    importing(
        verbs, "add the aliases of a file, aliases(5) or virtual(5); existing ones stay as they are", import_aliases
    )
    made = command(verbs, "members", "who can be a member of an alias", members, tell_members)
    made.add_argument("kind", choices=("user", "group"))
    made.add_argument("search", nargs="?", default="")
    verbs = noun(parsers, "auto-bcc", "copies that nobody sees")
    made = command(
        verbs, "export", "rules in the format of Postfix", export_rules, lambda facts: str(facts["text"]).rstrip()
    )
    made.add_argument("criterion", choices=("from", "to"))
    made = importing(verbs, "add the rules of a file, regexp_table(5); existing ones stay as they are", import_rules)
    made.add_argument("criterion", choices=("from", "to"))


def importing(verbs: Parsers, help: str, do: Callable[[Options], Any]) -> Any:
    """The verb `import`."""
    made = command(verbs, "import", help, do, tell_import)
    made.add_argument("file", help="- reads from standard input")
    made.add_argument("--preview", action="store_true", help="only show what would be added")
    return made


def import_aliases(options: Options) -> Any:
    return job(f"aliases.{verb(options)}", content=content_of(options.file))


def import_rules(options: Options) -> Any:
    return job(f"auto_bcc.{verb(options)}", criterion=options.criterion, content=content_of(options.file))


def verb(options: Options) -> str:
    return "preview_import" if options.preview else "import"


def listed(options: Options) -> Any:
    return job("aliases.list", search=options.search)


def tell_list(facts: Any) -> str:
    rows = [(one["address"], ", ".join(one["members"]), ", ".join(one["recipients"])) for one in facts["aliases"]]
    return f"{table(('ALIAS', 'MEMBERS', 'GET ITS MAIL NOW'), rows)}\n{facts['total']} aliases"


def members(options: Options) -> Any:
    return job("aliases.members", kind=options.kind, search=options.search, limit=1_000)


def tell_members(facts: Any) -> str:
    rows = [(one["member"], one["full_name"], one["status"] or f"{one['users']} users") for one in facts["members"]]
    return table(("MEMBER", "NAME", "STATUS"), rows)


def export(options: Options) -> Any:
    return {"text": job("aliases.export")}


def export_rules(options: Options) -> Any:
    return {"text": job("auto_bcc.export", criterion=options.criterion)}


def tell_import(facts: Any) -> str:
    lines = [f"line {one['line']}: {one['name'] or '?'}: {one['reason']}" for one in facts["refused"]]
    end = f" Revision {facts['revision']}." if "revision" in facts else ""
    return "\n".join([*lines, f"{len(facts['new'])} new, {len(lines)} refused.{end}"])
