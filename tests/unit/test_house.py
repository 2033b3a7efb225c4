"""The rules of the house that a machine can check."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mailroom.core import secrets, settings
from mailroom.ctl.reference import text
from mailroom.daemons import configuration
from mailroom.daemons.shape import Facts, HostFacts

HERE = Path(__file__).resolve().parents[2]
FEATURES = HERE / "docs" / "features.md"
LINES_MAX = 300
CODE = {".py", ".ts", ".vue", ".css", ".c", ".lua", ".j2", ".js"}
ROW = re.compile(r"^\| ((?:[A-Z]{2}\d{2}(?:, )?)+) \| ([^|]+) \| ([^|]+) \|$")
# Rows that the product claims by now; each must stand in docs/features.md with a test.
CLAIMED = [
    "SW01",
    "SW02",
    "SW03",
    "SW04",
    "SW05",
    "SW06",
    "SW07",
    "SW08",
    "SW09",
    "SW10",
    "SW11",
    "SW12",
    "CL01",
    "CL02",
    "CL03",
    "CL07",
    "CL08",
    "CK01",
    "LI01",
    "LI02",
    "AC01",
    "AC06",
    "AC07",
    "AC11",
    "AC12",
    "PR01",
    "PR02",
    "PR03",
    "PR04",
    "PR05",
    "PR06",
    "PR07",
    "PR08",
    "PR09",
    "PR10",
    "PR11",
    "DL01",
    "DL02",
    "DL03",
    "DL04",
    "DL05",
    "DL06",
    "DL07",
    "DL08",
    "DL09",
    "DL10",
    "DL11",
    "DL12",
    "PO01",
    "PO02",
    "PO03",
    "PO04",
    "PO05",
    "PO06",
    "PO07",
    "PO08",
    "PO09",
    "PO10",
    "PO11",
    "RL01",
    "RL02",
    "RL03",
    "RL04",
    "BW01",
    "BW02",
    "BW03",
    "BW04",
    "BW05",
    "BW06",
    "BW07",
    "BW08",
    "BW09",
    "BW10",
    "BW11",
    "SA01",
    "SA05",
    "SA06",
    "AV01",
    "AV02",
    "AV05",
    "AV06",
    "AV08",
    "AV11",
    "AV12",
    "QE01",
    "QE02",
    "QE03",
    "QE04",
    "QE05",
    "SL01",
    "SL02",
    "SL03",
    "AL01",
    "AL02",
    "AL03",
    "AL04",
    "AL05",
    "AL06",
    "AL07",
    "BC01",
    "BC02",
    "BC03",
    "BC04",
    "BC05",
    "BC06",
    "BC07",
    "DI01",
    "DI02",
    "DI03",
    "DI04",
    "DI05",
    "DI06",
    "DI07",
    "DI08",
    "DQ01",
    "DQ02",
    "DQ03",
    "DQ04",
    "DQ05",
]


def ours() -> list[Path]:
    """Every file of the project."""
    listed = subprocess.run(("git", "ls-files"), cwd=HERE, capture_output=True, text=True, check=True).stdout
    return [HERE / name for name in listed.splitlines() if (HERE / name).is_file()]


def test_files_stay_readable() -> None:
    long = {
        str(file.relative_to(HERE)): count
        for file in ours()
        if file.suffix in CODE and (count := len(file.read_text(errors="replace").splitlines())) > LINES_MAX
    }
    assert long == {}


def test_each_file_of_tests_has_a_name_of_its_own() -> None:
    """pytest imports them by it: of two with one name the second is not run."""
    names = [file.name for file in (HERE / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_claimed_row_has_a_test_that_exists() -> None:
    proved: dict[str, str] = {}
    for line in FEATURES.read_text().splitlines():
        if match := ROW.match(line):
            for row in match[1].split(", "):
                proved[row] = match[3]
    assert [row for row in CLAIMED if row not in proved] == []
    assert [row for row, tests in proved.items() if "`tests/" not in tests] == []


def test_every_test_that_features_md_names_exists() -> None:
    """Also those of additions, which are no rows of the guide."""
    for name in re.findall(r"`((?:ui/)?tests/[^`]+)`", FEATURES.read_text()):
        file, _, function = name.partition("::")
        assert (HERE / file).is_file(), f"{file} does not exist"
        assert not function or f"{function}(" in (HERE / file).read_text(), f"{name} does not exist"


def test_the_reference_of_settings_is_as_declared() -> None:
    assert (HERE / "docs" / "settings.md").read_text().strip() == text().strip()


def test_no_setting_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Habit 6: each choice of each setting changes what some daemon reads, or a flow reads it itself."""
    host = HostFacts(lan_networks=("192.0.2.0/24",), accounts_synced=True)
    usual = settings.defaults()
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    needs = {(page, key): depends(page, key) for page, key, _ in settings.each_setting()}
    for (page, _), needed in needs.items():
        usual[page] |= {name: value for name, value in needed.items() if value is not False}
    relay = usual["mail_delivery.delivery"]
    relay |= settings.clean("mail_delivery.delivery", {**relay, "server": "a.example", "account": "a", "password": "a"})
    scanner = usual["security.antivirus"]
    proxy = {"proxy_server": "a.example", "proxy_account": "a", "proxy_password": "a"}
    scanner |= settings.clean("security.antivirus", {**scanner, **proxy})
    idle = []
    for (page, key), needed in needs.items():
        before = {**usual, page: settings.clean(page, {**usual[page], **needed})}
        for value in others(page, key, before[page][key]):
            changed = {**before, page: settings.clean(page, {**before[page], key: value})}
            same = configuration.render(Facts(changed, host)) == configuration.render(Facts(before, host))
            if same and not read_by_a_flow(page, key):
                idle.append(f"{page}.{key} = {value!r}")
    # The antivirus engine has one choice so far.
    assert idle == []


def test_each_field_of_a_lists_item_makes_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Habit 6, for items: no two of their samples, which differ in one field at least, are read alike."""
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    usual, alike = settings.defaults(), []
    for page, key, _ in settings.each_setting():
        seen: list[object] = [configuration.render(Facts(usual, HostFacts()))]
        for sample in kind.samples if (kind := settings.item_of(page, key)) else ():
            changed = {**usual, page: settings.clean(page, {**usual[page], key: [{"id": "one", **sample}]})}
            rendered = configuration.render(Facts(changed, HostFacts()))
            alike += [f"{page}.{key}: {sample}"] if rendered in seen else []
            seen.append(rendered)
    assert alike == []


def depends(page: str, key: str) -> dict[str, object]:
    """Other values of the page with which alone the setting has an effect."""
    needed = settings.schema_of(page)["properties"][key]["x-ui"].get("depends", {})
    return {name: one[0] if isinstance(one, list) else one for name, one in needed.items()}


def read_by_a_flow(page: str, key: str) -> bool:
    """Whether a story looks at it: its tests change each such setting."""
    read = re.compile(rf'\["{re.escape(page)}"\]\["{key}"\]')
    return any(read.search(file.read_text()) for file in (HERE / "src" / "mailroom" / "flows").glob("*.py"))


def others(page: str, key: str, value: object) -> list[object]:
    """Every other choice of a setting, or one other value."""
    declared = settings.schema_of(page)["properties"][key]
    if "enum" in declared or "const" in declared:
        return [choice for choice in declared.get("enum", []) if choice != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1]
    if (kind := settings.item_of(page, key)) is not None and kind.samples:
        return [[{"id": "one", **sample}] for sample in kind.samples]
    if kind is not None:
        texts = {name: "other" for name, field in kind.model_fields.items() if field.default == ""}
        members = {"members": ["user:other"]} if "members" in kind.model_fields else {}
        return [[{"id": "one", **texts, **members}]]
    if isinstance(value, list):
        return [["other.example"] if key in ("blocklists", "names", "mta_sts_servers") else ["198.51.100.0/24"]]
    texts = {"email": "other@example.com", "directory": "https://other.example/", "public_address": "192.0.2.9"}
    texts["mirror"] = "http://other.example"
    texts |= dict.fromkeys(("domain", "hostname", "outward_domain"), "other.example")
    return [texts.get(key, "other")]


def test_the_project_speaks_of_itself_alone() -> None:
    words = re.compile("/" + "work/|py" + "pi" + r"\.org|npm" + r"js\.org|deb" + r"\.debian\.org", re.IGNORECASE)
    found = [
        f"{file.relative_to(HERE)}: {match[0]}"
        for file in ours()
        if file.suffix not in (".png", ".ico") and (match := words.search(file.read_text(errors="replace")))
    ]
    assert found == []


def test_headers_are_written_in_one_place() -> None:
    """The standard library encodes what must not be encoded and loses blanks (core/mail_header.py)."""
    writers = re.compile(
        r"\bEmailMessage\b|\bMIME[A-Z]\w+\(|\bemail\.(policy|mime|generator|message)\b"
        r"|email\.header import [^\n]*(\bHeader\b|make_header)"
    )
    found = {
        str(file.relative_to(HERE))
        for file in (HERE / "src/mailroom").rglob("*.py")
        if writers.search(file.read_text())
    }
    assert found == set()
