"""What the server says in English, and what of it the window's other languages lack: ./dev texts.

English is said once, where it is meant: in the pages of settings and in the sentences of the Python source. Both are
found there; a translation is kept under the English text itself, in `ui/shared/said/LANGUAGE.json` (decision 0014).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

from devtools.places import CHECKOUT
from devtools.say import say

LANGUAGES = ("de", "ja", "zh-TW")
FOLDER = CHECKOUT / "ui" / "shared" / "said"
SOURCE = CHECKOUT / "src" / "mailroom"
# The shell speaks English, and so do the documents of the API.
NOT_SHOWN_FILES = (
    "__main__.py",
    "core/sts_policy.py",
    "core/tls_reports.py",
    "ctl/",
    "daemons/boot.py",
    "daemons/dovecot/doubles.py",
    "daemons/services.py",
    "accounts/sources/__init__.py",
    "filtering/actions/deliver.py",
    "flows/account_export.py",
    "flows/quarantine_notice_words.py",
    "flows/tls_policy.py",
    "filtering/ids.py",
    "filtering/milter.py",
    "filtering/received.py",
    "filtering/return_addresses.py",
    "filtering/rules.py",
    "monitor/mail_log.py",
    "tls/sts_fetch.py",
    "web/clients/",
    "web/openapi.py",
    "web/portal/api/clients.py",
    "web/portal/api/mta_sts.py",
    "web/portal/html.py",
    "web/portal/imap/tokens.py",
)
# Whoever reads what these calls are given, it is nobody at the window.
NOT_SHOWN_CALLS = re.compile(
    r"(LOG|logging|re|argparse|sys|datetime|time|table|link|mailbox)\.\w+|\w+\.(execute\w*|add_argument|encode|startswith)"
    r"|route|setting|SQL|ArgumentParser|Garbled|Nonsense|Broken|Unreadable|TableUnreadable|Lost|PARSER\.\w+"
)
# Protocols, replies to other servers, SQL, headers, shell: in several words, but no sentences.
NO_SENTENCE = re.compile(
    r"^\d{3} \d|\n|\t|%[sdrY(]|^temp: |charset=|filename=|-src '|HTTP/1|^#!|nosniff|\bUID\b|^RETURN |^CHARSET |^CREATE "
    r"|^ALTER |^SELECT |^INSERT |^UPDATE |^DELETE FROM |^EXISTS |^export |^umask|^fdmove|^until |^foreground|^if \{"
    r"|^noopener|^v=|SameSite|^; |s6-|^[Mm]ailroom [a-z<]|^person |^public, |^content-length|^connection: "
    r"|^# |^Location: |^Content-|^Cache-|^Rcpt: |^stream: |^/|^-"
)
# What Postfix says to others: looked for in its replies.
REPLIES = {
    "Client host rejected",
    "cannot find your",
    "command rejected: host not found",
    "command rejected: invalid name",
    "command rejected: need fully",
    "need fully-qualified",
    "sender address rejected: domain not found",
    "sender address rejected: malformed dns",
    "sender address rejected: need fully",
    "Refused by a rule of this server",
    "Relay access denied",
    "User unknown",
    "doesn't exist",
    "lookup failure",
    "mailbox cannot be reached",
    "not logged in",
    "not owned by user",
    "cannot start tls",
    "certificate has expired",
    "certificate not trusted",
    "certificate not verified",
    "certificate verification",
    "non dnssec destination",
    "tls is required",
    "tls policy",
    "return address is not valid",
}
# Here a word alone is shown, too: titles of daemons, states.
WORD_FILES = ("flows/", "licences/", "daemons/")
WORD = re.compile("[A-Z][a-z]{2,}(-[a-z]+)?")
# What is said besides, and no rule below finds.
OTHERS = (("filtering/checks", "spam"), ("licences/table.py", "DEFAULT FREE LICENSE"))
# Names that are the same in every language.
NAMES = {
    "Bond",
    "Date",
    "From",
    "Subject",
    "ClamAV",
    "Dovecot",
    "Postfix",
    "Rspamd",
    "SpamAssassin",
    "Mailroom",
    "Unbound",
}


@cache
def said() -> dict[str, str]:
    """{English text, with {0}, {1} for what changes: where it is said} of everything that the window may show."""
    found: dict[str, str] = {}
    for where, text in (*_of_settings(), *_of_source(), *_of_activation(), *OTHERS):
        found.setdefault(text, where)
    return dict(sorted(found.items()))


def _of_settings() -> Iterator[tuple[str, str]]:
    """Titles, help, choices and units of the settings pages, as their schemas tell them."""
    from mailroom.core import settings

    for name in settings.pages():
        schema = settings.schema_of(name)
        # The menu's entry as the explanation of a message names it.
        menu = settings.pages()[name].menu.replace("_", " ").title()
        kinds = [schema, *(kind for kind in schema.get("$defs", {}).values() if "properties" in kind)]
        groups = (group["title"] for kind in kinds for group in kind.get("x-groups", []))
        texts = [menu, *(kind["title"] for kind in kinds), *groups]
        for field in (field for kind in kinds for field in kind["properties"].values()):
            hints = field["x-ui"]
            if hints.get("hidden"):
                continue
            texts += [field["title"], *(hints.get("labels") or {}).values()]
            texts += [hints[part] for part in ("help", "costs", "effect", "unit", "placeholder") if part in hints]
        yield from ((name, text) for text in texts if _is_word(text))


def _is_word(text: str) -> bool:
    """Whether it is said in a language at all: no abbreviation, no name of a product, no example of a domain."""
    return bool(re.search("[a-z]{2}", text)) and text not in NAMES and not re.fullmatch(r"[\w-]+(\.[\w-]+)+", text)


def _of_activation() -> Iterator[tuple[str, str]]:
    """What the window says before it may run anything, written by a shell script."""
    file = CHECKOUT / "package" / "bin" / "waiting"
    for name in ("title", "text"):
        match = re.search(rf'"{name}": "([^"]+)"', file.read_text())
        if match:
            yield "package/bin/waiting", match[1]


def _of_source() -> Iterator[tuple[str, str]]:
    for file in sorted(SOURCE.rglob("*.py")):
        name = file.relative_to(SOURCE).as_posix()
        if not name.startswith(NOT_SHOWN_FILES):
            tree = ast.parse(file.read_text())
            if "/api/" in name:
                tree.body = [part for part in tree.body if not _is_example(part)]
            for line, text in sentences(tree, name.startswith(WORD_FILES)):
                yield f"{name}:{line}", text


def _is_example(part: ast.stmt) -> bool:
    """What the document of the API shows as an answer: a constant object, without tuples, which JSON does not know."""
    plain = isinstance(part, ast.Assign) and isinstance(part.value, ast.Dict)
    return plain and not any(isinstance(one, ast.Tuple) for one in ast.walk(part))


def sentences(tree: ast.AST, words: bool = False) -> Iterator[tuple[int, str]]:
    """(line, text) of each sentence in this source, with words: of each capitalised word alone, too.

    What an f-string or `format` puts in becomes {0}, {1}, ...
    """
    if _is_read_by_nobody(tree):
        return
    match tree:
        case ast.Call(func=ast.Name(id="Answer"), args=[ast.Constant(value=str(result)), *_]):
            yield tree.lineno, result
    text = _template(tree)
    if text is not None and text not in REPLIES | NAMES and (_is_sentence(text) or (words and WORD.fullmatch(text))):
        yield getattr(tree, "lineno", 0), text
    for part in ast.iter_child_nodes(tree):
        if not (isinstance(tree, ast.JoinedStr) and isinstance(part, ast.Constant)):
            yield from sentences(part, words)


def _is_read_by_nobody(node: ast.AST) -> bool:
    """Docstrings, and what is given to the calls that show nothing."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Call(func=func):
            return bool(NOT_SHOWN_CALLS.fullmatch(ast.unparse(func)))
    return False


def _template(node: ast.AST) -> str | None:
    """The text with {0}, {1} for what is put in; {n0} when it is a number with decimals."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else _place(part) for part in node.values]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        parts = [node.value]
    else:
        return None
    numbers = count()
    return re.sub(r"\{(n?)\}", lambda match: f"{{{match[1]}{next(numbers)}}}", "".join(parts))


def _place(part: ast.expr) -> str:
    spec = ast.unparse(part.format_spec) if isinstance(part, ast.FormattedValue) and part.format_spec else ""
    return "{n}" if spec.rstrip("'\"").endswith("f") else "{}"


def _is_sentence(text: str) -> bool:
    """Two words or more, or one beside what is put in; one of them of three letters."""
    parts = re.sub(r"\{\w+\}", "{}", text).split()
    return (
        len(parts) > 1 and any(re.search("[A-Za-z][a-z]{2}", part) for part in parts) and not NO_SENTENCE.search(text)
    )


def known(language: str, folder: Path = FOLDER) -> dict[str, str]:
    """The translations into one language, by English text."""
    file = folder / f"{language}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def differences(language: str) -> tuple[dict[str, str], list[str]]:
    """({English text without a translation: where it is said}, [translated texts that nobody says])."""
    there, translated = said(), known(language)
    missing = {text: where for text, where in there.items() if not translated.get(text)}
    return missing, [text for text in translated if text not in there]


def add(language: str, fresh: dict[str, str]) -> None:
    """Write a language's file with these translations added, sorted, without what nobody says any more."""
    there = said()
    kept = {text: told for text, told in {**known(language), **fresh}.items() if text in there}
    (FOLDER / f"{language}.json").write_text(
        json.dumps(dict(sorted(kept.items())), ensure_ascii=False, indent=2) + "\n"
    )


def show(additions: list[Path]) -> int:
    """Print what is missing as {LANGUAGE: {English: where it is said}}; 1 when anything is.

    additions: files like {LANGUAGE: {English: translation}}, taken in first; what nobody says any more goes then.
    """
    for file in additions:
        for language, fresh in json.loads(file.read_text()).items():
            add(language, fresh)
    lacking: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        missing, idle = differences(language)
        say(f"{language}: {len(missing)} texts are missing, {len(idle)} are said nowhere")
        for text in idle:
            say(f"  nowhere: {text}")
        if missing:
            lacking[language] = missing
    if lacking:
        print(json.dumps(lacking, ensure_ascii=False, indent=2))
    return 1 if lacking else 0
