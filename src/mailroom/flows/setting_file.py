"""The whole configuration leaves as one file and comes back from one: looked at first, then one Apply like any other.

What is about this machine stays as it is here unless it is chosen; secrets travel only under a passphrase.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mailroom
from mailroom.core import configuration_file, sealed
from mailroom.core import settings as declared
from mailroom.core.configuration_file import Document, line_of
from mailroom.core.problems import Invalid
from mailroom.flows import reauthentication, setting_history
from mailroom.flows.setting import Author, Settings
from mailroom.flows.setting_brought import PROOF, Brought, brought, of_machine, secrets

PASSPHRASE_MIN, PASSPHRASE_MAX = 8, 200
GENERAL = "mail_delivery.general"
ELSEWHERE = "Correct it on the server that the file is from and export again, or make on this one what it needs."


def operations(
    settings: Settings, prove: Callable[[str, str, str], None] = reauthentication.prove
) -> dict[str, Callable[..., Any]]:
    """What the job process can be asked about the configuration as one file. content: base64.

    prove(user, password, address): see reauthentication.py; root, who can read the key as well, is not asked.
    """

    def preview_import(
        content: str, passphrase: str = "", machine: list[str] | None = None, revision: int | None = None
    ) -> dict[str, Any]:
        return preview(settings, content, passphrase, machine or [], revision)

    def import_file(
        content: str, revision: int, who: str, where: str, passphrase: str = "", machine: list[str] | None = None
    ) -> dict[str, Any]:
        return take(settings, content, passphrase, machine or [], revision, Author(who, where))

    def export_file(
        who: str, where: str, passphrase: str = "", password: str = "", by_root: bool = False
    ) -> dict[str, str]:
        if _worthy(passphrase) and not by_root:
            prove(who, password, where)
        return export(settings, passphrase, Author(who, where))

    return {
        "settings.export": export_file,
        "settings.preview_import": preview_import,
        "settings.import": import_file,
    }


def export(settings: Settings, passphrase: str, author: Author) -> dict[str, str]:
    """{name, text} of the file. Without a passphrase it has no secrets. Raises Invalid."""
    now = settings.current()
    values = settings.values()
    made = datetime.datetime.fromtimestamp(settings.clock.now(), datetime.UTC)
    server = str(values[GENERAL]["hostname"])
    salt = os.urandom(secrets().SALT_BYTES) if _worthy(passphrase) else b""
    key = secrets().key_of(passphrase, salt) if salt else None
    document = Document(
        format="mailroom-configuration",
        version=1,
        made_by=mailroom.__version__,
        server=server,
        date=f"{made:%Y-%m-%dT%H:%M:%SZ}",
        revision=now.number,
        secrets="sealed" if key else "omitted",
        salt=base64.b64encode(salt).decode(),
        settings={page: _outward(page, keys, key) for page, keys in values.items()},
    )
    if key:
        document.proof = secrets().close_with(key, PROOF, PROOF, document.bound())
    text = configuration_file.written(document)
    told = "The configuration was exported with sealed secrets." if key else "The configuration was exported."
    settings.tell(told, who=author.who, where=author.where)
    return {"name": f"mailroom-{server}-{made:%Y-%m-%d-%H%M}.json", "text": text}


def _worthy(passphrase: str) -> str:
    """A passphrase that is worth its name, or none. Raises Invalid."""
    if passphrase and not PASSPHRASE_MIN <= len(passphrase) <= PASSPHRASE_MAX:
        raise Invalid(
            f"A passphrase has {PASSPHRASE_MIN} to {PASSPHRASE_MAX} characters.",
            field="passphrase",
            next="Choose a longer one, e.g. four words that have nothing to do with each other.",
        )
    return passphrase


def _outward(page: str, values: dict[str, Any], key: bytes | None) -> dict[str, Any]:
    """The values of a page as the file has them."""

    def outward(name: str, value: str) -> Any:
        if not (key and value):
            return sealed.mask(value)
        return {"sealed": secrets().close_with(key, sealed.plain(value, name), name), "stored": sealed.digest(value)}

    return sealed.each(page, values, declared.places_of_secrets(page), outward)


def preview(
    settings: Settings, content: str, passphrase: str, machine: list[str], base: int | None = None
) -> dict[str, Any]:
    """What a file would change; nothing is changed: {revision, file, here, told, machine, settings, files, warnings}.

    machine: PAGE.KEY of what is about this machine and shall be taken over, too. Raises Invalid, Stale.
    """
    now, before = settings.current().number, settings.values()
    raw, found = _opened(settings, content, passphrase, machine)
    with _at_line(raw):
        difference = setting_history.preview(settings, found.wanted, base)
    facts = {name: getattr(found.document, name) for name in ("made_by", "server", "date", "revision", "secrets")}
    return {
        "revision": now,
        "file": {**facts, "opened": found.key is not None},
        "here": {"made_by": mailroom.__version__, "server": str(before[GENERAL]["hostname"])},
        "told": found.told,
        "machine": of_machine(found.document, before, machine),
        **difference,
    }


def take(
    settings: Settings, content: str, passphrase: str, machine: list[str], base: int, author: Author
) -> dict[str, Any]:
    """Put what a file says in force, as one revision. Answers as Settings.apply; raises as `preview`, too."""
    with settings.turn:
        raw, found = _opened(settings, content, passphrase, machine)
        note = f"Import of the configuration of {found.document.server}, {found.document.date[:10]}"
        with _at_line(raw):
            return settings.apply(base, found.wanted, author, note)


def _opened(settings: Settings, content: str, passphrase: str, machine: list[str]) -> tuple[bytes, Brought]:
    try:
        raw = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("The file did not arrive whole.", field="file", next="Choose it again.") from None
    document = configuration_file.read(raw)
    with _at_line(raw):
        return raw, brought(document, settings.values(), passphrase, machine)


@contextmanager
def _at_line(raw: bytes) -> Iterator[None]:
    """A refusal that names a setting names the line of the file, too; nobody can correct a field of it on the page."""
    try:
        yield
    except Invalid as reason:
        page = next((page for page in declared.pages() if (reason.setting or "").startswith(f"{page}.")), "")
        line = line_of(raw.decode("utf-8", "replace"), page, reason.field or "") if page else None
        if page:
            reason.next = ELSEWHERE
        if line is not None:
            reason.more.setdefault("line", line)
        raise
