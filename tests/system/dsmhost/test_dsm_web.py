"""The machine's web server: authenticate.cgi, CGI programs, portals, the web API."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from dsm_desk import AUTHENTICATE, PASSWORD, Client, with_window

from dsmhost.machine import Machine

LIMIT_S = 20.0
WEBSERVICE = {
    "services": [
        {"service": "probe", "display_name": "Probe", "type": "reverse_proxy", "proxy_target": "http://127.0.0.1:8099",
         "proxy_headers": [{"name": "X-Forwarded-Proto", "value": "$scheme"}]}
    ],
    "portals": [{"service": "probe", "name": "probe", "type": "alias", "alias": "probe"}],
}  # fmt: skip
ECHO = """
import http.server
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (self.path + "\\n" + str(self.headers)).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
server = http.server.HTTPServer(("127.0.0.1", 8099), Echo)
print("serving", flush=True); server.serve_forever()
"""


def test_authenticate(shown: Machine) -> None:
    """The user's name for the session's cookie, token and address together, and for nothing less."""
    client, elsewhere = Client(shown), Client(shown, "network")
    data = client.sign_in(format="cookie", enable_syno_token="yes")["data"]
    cookie, token = f"Cookie: id={data['sid']}", f"X-SYNO-TOKEN: {data['synotoken']}"
    path = "/webman/3rdparty/Probe/hello.cgi/page"
    runner = "probe" if shown.profile == "7" else "root"
    assert client.get(path, "-H", cookie, "-H", token) == f"<h1>Hello [anna] as {runner} at /page</h1>"
    assert "[anna]" in client.get(f"{path}?SynoToken={data['synotoken']}", "-H", cookie)
    # A POST keeps its body only when the caller says GET, as it must; here the tool eats it.
    assert "[anna]" in client.get(path, "-H", cookie, "-H", token, "-d", "x=y")
    nobody = [
        ("-H", cookie), ("-H", token), ("-H", cookie, "-H", "X-SYNO-TOKEN: wrong"),
        ("-H", "Cookie: id=wrong", "-H", token),
        ("-H", cookie, "-H", "X_SYNO_TOKEN: " + data["synotoken"]),
        ("-H", "Remote-User: anna"), ("-H", "X-Forwarded-User: anna"),
    ]  # fmt: skip
    for options in nobody:
        assert "Hello []" in client.get(path, *options), options
    # Another client with the same cookie and token, also when it claims the address.
    forged = (
        "-H",
        "REMOTE_ADDR: 10.77.31.1",
        "-H",
        "Remote-Addr: 10.77.31.1",
        "-H",
        f"X-Forwarded-For: 10.77.{shown.number}.1",
    )
    assert "Hello []" in elsewhere.get(path, "-H", cookie, "-H", token, *forged)
    client.get("/webapi/entry.cgi?api=SYNO.API.Auth&version=7&method=logout", "-H", cookie)
    assert "Hello []" in client.get(path, "-H", cookie, "-H", token)


def test_authenticate_needs_its_surroundings(shown: Machine) -> None:
    data = Client(shown).sign_in(format="cookie", enable_syno_token="yes")["data"]
    known = {
        "GATEWAY_INTERFACE": "CGI/1.1", "REMOTE_ADDR": f"10.77.{shown.number}.1", "SERVER_ADDR": shown.address,
        "SERVER_PORT": "5000", "SERVER_NAME": "nas", "HTTP_HOST": "nas:5000", "HTTP_COOKIE": f"id={data['sid']}",
        "HTTP_X_SYNO_TOKEN": data["synotoken"], "REQUEST_METHOD": "GET",
    }  # fmt: skip

    def ask(facts: dict[str, str]) -> tuple[int, str]:
        done = shown.run(
            "env", *(f"{name}={value}" for name, value in facts.items()), AUTHENTICATE, user="http", check=False
        )
        return done.returncode, done.stdout

    assert ask(known) == (0, "anna\n")
    for missing in set(known) - {"REQUEST_METHOD"}:
        assert ask({name: value for name, value in known.items() if name != missing}) == (7, ""), missing


def test_forged_surroundings(shown: Machine) -> None:
    """What a browser sends becomes HTTP_ names only, and none that could pass for another."""
    forged = {"Remote-Addr": "6.6.6.6", "Proxy": "http://6.6.6.6", "X_Under": "1", "SynoToken": "x", "Path": "/tmp"}
    options = [word for name, value in forged.items() for word in ("-H", f"{name}: {value}")]
    text = Client(shown).get("/webman/3rdparty/Probe/env.cgi/more/path?a=b", *options)
    told = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert told["REMOTE_ADDR"] == f"10.77.{shown.number}.1" and told["SERVER_ADDR"] == shown.address
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == ("/webman/3rdparty/Probe/env.cgi", "/more/path")
    assert told["QUERY_STRING"] == "a=b" and told["REQUEST_METHOD"] == "GET" and "/tmp" not in told["PATH"].split(":")
    assert "HTTP_PROXY" not in told and "HTTP_X_UNDER" not in told and told["HTTP_REMOTE_ADDR"] == "6.6.6.6"


def test_cgi_runs_as_the_owner_of_its_file(shown: Machine) -> None:
    shown.run("chown", "http", "/var/packages/Probe/target/ui/hello.cgi")
    assert " as http " in Client(shown).get("/webman/3rdparty/Probe/hello.cgi")


def test_files_are_public_and_stay_inside(shown: Machine) -> None:
    client = Client(shown)
    assert "SYNO.SDS.Probe" in client.get("/webman/3rdparty/Probe/probe-1.js")
    shown.run("ln", "-s", "/../../../../../../etc/hostname", "/var/packages/Probe/target/ui/out")
    assert client.get("/webman/3rdparty/Probe/out") == f"nas{shown.number}\n"
    for path in (
        "/webman/3rdparty/Probe/../../../../../etc/shadow",
        "/webman/3rdparty/Probe/%2e%2e/version",
        "/webman/x",
    ):
        assert client.get(path, "--path-as-is") == "Not found", path


def test_big_body(shown: Machine, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * 4096 * 32)
    said = Client(shown).get("/webman/3rdparty/Probe/sum.cgi", "-i", "--data-binary", f"@{big}")
    assert said.startswith("HTTP/1.1 201 Created") and hashlib.sha256(big.read_bytes()).hexdigest() in said


def test_events_stream_and_end_with_the_client(shown: Machine, address: str) -> None:
    """Events arrive while the program runs; when the client leaves, the program and its children end."""
    with urllib.request.urlopen(f"{address}webman/3rdparty/Probe/events.cgi", timeout=LIMIT_S) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert [stream.readline() for _ in range(3)] == [b"data: 1\n", b"\n", b"data: 2\n"]
        pids = (shown.folder / "volume1/probe/events").read_text().split()
        assert shown.run("kill", "-0", *pids).returncode == 0
    end = time.monotonic() + LIMIT_S
    while shown.run("sh", "-c", f"kill -0 {pids[0]} || kill -0 {pids[1]}", check=False).returncode == 0:
        assert time.monotonic() < end, "the program outlives its client"
        time.sleep(0.05)


def test_portal(nas: Machine, tmp_path: Path) -> None:
    """/probe leads to the package's own server: a worker on 7, a linked file for nginx on 6; only while it is on."""
    probe = with_window(nas.profile)
    if nas.profile == "7":
        probe.info["install_dep_packages"] = "WebStation"
        probe.resource(webservice=WEBSERVICE)
    else:
        probe.info["instuninst_restart_services"] = "nginx"
        link = b"ln -sf /var/packages/Probe/target/www.probe.conf /etc/nginx/conf.d/www.probe.conf\n"
        probe.members["scripts/postinst"] = b"#!/bin/sh\n" + link
        probe.members["scripts/postuninst"] = b"#!/bin/sh\nrm -f /etc/nginx/conf.d/www.probe.conf\n"
    nas.ask("install", file=probe.write(tmp_path))
    client, forged = Client(nas), ("-H", "X-Forwarded-For: 6.6.6.6", "-H", "X-Forwarded-Proto: https")
    assert "does not answer" in client.get("/probe/")
    server = subprocess.Popen(
        ("nsenter", f"--net=/proc/{nas.pid()}/ns/net", "python3", "-c", ECHO), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout and server.stdout.readline() == "serving\n"
        for port in (80, 5000):
            path, *headers = client.get("/probe/deep?x=1", *forged, port=port).splitlines()
            told = {name.lower(): value for name, value in (line.split(": ", 1) for line in headers if ": " in line)}
            assert path == "/probe/deep?x=1" and told["x-forwarded-proto"] == "http"
            assert told["x-forwarded-for"] == f"6.6.6.6, 10.77.{nas.number}.1"
            assert told["x-real-ip"] == f"10.77.{nas.number}.1"
        assert "location.port" in client.get("/other", port=80)
        nas.ask("uninstall", name="Probe")
        assert client.get("/probe/deep") == "Not found"
    finally:
        server.kill()
        server.wait()


def test_web_api(shown: Machine) -> None:
    client = Client(shown, "network")
    info = json.loads(client.get("/webapi/query.cgi?api=SYNO.API.Info&version=1&method=query&query=SYNO.API.Auth"))
    assert info["data"]["SYNO.API.Auth"]["path"] == "entry.cgi"
    assert client.sign_in()["data"].keys() == {"sid", "did"}
    data = client.sign_in(enable_syno_token="yes")["data"]
    assert client.sign_in(password="wrong") == {"success": False, "error": {"code": 400}}
    assert client.sign_in("nobody") == {"success": False, "error": {"code": 400}}
    shown.run("/usr/syno/bin/synouser", "--modify", "bob", "Bob", "1", "")
    assert client.sign_in("bob") == {"success": False, "error": {"code": 401}}
    control = f"/webapi/entry.cgi?api=SYNO.Core.Package.Control&version=1&method=stop&id=Probe&_sid={data['sid']}"
    assert json.loads(client.get(control)) == {"success": False, "error": {"code": 119}}
    assert json.loads(client.get(f"{control}&SynoToken={data['synotoken']}"))["success"]
    assert shown.ask("status", name="Probe")["enabled"] is False
    assert (
        json.loads(client.get("/webman/login.cgi", "-H", f"Cookie: id={data['sid']}"))["SynoToken"] == data["synotoken"]
    )
    assert json.loads(client.get("/webman/login.cgi"))["success"] is False


def test_password_of_a_plain_user_does_not_control(shown: Machine) -> None:
    client = Client(shown)
    data = client.sign_in("bob", enable_syno_token="yes")["data"]
    query = f"&id=Probe&_sid={data['sid']}&SynoToken={data['synotoken']}"
    said = client.get(f"/webapi/entry.cgi?api=SYNO.Core.Package.Control&version=1&method=stop{query}")
    assert json.loads(said)["error"]["code"] == 105 and shown.ask("status", name="Probe")["enabled"]


@pytest.mark.parametrize(
    "text", [b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"G" * 100_000]
)
def test_nonsense_gets_an_answer(nas7: Machine, text: bytes) -> None:
    said = nas7.world("curl", "-s", "-m", "20", f"telnet://{nas7.address}:5000", input=text, capture_output=True).stdout
    assert said.startswith(b"HTTP/1.1 400")
    assert "Sign In" in Client(nas7).get("/")


def test_cookies_are_the_servers_only(shown: Machine) -> None:
    facts = urlencode(
        {"api": "SYNO.API.Auth", "method": "login", "account": "anna", "passwd": PASSWORD, "format": "cookie"}
    )
    head = Client(shown).get("/webapi/entry.cgi", "-i", "-d", facts)
    cookie = SimpleCookie(next(line.split(": ", 1)[1] for line in head.splitlines() if line.startswith("Set-Cookie")))
    assert cookie["id"]["httponly"] and cookie["id"]["samesite"] == "Strict"
