"""Each way by which a stored secret could be read, used or guessed by who does not know it (decision 0024): a table."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA

from mailroom.app import settings_operations
from mailroom.core import configuration_file, sealed, secrets
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid, Problem, TooMany, Unavailable
from mailroom.flows import reauthentication, relay, setting_file
from mailroom.flows.jobs import call
from mailroom.flows.setting import Settings

PAGE, ITEMS = "mail_delivery.delivery", "sender_relays"
SECRET, GUESS, PASSPHRASE, PASSWORD = "Open, Sesame 1", "Open, Sesame 2", "four words without relation", "annas own"
PAGE_RELAY = {"enabled": True, "server": "relay.example", "authentication": True, "account": "anna"}
ITEM = {"domain": "one.example", "server": "relay.example", "account": "anna"}
# What else a secret belongs to, and another value of it.
OTHER: dict[str, Any] = {
    "server": "evil.example", "port": 2525, "always_tls": False, "implicit_tls": True, "tls": "offered",
    "verify": False, "account": "eve",
}  # fmt: skip
Doors = dict[str, Callable[..., Any]]
WHO = {"who": "anna", "where": "192.0.2.7"}


@pytest.fixture
def doors(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Callable[..., Any]]]:
    """The job process's operations on a server with two secrets."""
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    monkeypatch.setattr(secrets, "SCRYPT_N", 2)
    wanted = {**PAGE_RELAY, "password": SECRET, ITEMS: {"put": [{**ITEM, "password": SECRET}]}}
    settings.apply(1, {PAGE: wanted}, ANNA)

    def prove(who: str, password: str, where: str) -> None:
        if (who, password) != ("anna", PASSWORD):
            raise Invalid("wrong", field="password")

    yield {
        **settings_operations(settings),
        **setting_file.operations(settings, prove),
        **relay.operations(settings.values),
    }


def stored(doors: Doors) -> dict[str, Any]:
    return dict(call(doors, {"op": "settings.read", "page": PAGE})["values"])


def test_every_field_to_which_a_secret_belongs_is_tried() -> None:
    """A field of a connection that is new is thought of here, too."""
    page = declared.pages()[PAGE]
    item = declared.item_of(PAGE, ITEMS)
    assert item is not None
    beside = {"enabled", "authentication", "dane", "mta_sts", ITEMS, "password"}
    assert set(page.model_fields) - beside == set(page.kept_for["password"])
    assert set(item.model_fields) - {"id", "domain", "password"} == set(item.kept_for["password"])
    assert set(page.kept_for["password"]) | set(item.kept_for["password"]) == set(OTHER)


@pytest.mark.parametrize(
    ("field", "inside"),
    [
        *((field, False) for field in declared.pages()[PAGE].kept_for["password"]),
        *((field, True) for field in ("server", "port", "tls", "verify", "account")),
    ],
)
@pytest.mark.parametrize("door", ["settings.preview", "settings.apply", "relay.test", "settings.import"])
def test_a_stored_secret_goes_nowhere_else(
    doors: Doors, settings: Settings, monkeypatch: pytest.MonkeyPatch, field: str, inside: bool, door: str
) -> None:
    """The mask is sent back beside another server, port or kind of connection: refused, or the secret is gone."""
    before = stored(doors)
    if inside:
        changes: dict[str, Any] = {ITEMS: [{**before[ITEMS][0], field: OTHER[field]}]}
    else:
        changes = {field: OTHER[field]}
    sent: list[Any] = []
    monkeypatch.setattr(relay, "_talk", lambda one, *_: sent.append(one) or {"ok": True})
    asked = {"op": door, **WHO, "revision": 2, "page": PAGE, "changes": changes}
    if door == "relay.test":
        asked = {"op": door, "changes": changes, "domain": "one.example" if inside else ""}
    if door == "settings.import":
        asked = {"op": door, **WHO, "revision": 2, "content": a_file({PAGE: {**before, **changes}})}
    try:
        call(doors, asked)
    except Invalid as reason:
        assert "password" in str(reason.field)
    assert all(one.password != SECRET for one in sent)
    known = declared.secrets_in(PAGE, settings.values()[PAGE])
    after = stored(doors)
    moved = after[ITEMS][0][field] != before[ITEMS][0][field] if inside else after[field] != before[field]
    name = f"{PAGE}.{ITEMS}/{before[ITEMS][0]['id']}/password" if inside else f"{PAGE}.password"
    assert not (moved and known.get(name)), "the secret came along"


def a_file(pages: dict[str, Any]) -> str:
    document = configuration_file.Document(
        format="mailroom-configuration", version=1, made_by="0.1.0", server="a.example", date="2026-09-21T13:33:20Z",
        revision=1, secrets="omitted", settings=pages,
    )  # fmt: skip
    return base64.b64encode(configuration_file.written(document).encode()).decode()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"password": ""},
        {"password": "wrong"},
        {"password": PASSWORD, "who": "token backup of anna"},
        {"password": PASSWORD, "who": "ben"},
    ],
)
def test_secrets_leave_only_in_person(doors: Doors, more: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        call(doors, {"op": "settings.export", **WHO, "passphrase": PASSPHRASE, **more})
    assert refused.value.field == "password"


def test_who_proves_to_be_himself_gets_them_and_so_does_root(doors: Doors) -> None:
    for more in ({"password": PASSWORD}, {"by_root": True}):
        text = call(doors, {"op": "settings.export", **WHO, "passphrase": PASSPHRASE, **more})["text"]
        assert '"sealed"' in text and SECRET not in text
    assert '"sealed"' not in call(doors, {"op": "settings.export", **WHO})["text"]


def test_nothing_that_can_be_asked_tells_a_secret(doors: Doors) -> None:
    """Every operation that only reads."""
    told = [
        call(doors, {"op": "settings.read", "page": PAGE}),
        call(doors, {"op": "settings.history"}),
        call(doors, {"op": "settings.compare", "from": 1, "to": 2}),
        call(doors, {"op": "settings.preview", "revision": 2, "page": PAGE, "changes": {"port": 25, "password": "x"}}),
        call(doors, {"op": "settings.preview_back", "revision": 2, "to": 1, "page": PAGE}),
        call(doors, {"op": "settings.export", **WHO}),
    ]
    text = json.dumps(told)
    assert SECRET not in text and sealed.PREFIX not in text


def test_no_preview_tells_whether_a_guess_is_right(doors: Doors) -> None:
    """A file that somebody has sealed with a passphrase of his own, and a page with a guess in it."""
    answers: list[dict[str, Any]] = []
    text = call(doors, {"op": "settings.export", **WHO, "passphrase": PASSPHRASE, "password": PASSWORD})["text"]
    for guess, stored_too in itertools.product((SECRET, GUESS), (False, True)):
        content = resealed(text, guess, stored_too)
        asked = {"op": "settings.preview_import", "content": content, "passphrase": PASSPHRASE}
        answers.append(call(doors, asked))
        change = {"op": "settings.preview", "revision": 2, "page": PAGE, "changes": {"password": guess}}
        answers.append({"page": call(doors, change)})
    for right, wrong in zip(answers[:4], answers[4:], strict=True):
        assert right == wrong
    # And what this server has exported itself is no change.
    same = {"op": "settings.preview_import", "content": encoded(text), "passphrase": PASSPHRASE}
    assert call(doors, same)["settings"] == []


def resealed(text: str, guess: str, stored_too: bool) -> str:
    """The file with this password, by somebody who knows the passphrase."""
    facts = json.loads(text)
    key = secrets.key_of(PASSPHRASE, base64.b64decode(facts["salt"]))
    name = f"{PAGE}.password"
    held = {"sealed": secrets.close_with(key, guess, name)}
    former = facts["settings"][PAGE]["password"]
    facts["settings"][PAGE]["password"] = {**former, **held} if stored_too else held
    document = configuration_file.Document.model_validate({**facts, "checksum": "", "proof": ""})
    document.proof = secrets.close_with(key, setting_file.PROOF, setting_file.PROOF, document.bound())
    return encoded(configuration_file.written(document))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"answer": "ok"}, None),
        ({"answer": "bad"}, Invalid),
        ({"answer": "disabled"}, Invalid),
        ({"answer": "temp"}, Unavailable),
        ({"answer": "blocked", "retry_after_s": 7}, TooMany),
    ],
)
def test_the_password_is_asked_of_the_host(told: dict[str, Any], problem: type[Problem] | None) -> None:
    asked: list[dict[str, Any]] = []

    def check(**request: Any) -> dict[str, Any]:
        asked.append(request)
        return told

    if problem is None:
        reauthentication.prove("anna", "x", "192.0.2.7", check)
    else:
        with pytest.raises(problem):
            reauthentication.prove("anna", "x", "192.0.2.7", check)
    assert asked == [{"op": "check", "user": "anna", "password": "x", "service": "window", "rip": "192.0.2.7"}]
