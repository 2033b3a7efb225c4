"""Server Management > Configuration Backup: the whole configuration leaves as a file and comes back from one."""

from __future__ import annotations

import base64
from typing import Any

from pydantic import Field

from mailroom.core.configuration_file import BYTES_MAX, Document, written
from mailroom.core.problems import Refused
from mailroom.web import asking
from mailroom.web.api.settings import APPLIED, CHANGES, FILES, WARNING
from mailroom.web.route import WINDOW, Answer, Asked, Call, Whole, route
from mailroom.web.shapes import Named, free

AREA = "settings"
PASSPHRASE_MAX, PASSWORD_MAX = 200, 1_000
NO_TOKEN = "A token may not export secrets."
# The file as a JSON string: quotes and line ends take two bytes.
BODY_BYTES_MAX = 2 * BYTES_MAX
MACHINE = {
    "page": "mail_delivery.general",
    "key": "hostname",
    "title": "Hostname (FQDN)",
    "old": free("mail.example.org"),
    "new": free("mail.example.com"),
    "taken": False,
}
FILE = {
    "made_by": "0.1.0",
    "server": "mail.example.com",
    "date": "2026-09-21T13:33:20Z",
    "revision": 7,
    "secrets": "sealed",
    "opened": True,
}
# A file without any setting: everything would get its default.
EMPTY = Document(
    format="mailroom-configuration",
    version=1,
    made_by="0.1.0",
    server="mail.example.com",
    date="2026-09-21T13:33:20Z",
    revision=7,
    secrets="omitted",
    settings={},
)
ASKED = {"content": "{}", "passphrase": "four words without relation", "machine": [], "revision": 8}


class Exported(Asked):
    """How the file is to be made. passphrase: what its secrets are sealed with; without one they are left out.

    password: of the administrator who asks, needed with a passphrase.
    """

    passphrase: str = Field("", max_length=PASSPHRASE_MAX)
    password: str = Field("", max_length=PASSWORD_MAX)


class Looked(Asked):
    """A file to look at. machine: PAGE.KEY of what is about this machine and shall be taken over, too."""

    content: str = Field(max_length=BYTES_MAX)
    passphrase: str = Field("", max_length=PASSPHRASE_MAX)
    machine: list[str] = Field(default_factory=list, max_length=100)
    revision: Whole | None = None


class Imported(Looked):
    """A file to put in force. revision: the one that it was compared with."""

    revision: Whole


@route(
    WINDOW,
    "POST",
    "api/settings/export",
    summary="The whole configuration as one file",
    answer="The file: JSON, one setting or item of a list on each line. The job process records that it was exported.",
    example={
        "format": "mailroom-configuration",
        "version": 1,
        "made_by": "0.1.0",
        "server": "mail.example.com",
        "date": "2026-09-21T13:33:20Z",
        "revision": 7,
        "secrets": "omitted",
        "settings": Named({"service.protocol": free({"smtp_port": 25})}),
        "checksum": "sha256:00",
    },
    body=Exported,
    errors=(503,),
    asked={"passphrase": ""},
)
def export(call: Call) -> Answer:
    asked = call.body
    if asked.passphrase and call.token is not None:
        # Whoever chooses the passphrase can open the file: for a token, secrets would be readable (decision 0024).
        raise Refused(NO_TOKEN, code="scope", next="Leave the passphrase out, or export in the window.")
    made = asking.job(
        "settings.export", passphrase=asked.passphrase, password=asked.password, who=call.user, where=call.address
    )
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{made["name"]}"',
    }
    return Answer(str(made["text"]).encode(), headers=headers)


@route(
    WINDOW,
    "POST",
    "api/settings/import-preview",
    summary="What the configuration in a file would change; nothing is changed",
    answer="Where the file is from, what of it is not taken over as it stands, and then as a preview.",
    example={
        "revision": 8,
        "file": FILE,
        "here": {"made_by": "0.1.0", "server": "mail.example.org"},
        "told": [{"field": "gone.page", "text": "This version has no page gone.page. It is left out."}],
        "machine": [MACHINE],
        "settings": CHANGES,
        "files": FILES,
        "warnings": [WARNING],
    },
    body=Looked,
    errors=(409, 413, 503),
    asked={**ASKED, "content": written(EMPTY)},
    asks_only=True,
    longest=BODY_BYTES_MAX,
)
def preview_import(call: Call) -> Any:
    asked = call.body
    return asking.job(
        "settings.preview_import",
        content=content(asked),
        passphrase=asked.passphrase,
        machine=asked.machine,
        revision=asked.revision,
    )


@route(
    WINDOW,
    "POST",
    "api/settings/import",
    summary="Put the configuration in a file in force, wholly or not at all",
    answer="As an Apply. It is one revision, which can be put back.",
    example=APPLIED,
    body=Imported,
    errors=(409, 413, 424, 503),
    asked=ASKED,
    longest=BODY_BYTES_MAX,
)
def import_file(call: Call) -> Any:
    asked = call.body
    return asking.job(
        "settings.import",
        content=content(asked),
        passphrase=asked.passphrase,
        machine=asked.machine,
        revision=asked.revision,
        who=call.user,
        where=call.address,
    )


def content(asked: Looked) -> str:
    """The file for the job process. What is no text goes along, to be refused there with its line."""
    return base64.b64encode(asked.content.encode("utf-8", "surrogatepass")).decode()
