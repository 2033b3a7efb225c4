"""What the configuration in a file means for this server: what is taken over, and what is told instead."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

import mailroom
from mailroom.core import sealed
from mailroom.core import settings as declared
from mailroom.core.configuration_file import CHOOSE, Document
from mailroom.core.problems import Invalid
from mailroom.core.sealed import is_mask
from mailroom.core.settings import AllValues, Values
from mailroom.flows.kept_secrets import misplaced

PROOF = "proof"
NAME_LETTERS = 60


@dataclass
class Brought:
    """What a file wants of this server: an Apply. told: [{field, text}] of all else.

    key: opens its secrets. own: PAGE.KEY of what stays as it is on this machine.
    """

    document: Document
    key: bytes | None
    own: set[str]
    wanted: AllValues = field(default_factory=dict)
    told: list[dict[str, str]] = field(default_factory=list)

    def tell(self, name: str, text: str) -> None:
        """Say what is not as the file, or somebody who reads it, may have meant."""
        self.told.append({"field": name, "text": text})


def secrets() -> Any:
    """core/secrets. Loaded here, because cryptography costs megabytes and a moment, and most never need it."""
    from mailroom.core import secrets

    return secrets


def brought(document: Document, before: AllValues, passphrase: str, machine: list[str]) -> Brought:
    """What a file wants of a server that has `before`. machine: PAGE.KEY of the machine's own that is wanted, too.

    Raises Invalid for what no file of any version says. What another version says and we do not know is told.
    """
    _refuse_unknown_choice(machine)
    own = {f"{page}.{name}" for page, name in declared.machine_settings()} - set(machine)
    found = Brought(document, _key(document, passphrase), own)
    _unknown_pages(found)
    for page, kind in declared.pages().items():
        given = document.settings.get(page)
        if given is None:
            found.tell(page, f"The file does not have the page {kind.title}. Its settings get their defaults.")
        else:
            _unknown_settings(found, page, given)
        wanted = _page(found, page, given, before[page])
        if not _needs_secret(found, page, wanted, before[page]):
            found.wanted[page] = wanted
    return found


def _refuse_unknown_choice(machine: list[str]) -> None:
    known = {f"{page}.{key}" for page, key in declared.machine_settings()}
    if unknown := next((name for name in machine if name not in known), None):
        raise Invalid(f"{unknown[:NAME_LETTERS]} is no setting of the machine.", field="machine")


def _key(document: Document, passphrase: str) -> bytes | None:
    """The key to the secrets of a file; None when there is none, or nobody gave a passphrase."""
    if document.secrets != "sealed" or not passphrase:
        return None
    try:
        key: bytes = secrets().key_of(passphrase, base64.b64decode(document.salt, validate=True))
        secrets().open_with(key, document.proof, PROOF, document.bound())
    except (ValueError, binascii.Error):
        raise Invalid(
            "This passphrase does not open the file: it is another one, or somebody has changed the file.",
            field="passphrase",
            next="Enter the passphrase that was chosen when the file was exported.",
        ) from None
    return key


def _unknown_pages(found: Brought) -> None:
    for page in found.document.settings.keys() - declared.pages().keys():
        if found.document.made_by == mailroom.__version__:
            raise Invalid(f"There is no settings page {page[:NAME_LETTERS]!r}.", field=page[:NAME_LETTERS], next=CHOOSE)
        found.tell(page[:NAME_LETTERS], f"This version has no page {page[:NAME_LETTERS]}. It is left out.")


def _unknown_settings(found: Brought, page: str, given: Values) -> None:
    for key in given.keys() - declared.pages()[page].model_fields.keys():
        name = f"{page}.{key[:NAME_LETTERS]}"
        found.tell(name, f"This version has no setting {name}. It is left out.")


def _page(found: Brought, page: str, given: Values | None, before: Values) -> Values:
    """What is wanted of a page."""
    wanted, usual, places = {}, declared.defaults()[page], declared.places_of_secrets(page)
    for name, default in usual.items():
        if f"{page}.{name}" in found.own:
            continue
        if given is None or name not in given:
            wanted[name] = default
            if given is not None:
                title = declared.title_of(page, name)
                found.tell(f"{page}.{name}", f"The file does not have the setting {title}. It gets its default.")
        elif declared.item_of(page, name) is not None and not isinstance(given[name], list):
            raise _wrong(page, name)
        else:
            wanted[name] = given[name]
    known = declared.secrets_in(page, before)

    def opened(name: str, value: Any) -> Any:
        return _secret(found, page, name, value, known.get(name, ""))

    return sealed.each(page, wanted, {key: places[key] for key in places.keys() & (given or {}).keys()}, opened)


def _wrong(page: str, key: str) -> Invalid:
    sentence = f"The file says something impossible at “{page}.{key}”."
    return Invalid(sentence, field=key, setting=f"{page}.{key}", next=CHOOSE, fields={key: sentence})


def _secret(found: Brought, page: str, full: str, given: Any, before: str) -> Any:
    """A secret in clear text, or what says that it stays as it is here. full: its name, see sealed.each."""
    name = full.removeprefix(f"{page}.").partition("/")[0]
    title, key = declared.title_of(page, name), found.key
    stays = sealed.mask(before)
    if is_mask(given):
        if not given["set"] and key is not None:
            return ""
        if given["set"] or before:
            found.tell(full, f"{title} is a secret, which the file does not have. The one of this server stays.")
        return stays
    if not (
        isinstance(given, dict)
        and {"sealed"} <= given.keys() <= {"sealed", "stored"}
        and all(isinstance(text, str) for text in given.values())
    ):
        raise _wrong(page, name)
    if key is None:
        found.tell(full, f"{title} is sealed, and no passphrase was entered. The one of this server stays.")
        return stays
    try:
        text = secrets().open_with(key, given["sealed"], full)
    except ValueError:
        raise _wrong(page, name) from None
    # The very text that is stored here has come back: no change. Secrets themselves are never compared, because a
    # preview would then tell whoever brings a guess whether it is right.
    return before if before and given.get("stored") == sealed.digest(before) else text


def _needs_secret(found: Brought, page: str, wanted: Values, before: Values) -> bool:
    """Whether a page cannot come in force without a secret that neither the file nor this server has; told."""
    known, missing = declared.secrets_in(page, before), set()
    elsewhere = misplaced(page, before, wanted)

    def kept(name: str, value: Any) -> Any:
        if not is_mask(value):
            return value
        if name in elsewhere or not known.get(name):
            missing.add(name)
            return ""
        return known[name]

    tried = sealed.each(page, {**before, **wanted}, declared.places_of_secrets(page), kept)
    if not missing:
        return False
    try:
        declared.clean(page, tried)
    except Invalid as reason:
        if f"{page}.{reason.field}" in missing:
            kind = declared.pages()[page]
            found.tell(
                page, f"The page {kind.title} needs a secret that the file does not have. It stays as it is here."
            )
            return True
    return False


def of_machine(document: Document, before: AllValues, machine: list[str]) -> list[dict[str, Any]]:
    """[{page, key, title, old, new, taken}] of what is about the machine and is different in the file."""
    return [
        {
            "page": page,
            "key": key,
            "title": declared.title_of(page, key),
            "old": before[page][key],
            "new": document.settings[page][key],
            "taken": f"{page}.{key}" in machine,
        }
        for page, key in declared.machine_settings()
        if key in document.settings.get(page, {}) and document.settings[page][key] != before[page][key]
    ]
