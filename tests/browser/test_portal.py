"""The mail portal in a real browser (rows CL01, CL02, CL03)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from email.message import EmailMessage

from playwright.sync_api import Page, expect

from office import DOMAIN, Office

Portal = Callable[..., Page]
HOSTILE = """<html><body><p style="color:red">Kind words</p><script>parent.document.title = "stolen"</script>
<img src="http://tracker.world.example/pixel.png"><img src=x onerror="parent.document.title = 'stolen'">
<a href="javascript:alert(1)">a link</a><form action="http://world.example/"><input name=q></form></body></html>"""


def open_mail(page: Page, subject: str) -> None:
    page.get_by_text(subject).first.click()
    expect(page.get_by_role("heading", name=subject)).to_be_visible()


def test_a_wrong_password_is_told_and_the_right_one_opens_the_inbox(portal: Portal, server: Office) -> None:
    page = portal("chloe", "not it")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(server.passwords["chloe"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Inbox").first).to_be_visible()


def test_new_mail_appears_without_reload_and_is_read(portal: Portal, server: Office) -> None:
    page = portal("chloe")
    expect(page.get_by_role("button", name="Compose")).to_be_visible()
    server.deliver("appears by itself", to=f"chloe@{DOMAIN}", text="Hello Chloe, 你好\n")
    expect(page.get_by_text("appears by itself").first).to_be_visible(timeout=60_000)
    open_mail(page, "appears by itself")
    expect(page.frame_locator("iframe").get_by_text("Hello Chloe, 你好")).to_be_visible()
    with server.imap("chloe") as client:
        client.select("INBOX", readonly=True)
        assert client.search(None, "SEEN", "SUBJECT", '"appears by itself"')[1] != [b""]


def test_hostile_html_is_shown_safely_and_images_wait(portal: Portal, server: Office) -> None:
    mail = server.mail("kind regards", to=f"chloe@{DOMAIN}")
    mail.add_alternative(HOSTILE, subtype="html")
    with server.smtp() as client:
        client.send_message(mail)
    page = portal("chloe")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_text("kind regards").first).to_be_visible(timeout=60_000)
    open_mail(page, "kind regards")
    frame = page.locator("iframe").first
    expect(page.frame_locator("iframe").get_by_text("Kind words")).to_be_visible()
    assert "allow-scripts" not in (frame.get_attribute("sandbox") or "")
    assert not [url for url in asked if "tracker" in url] and page.title() != "stolen"
    page.get_by_role("button", name=re.compile("Show images", re.IGNORECASE)).click()
    expect(page.frame_locator("iframe").get_by_text("Kind words")).to_be_visible()
    page.wait_for_timeout(500)
    assert [url for url in asked if "tracker" in url] and page.title() != "stolen"


def test_write_attach_and_send_to_the_outside(portal: Portal, server: Office) -> None:
    page = portal("ben")
    page.get_by_role("button", name="Compose").click()
    write = page.get_by_role("dialog", name="New message")
    write.get_by_role("combobox", name="To", exact=True).fill("friend@world.example")
    page.keyboard.press("Enter")
    write.get_by_role("textbox", name="Subject").fill("from the portal")
    page.get_by_role("textbox", name="Message text").click()
    page.keyboard.type("Written in a browser.")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "números.txt", "mimeType": "text/plain", "buffer": b"one two three\n" * 2000}
    )
    expect(page.get_by_text("números.txt").first).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    got = server.sent_out("from the portal")
    assert got["from"] == f"ben@{DOMAIN}" and "Written in a browser." in got["content"]
    expect(page.get_by_text("Sent.")).to_be_visible()
    assert len([one for one in server.folder_of("ben", "Sent") if b"Subject: from the portal" in one]) == 1


def test_reply_quotes_and_marks_as_answered(portal: Portal, server: Office) -> None:
    server.deliver("please answer", to=f"ben@{DOMAIN}", text="What is the time?\n")
    page = portal("ben")
    expect(page.get_by_text("please answer").first).to_be_visible(timeout=60_000)
    open_mail(page, "please answer")
    page.get_by_role("button", name="Reply", exact=True).first.click()
    page.get_by_role("textbox", name="Message text").click()
    page.keyboard.type("Half past nine. ")
    page.get_by_role("button", name="Send", exact=True).click()
    got = server.sent_out("Re: please answer")
    assert got["to"] == ["friend@world.example"] and "What is the time?" in got["content"]
    assert "In-Reply-To:" in got["content"]


def test_search_finds_and_delete_moves_to_trash(portal: Portal, server: Office) -> None:
    for subject in ("a pear tree", "an apple tree"):
        server.deliver(subject, to=f"ben@{DOMAIN}")
    page = portal("ben")
    expect(page.get_by_text("an apple tree").first).to_be_visible(timeout=60_000)
    box = page.get_by_role("searchbox").first
    box.fill("pear")
    box.press("Enter")
    expect(page.get_by_text("a pear tree").first).to_be_visible()
    expect(page.get_by_text("an apple tree")).to_have_count(0)
    open_mail(page, "a pear tree")
    page.get_by_role("button", name="Delete").first.click()
    assert server.arrived("ben", "a pear tree", "Trash")


def test_signing_out_ends_the_session(portal: Portal, page: Page, server: Office) -> None:
    portal("ben")
    expect(page.get_by_role("button", name="Compose")).to_be_visible()
    page.get_by_role("button", name="Account:").click()
    page.get_by_role("menuitem", name=re.compile("Sign out", re.IGNORECASE)).click()
    expect(page.get_by_label("User name")).to_be_visible()
    assert page.request.get(f"{server.web}/mail/api/folders").status == 401


def attachment(server: Office, to: str) -> EmailMessage:
    """A message with a file."""
    mail = server.mail("with a file", to=to)
    mail.add_attachment(b"%PDF-1.4 not really\n", maintype="application", subtype="pdf", filename="Angebot €.pdf")
    return mail


def test_an_attachment_is_downloaded_under_its_name(portal: Portal, server: Office) -> None:
    with server.smtp() as client:
        client.send_message(attachment(server, f"ben@{DOMAIN}"))
    page = portal("ben")
    expect(page.get_by_text("with a file").first).to_be_visible(timeout=60_000)
    open_mail(page, "with a file")
    with page.expect_download() as started:
        page.get_by_text("Angebot €.pdf").first.click()
    assert started.value.suggested_filename == "Angebot €.pdf"


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


def test_a_forwarded_message_keeps_its_picture_and_a_name_its_comma(portal: Portal, server: Office) -> None:
    mail = server.mail("with a logo", to=f"ben@{DOMAIN}")
    mail.set_content('<p>See <img src="cid:logo@x.example" alt="LOGO"> here</p>', subtype="html")
    mail.add_related(PICTURE, "image", "png", cid="<logo@x.example>", filename="logo.png")
    with server.smtp() as client:
        client.send_message(mail)
    page = portal("ben")
    expect(page.get_by_text("with a logo").first).to_be_visible(timeout=60_000)
    open_mail(page, "with a logo")
    expect(page.frame_locator("iframe").get_by_role("img", name="LOGO")).to_be_visible()
    expect(page.get_by_role("list", name="Attachments")).to_have_count(0)
    page.get_by_role("button", name="Forward", exact=True).first.click()
    expect(page.get_by_text("logo.png")).to_be_visible()
    page.get_by_role("combobox", name="To", exact=True).click()
    page.keyboard.type('"Doe, John" <friend@world.example>,')
    expect(page.locator(".tag", has_text="Doe, John")).to_have_count(1)
    expect(page.locator(".tag.bad")).to_have_count(0)
    page.get_by_role("button", name="Send", exact=True).click()
    got = server.sent_out("Fwd: with a logo")
    assert got["to"] == ["friend@world.example"] and "image/png" in got["content"] and "logo.png" in got["content"]


def test_the_reader_says_what_is_odd(portal: Portal, server: Office) -> None:
    """Two senders; two texts around a picture; a text that is too long to be shown whole."""
    head = f"From: first@world.example\nFrom: second@world.example\nTo: ben@{DOMAIN}\nMIME-Version: 1.0\n"
    kind = "Content-Type: text/plain\n\n"
    long = "a line of words that goes on\n" * 120_000
    text = (
        f"--b\n{kind}First part.\n--b\nContent-Type: image/png; name=a.png\n\nx\n--b\n{kind}Second part.\n{long}--b--\n"
    )
    whole = f"{head}Subject: odd in many ways\nContent-Type: multipart/mixed; boundary=b\n\n{text}"
    with server.smtp() as client:
        client.sendmail("friend@world.example", [f"ben@{DOMAIN}"], whole)
    page = portal("ben")
    expect(page.get_by_text("odd in many ways").first).to_be_visible(timeout=60_000)
    open_mail(page, "odd in many ways")
    expect(page.frame_locator("iframe").get_by_text("First part.")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("Second part.")).to_be_visible()
    expect(page.get_by_text("The first of each is shown")).to_be_visible()
    expect(page.get_by_text("too long to be shown whole")).to_be_visible()
    expect(page.get_by_text("part-3.txt")).to_be_visible()


def test_where_links_lead_and_how_letters_run(portal: Portal, server: Office) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "PayPal Support <friend@world.example>", f"chloe@{DOMAIN}"
    message["Subject"] = "where links lead"
    message.set_content("See https://www.paypal.com")
    message.add_alternative(
        '<p><a href="https://paypa1.example/login">https://www.paypal.com</a> '
        '<a href="https://www.world.example/news">world.example</a></p>',
        subtype="html",
    )
    with server.smtp() as client:
        client.send_message(message)
    server.deliver("letters that run the other way", to=f"chloe@{DOMAIN}", text="مرحبا بالعالم.\nHello world.\n")
    page = portal("chloe")
    expect(page.get_by_text("where links lead").first).to_be_visible(timeout=60_000)
    open_mail(page, "where links lead")
    inside = page.frame_locator("iframe")
    expect(inside.get_by_text("[→ paypa1.example]")).to_be_visible()
    expect(page.get_by_text("A link here names another address than it leads to.")).to_be_visible()
    expect(inside.get_by_text("[→")).to_have_count(1)
    open_mail(page, "letters that run the other way")
    expect(inside.get_by_text("Hello world.")).to_be_visible()
    expect(page.get_by_text("names another address")).to_have_count(0)
    lines = inside.locator("pre").evaluate(
        """(pre) => { const range = document.createRange(); const text = pre.firstChild;
        const half = text.data.indexOf('\\n'); const middle = (from, to) => { range.setStart(text, from);
        range.setEnd(text, to); const { left, right } = range.getBoundingClientRect(); return (left + right) / 2 };
        return [middle(0, half), middle(half + 1, text.length - 1), pre.clientWidth / 2] }"""
    )
    assert lines[0] > lines[2] > lines[1]
