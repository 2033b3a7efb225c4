"""A user's own folders at /mail, with real Dovecot: nothing that is in one is lost by one press."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

import portal_samples as samples
import pytest
from portal_house import Browser, House, until


@pytest.fixture
def top(anna: Browser) -> str:
    """A folder of this test's own."""
    name = f"Kunden & Söhne {os.urandom(3).hex()}"
    return str(anna.post("api/folders", name=name)["id"])


def folders(browser: Browser) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in browser.get("api/folders")["folders"]}


def at(id: str, action: str = "") -> str:
    return f"api/folders/{quote(id, safe='')}{action}"


def delete(browser: Browser, id: str) -> str | None:
    """Delete a folder, having counted what is in it."""
    facts = {"for_good": id.startswith("Trash/"), "counted": counted(browser, id)}
    new: str | None = browser.post(at(id, "/remove"), **facts)["id"]
    return new


def counted(browser: Browser, id: str) -> dict[str, int]:
    """What the question before says of a folder and of all inside of it."""
    return {one["id"]: one["next_uid"] for one in folders(browser).values() if f"{one['id']}/".startswith(f"{id}/")}


def fill(house: House, browser: Browser, folder: str, subject: str) -> None:
    """One message in this folder."""
    house.deliver("anna", samples.plain(subject))
    uid = until(lambda: next((one["uid"] for one in browser.messages() if one["subject"] == subject), 0))
    browser.post("api/folders/INBOX/move", uids=[uid], to=folder)


def subjects(browser: Browser, folder: str) -> list[str]:
    return [one["subject"] for one in browser.get(at(folder, "/messages"))["messages"]]


def test_made_renamed_and_moved_with_all_that_is_in_it(house: House, anna: Browser, top: str) -> None:
    inner = anna.post("api/folders", name="Übersicht", parent=top)["id"]
    assert inner == f"{top}/Übersicht" and folders(anna)[inner]["depth"] == 1
    fill(house, anna, inner, f"in {inner}")
    other = anna.post("api/folders", name=f"{top} 2")["id"]
    moved = anna.post(at(top, "/rename"), name="Neu", parent=other)["id"]
    assert moved == f"{other}/Neu" and top not in folders(anna)
    assert subjects(anna, f"{moved}/Übersicht") == [f"in {inner}"]
    # Other programs show it, too (SUBSCRIBE).
    assert anna.post(at(moved, "/rename"), name="Neu", parent=other)["id"] == moved


def test_deleted_means_in_trash_and_back_again(house: House, anna: Browser, top: str) -> None:
    inner = anna.post("api/folders", name="inside", parent=top)["id"]
    fill(house, anna, inner, f"kept {top}")
    gone = delete(anna, top)
    assert gone == f"Trash/{top}" and subjects(anna, f"{gone}/inside") == [f"kept {top}"]
    assert anna.post(at(gone, "/rename"), name=top, parent="")["id"] == top
    assert subjects(anna, inner) == [f"kept {top}"]
    # A second one of the same name finds another place; from Trash it is gone for good, with what is in it.
    delete(anna, top)
    anna.post("api/folders", name=top)
    assert delete(anna, top) == f"Trash/{top} 2"
    assert delete(anna, f"Trash/{top}") is None
    assert not [one for one in folders(anna) if one.startswith(f"Trash/{top}/") or one == f"Trash/{top}"]


def test_emptied_is_what_was_counted(house: House, anna: Browser, top: str) -> None:
    fill(house, anna, "Junk", f"old {top}")
    before = counted(anna, "Junk")
    fill(house, anna, "Junk", f"came since {top}")
    delete(anna, anna.post("api/folders", name="within", parent=top)["id"])
    assert anna.post("api/folders/Junk/empty", counted=before)["deleted"] >= 1
    assert subjects(anna, "Junk") == [f"came since {top}"]
    assert any(one.startswith("Trash/within") for one in folders(anna))
    anna.post("api/folders/Trash/empty", counted=counted(anna, "Trash"))
    assert subjects(anna, "Trash") == [] and not any(one.startswith("Trash/") for one in folders(anna))


NO_NAMES = (
    "", "  ", "a/b", "a\\b", "50%", "*", 'a"b', "a\nb", "a\u202eb", "..", ".", "~",
    "x" * 101, "inbox", "TRASH", "Drafts",
)  # fmt: skip


def test_names_that_no_folder_can_have(anna: Browser) -> None:
    before = folders(anna)
    for name in NO_NAMES:
        answer = anna.ask("POST", "api/folders", {"name": name})
        assert (answer.status, answer.facts["field"]) == (422, "name") and answer.facts["message"], name
    assert set(folders(anna)) == set(before)


def test_what_is_refused_changes_nothing(anna: Browser, top: str) -> None:
    inner = anna.post("api/folders", name="inner", parent=top)["id"]
    before = set(folders(anna))
    for path, facts, status in (
        ("api/folders", {"name": "inner", "parent": top}, 422),
        ("api/folders", {"name": "x", "parent": "Nowhere"}, 404),
        (at("INBOX", "/rename"), {"name": "Mine"}, 422),
        (at("Sent", "/rename"), {"name": "Mine"}, 422),
        (at(top, "/rename"), {"name": "x", "parent": top}, 422),
        (at(top, "/rename"), {"name": "x", "parent": inner}, 422),
        (at(top, "/rename"), {"name": "Junk"}, 422),
        (at("Nowhere", "/rename"), {"name": "x"}, 404),
        (at("INBOX", "/remove"), {"for_good": False}, 422),
        (at("Trash", "/remove"), {"for_good": False}, 422),
        (at("Nowhere", "/remove"), {"for_good": False}, 404),
        # It is not where the question about it said: deleted for good is only what lies in Trash.
        (at(top, "/remove"), {"for_good": True}, 409),
        (at("INBOX", "/empty"), {"counted": {}}, 422),
        (at(top, "/empty"), {"counted": {}}, 422),
    ):
        answer = anna.ask("POST", path, facts)
        assert answer.status == status, (path, answer.status, answer.body)
    assert set(folders(anna)) == before


def test_what_came_while_the_question_was_open_is_not_deleted(house: House, anna: Browser, top: str) -> None:
    """Another tab moves a folder into Trash, or a message into one that lies there."""
    delete(anna, top)
    asked, inner = counted(anna, "Trash"), counted(anna, f"Trash/{top}")
    other = anna.post("api/folders", name=f"{top} other")["id"]
    fill(house, anna, other, f"not counted {top}")
    moved = delete(anna, other)
    assert moved
    assert anna.ask("POST", at("Trash", "/empty"), {"counted": asked}).status == 409
    assert subjects(anna, moved) == [f"not counted {top}"]
    fill(house, anna, f"Trash/{top}", f"late {top}")
    assert anna.ask("POST", at(f"Trash/{top}", "/remove"), {"for_good": True, "counted": inner}).status == 409
    assert anna.ask("POST", at(f"Trash/{top}", "/remove"), {"for_good": True}).status == 409
    assert subjects(anna, f"Trash/{top}") == [f"late {top}"]
