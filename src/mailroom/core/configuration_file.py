"""The whole configuration as one file: JSON that people can read and compare, one setting or item a line.

    {"format": "mailroom-configuration", "version": 1, "made_by", "server", "date", "revision",
     "secrets", "salt", "proof", "settings": {page: {key: value}}, "checksum"}

A secret is {"set": yes or no} when secrets are left out, else {"sealed": text}. The checksum is over what the file
says, not over its spaces and line ends. Whatever is wrong is refused with the line or the field
(decision 0018).
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mailroom.core.lines import ONE_LINE
from mailroom.core.problems import Invalid

FORMAT, VERSION = "mailroom-configuration", 1
BYTES_MAX = 8 * 1024 * 1024
# Ten thousand rules twice and five thousand aliases have 35,000.
BRACKETS_MAX = 200_000
DIGITS_MAX = 20
CHOOSE = "Choose a file that was exported here or on another server."
BASE64 = r"^[A-Za-z0-9+/=]*$"


class Document(BaseModel):
    """What a file says. date: ISO 8601, UTC; salt, proof: of sealed secrets; settings: as a revision has them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["mailroom-configuration"]
    version: Literal[1]
    made_by: str = Field(pattern=ONE_LINE, min_length=1, max_length=40)
    server: str = Field(pattern=ONE_LINE, max_length=253)
    date: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    revision: int = Field(ge=0, le=2**53 - 1)
    secrets: Literal["omitted", "sealed"]
    salt: str = Field(default="", pattern=BASE64, max_length=100)
    proof: str = Field(default="", pattern=BASE64, max_length=200)
    settings: dict[str, dict[str, Any]]
    checksum: str = Field(default="", max_length=100)

    def digest(self) -> str:
        """SHA-256 of what it says, without the checksum itself."""
        return _digest(self.model_dump(exclude={"checksum"}))

    def bound(self) -> bytes:
        """What the proof of a sealed file is made over: all but proof and checksum."""
        return _digest(self.model_dump(exclude={"checksum", "proof"})).encode()


def _digest(facts: dict[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def written(document: Document) -> str:
    """The file, with its checksum. Raises Invalid when it would be larger than what can be read again."""
    facts = document.model_dump(exclude={"settings", "checksum"})
    head = [f" {_json(name)}: {_json(value)}," for name, value in facts.items() if value != ""]
    pages = ",\n".join(f"  {_json(page)}: {_page(values)}" for page, values in document.settings.items())
    end = f' "settings": {{\n{pages}\n }},\n "checksum": {_json(document.digest())}'
    text = "\n".join(["{", *head, end, "}", ""])
    if len(text.encode()) > BYTES_MAX:
        raise Invalid(f"The configuration is larger than the {BYTES_MAX // 1024**2} MB that a file may have.")
    return text


def _page(values: dict[str, Any]) -> str:
    if not values:
        return "{}"
    return "{\n" + ",\n".join(f"   {_json(key)}: {_value(value)}" for key, value in values.items()) + "\n  }"


def _value(value: Any) -> str:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "[\n" + ",\n".join(f"    {_json(item)}" for item in value) + "\n   ]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def read(content: bytes) -> Document:
    """What a file says, if it is whole. Raises Invalid; `line` or `field` tell where."""
    text = _text(content)
    facts = _parsed(text)
    if facts.get("format") != FORMAT:
        raise refused("This is no file of a Mailroom configuration.", field="format")
    version = facts.get("version")
    if isinstance(version, int) and version > VERSION:
        raise Invalid(
            "The file was written by a newer version of Mailroom.",
            field="version",
            next="Update Mailroom on this server first.",
        )
    try:
        document = Document.model_validate(facts)
    except ValidationError as reason:
        field = ".".join(str(part) for part in reason.errors()[0]["loc"])
        raise refused(f"The file says something impossible at “{field}”.", field=field) from None
    if document.checksum != document.digest():
        raise refused("The file is damaged, or somebody has changed it: its checksum is another.", field="checksum")
    return document


def refused(sentence: str, **where: Any) -> Invalid:
    """A file that cannot be taken."""
    return Invalid(sentence, next=CHOOSE, **where)


def _text(content: bytes) -> str:
    if not content.strip():
        raise refused("The file is empty.", field="file")
    if len(content) > BYTES_MAX:
        raise refused(f"The file is larger than {BYTES_MAX // 1024**2} MB.", field="file")
    if content.count(b"{") + content.count(b"[") > BRACKETS_MAX:
        raise refused("The file holds more lists than any configuration has.", field="file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = content.count(b"\n", 0, reason.start) + 1
        raise refused(f"Line {line} is no text in UTF-8.", field="file", line=line) from None
    if (place := text.find("\0")) >= 0:
        line = text.count("\n", 0, place) + 1
        raise refused(f"Line {line} is no text in UTF-8.", field="file", line=line)
    return text


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_no_number
        )
    except json.JSONDecodeError as reason:
        sentence = f"The file is damaged or cut off at line {reason.lineno}."
        raise refused(sentence, field="file", line=reason.lineno) from None
    except RecursionError:
        raise refused("The file is nested deeper than any configuration is.", field="file") from None
    if not isinstance(found, dict):
        raise refused("This is no file of a Mailroom configuration.", field="format")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise refused(f"The file says “{name[:100]}” twice in one place.", field=name[:100])
        found[name] = value
    return found


def _int(digits: str) -> int:
    if len(digits) > DIGITS_MAX:
        raise refused(f"The file has a number of {len(digits)} digits.", field="file")
    return int(digits)


def _float(digits: str) -> float:
    if math.isinf(found := float(digits)):
        raise refused(f"The file has a number that is too large: {digits[:DIGITS_MAX]}.", field="file")
    return found


def _no_number(word: str) -> float:
    raise refused(f"{word} is no number.", field="file")


def line_of(text: str, page: str, field: str = "") -> int | None:
    """The line at which the file says a setting, or an item of a list: field is KEY, KEY/ID or KEY/ID/FIELD."""
    key, _, rest = field.partition("/")
    name = rest.partition("/")[0]
    place = 0
    for mark in filter(None, (f"{_json(page)}:", key and f"{_json(key)}:", name and f'"id": {_json(name)}')):
        further = text.find(mark, place)
        if further < 0:
            break
        place = further
    return text.count("\n", 0, place) + 1 if place else None
