"""The walk-through of docs/ARCHITECTURE.md, done: one more Postfix setting touches two files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "mailroom"
PAGE, TEMPLATE = Path("core/pages/mail_delivery_general.py"), Path("daemons/postfix/main.cf.j2")
FIELD = """
    helo_required: bool = setting(
        True,
        "Require HELO",
        group="limits",
        rows="PO08",
        help="Clients must say who they are.",
        parameter="smtpd_helo_required",
    )

    _in_a_labels = field_validator("domain", "hostname","""
LINE = 'smtpd_helo_required = {{ "yes" if general.helo_required else "no" }}'
LOOK = """
import json
from mailroom.core import settings
from mailroom.core.problems import Invalid
from mailroom.ctl.reference import text
from mailroom.daemons import configuration
from mailroom.daemons.shape import Facts
from mailroom.flows.setting import complete
from mailroom.flows.setting_difference import differences, file_differences
page, key = "mail_delivery.general", "helo_required"
stored = settings.defaults()
del stored[page][key]
before = complete(stored)
after = {name: dict(values) for name, values in before.items()}
after[page] = settings.clean(page, {**before[page], key: False})
try:
    settings.clean(page, {**before[page], key: "perhaps"})
    refused = ""
except Invalid as reason:
    refused = reason.setting
files = file_differences(configuration.render(Facts(before)), configuration.render(Facts(after)))
print(json.dumps({
    "schema": settings.schema_of(page)["properties"][key],
    "changed": differences(before, after),
    "files": files,
    "refused": refused,
    "documented": "smtpd_helo_required" in text(),
}))
"""


def test_one_more_postfix_setting_touches_two_files(tmp_path: Path) -> None:
    changed = tmp_path / "mailroom"
    shutil.copytree(SOURCE, changed, ignore=shutil.ignore_patterns("__pycache__"))
    page, template = (changed / PAGE), (changed / TEMPLATE)
    anchor = '\n    _in_a_labels = field_validator("domain", "hostname",'
    assert anchor in page.read_text()
    page.write_text(page.read_text().replace(anchor, FIELD, 1))
    former = "smtpd_helo_required = yes"
    assert former in template.read_text()
    template.write_text(template.read_text().replace(former, LINE))
    done = subprocess.run(
        (sys.executable, "-B", "-c", LOOK), env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"]["title"] == "Require HELO" and found["schema"]["x-ui"]["group"] == "limits"
    assert [(one["key"], one["old"], one["new"]) for one in found["changed"]] == [("helo_required", True, False)]
    assert [one["path"] for one in found["files"]] == ["postfix/main.cf"]
    assert "+smtpd_helo_required = no" in found["files"][0]["diff"]
    assert found["refused"] == "mail_delivery.general.helo_required" and found["documented"]
