"""Small pieces of the stand-in that need no machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from dsmhost import nginx, relations, wizard, workers
from dsmhost.cgi import inside
from dsmhost.forward import PortTaken, open_door
from dsmhost.http import Request, cookie_in
from dsmhost.portal import Portal, head
from dsmhost.spk import Refused, numbers, parse_info

STEPS = [{"step_title": "One", "items": [{"type": "multiselect", "subitems": [{"key": "a"}, {"key": "b"}]}]}]


def test_inside_follows_links_as_the_machine_sees_them(tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/file").write_text("x")
    (tmp_path / "absolute").symlink_to("/deep/er")
    (tmp_path / "deep/relative").symlink_to("../absolute/file")
    (tmp_path / "deep/out").symlink_to("../../../../etc/passwd")
    (tmp_path / "circle").symlink_to("circle")
    assert inside(tmp_path, tmp_path / "absolute/file") == tmp_path / "deep/er/file"
    assert inside(tmp_path, tmp_path / "deep/relative") == tmp_path / "deep/er/file"
    assert inside(tmp_path, tmp_path / "deep/out") is None
    assert inside(tmp_path, tmp_path / "circle") is None


@pytest.mark.parametrize(
    ("target", "path"),
    [("http://127.0.0.1:9", "/mail/x?y"), ("http://127.0.0.1:9/", "//x?y"), ("http://127.0.0.1:9/own", "/own/x?y")],
)
def test_portal_paths_by_nginx_rules(target: str, path: str) -> None:
    request = Request("GET", "/mail/x?y", {"host": "nas"}, "10.0.0.1", "10.0.0.2")
    assert head(request, "mail", Portal(target)).split(b" ")[1].decode() == path


def test_portal_headers() -> None:
    browser = {"host": "nas:80", "x-forwarded-host": "forged", "connection": "upgrade", "upgrade": "h2c"}
    request = Request("GET", "/mail", browser, "10.0.0.1", "10.0.0.2")
    sent = head(request, "mail", Portal("http://127.0.0.1:9", [("X-Forwarded-Host", "$http_host")])).decode()
    assert "x-forwarded-host: nas:80" in sent and "forged" not in sent and "upgrade" not in sent
    assert "host: 127.0.0.1:9" in sent and "connection: close" in sent


def test_nginx_files(tmp_path: Path) -> None:
    folder = tmp_path / nginx.CONF_D
    folder.mkdir(parents=True)
    (folder / "www.a.conf").write_text(
        "location /mail {\n proxy_pass http://127.0.0.1:1;\n proxy_set_header Host $host;\n # proxy_pass x;\n}\n"
    )
    (folder / "www.b.conf").write_text("location = /.well-known/b.txt {\n proxy_pass http://127.0.0.1:2;\n}\n")
    (folder / "other.conf").write_text("location /no { proxy_pass http://127.0.0.1:1; }")
    assert nginx.portals(tmp_path) == {
        "mail": Portal("http://127.0.0.1:1", [("Host", "$host")]),
        ".well-known/b.txt": Portal("http://127.0.0.1:2"),
    }


def test_boxes_are_true_or_false() -> None:
    assert wizard.answers(STEPS, {}) == {"a": "false", "b": "false"}
    assert wizard.answers(STEPS, {"a": True}) == {"a": "true", "b": "false"}


def test_info_lines() -> None:
    assert parse_info(b'# note\nversion="1.0-2"\n') == {"version": "1.0-2"}
    with pytest.raises(Refused):
        parse_info(b"version=1.0-2")


def test_versions_are_numbers() -> None:
    assert numbers("1.10-2") > numbers("1.9-2")


def test_relations_are_read() -> None:
    assert relations.names({"x": "A>2.2:B: C=1"}, "x") == ["A", "B", "C"]


@pytest.mark.parametrize("ports", ["25", "25,465/tcp", "1:9/tcp,udp", "25/udp"])
def test_port_files(tmp_path: Path, ports: str) -> None:
    file = tmp_path / "P.sc"
    file.write_text(f'[p]\ntitle="P"\ndesc="D"\nport_forward="yes"\ndst.ports="{ports}"\n')
    assert workers.port_file(file) == ""
    file.write_text(file.read_text().replace(ports, "smtp"))
    assert "dst.ports" in workers.port_file(file)


def test_cookies() -> None:
    assert cookie_in("a=1; id=xyz", "id") == "xyz"
    assert cookie_in("a=1", "id") == "" and cookie_in('\x00"(=;', "id") == ""


def test_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door, pytest.raises(PortTaken, match=rf"\(pid {os.getpid()}\)"):
        open_door("127.0.0.1", door.getsockname()[1])
