"""The desktop: sign-in, windows in a real browser, authenticate.cgi, CGI programs, portals, the web API."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from dsm_probe import Probe, picture
from playwright.sync_api import Browser, expect, sync_playwright

from dsmhost.machine import Machine

LIMIT_S = 20.0
PASSWORD = "Right-Password 1"
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
AUTHENTICATE = "/usr/syno/synoman/webman/modules/authenticate.cgi"
HELLO = f"""#!/bin/sh
user=$({AUTHENTICATE})
printf 'Content-Type: text/html\\r\\n\\r\\n<h1>Hello [%s] as %s at %s</h1>' "$user" "$(id -un)" "$PATH_INFO"
"""
SURROUNDINGS = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nenv\n"
SUM = "#!/bin/sh\nprintf 'Status: 201 Created\\r\\nContent-Type: text/plain\\r\\n\\r\\n'\nsha256sum\n"
EVENTS = """#!/bin/sh
printf 'Content-Type: text/event-stream\\r\\n\\r\\n'
sleep 5001 & echo $! $$ >/volume1/probe/events
n=0
while :; do n=$((n + 1)); printf 'data: %s\\n\\n' $n; sleep 0.05; done
"""
SCRIPT = """
Ext.namespace('SYNO.SDS.Probe')
Ext.define('SYNO.SDS.Probe.Instance', {
  extend: 'SYNO.SDS.AppInstance',
  appWindowName: 'SYNO.SDS.Probe.Window',
  constructor: function () {
    SYNO.SDS.Probe.Instance.superclass.constructor.apply(this, arguments)
  }
})
Ext.define('SYNO.SDS.Probe.Window', {
  extend: 'SYNO.SDS.AppWindow',
  constructor: function (config) {
    var facts = 'SynoToken=' + encodeURIComponent(SYNO.SDS.Session.SynoToken) + '&lang=' + _S('lang')
    SYNO.SDS.Probe.Window.superclass.constructor.call(this, Ext.apply({
      title: 'Probe', width: 900, height: 500, layout: 'fit',
      items: [{xtype: 'box', autoEl: {tag: 'iframe', src: '/webman/3rdparty/Probe/hello.cgi/?' + facts}}]
    }, config))
  }
})
"""
WEBSERVICE = {
    "services": [
        {"service": "probe", "display_name": "Probe", "type": "reverse_proxy", "proxy_target": "http://127.0.0.1:8099",
         "proxy_headers": [{"name": "X-Forwarded-Proto", "value": "$scheme"}]}
    ],
    "portals": [{"service": "probe", "name": "probe", "type": "alias", "alias": "probe"}],
}  # fmt: skip
LOCATION = b"""location ^~ /probe {
    proxy_pass http://127.0.0.1:8099;  # our own server
    proxy_set_header X-Forwarded-Proto $scheme;
}
"""
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


def with_window(profile: str) -> Probe:
    """A probe with a window: `legacy` on 6, a desktop script on 7, and a few CGI programs."""
    entry: dict[str, Any] = {"icon": "images/probe_{0}.png", "width": 900, "height": 500}
    if profile == "7":
        instance = {**entry, "type": "app", "title": "Probe", "appWindow": "SYNO.SDS.Probe.Window"}
        config = {"probe-1.js": {"SYNO.SDS.Probe.Instance": instance, "SYNO.SDS.Probe.Window": {"type": "lib"}}}
    else:
        legacy = {
            **entry,
            "type": "legacy",
            "title": "app:title",
            "appWindow": "probe",
            "url": "3rdparty/Probe/hello.cgi/",
        }
        config = {".url": {"probe": legacy}}
    programs = {"hello.cgi": HELLO, "env.cgi": SURROUNDINGS, "sum.cgi": SUM, "events.cgi": EVENTS}
    files = {f"ui/{name}": text.encode() for name, text in programs.items()}
    images = {f"ui/images/probe_{size}.png": picture(size) for size in (64, 72)}
    files |= {"ui/config": json.dumps(config).encode(), "ui/probe-1.js": SCRIPT.encode(), **images}
    files |= {"ui/texts/enu/strings": b'[app]\ntitle="Probe"\n', "www.probe.conf": LOCATION}
    return Probe(
        profile, info={"dsmuidir": "ui"}, payload=files, payload_modes={f"ui/{name}": 0o755 for name in programs}
    )


class Client:
    """A browser of few words, in the outside world's network or on the machine itself."""

    def __init__(self, nas: Machine, where: str = "world") -> None:
        self.nas, self.run = nas, getattr(nas, where)

    def get(self, path: str, *options: str, port: int = 5000) -> str:
        words = ("curl", "-s", "-m", "20", *options, f"http://{self.nas.address}:{port}{path}")
        text: str = self.run(*words, capture_output=True, text=True).stdout
        return text

    def sign_in(self, account: str = "anna", password: str = PASSWORD, **more: str) -> dict[str, Any]:
        facts = {
            "api": "SYNO.API.Auth",
            "version": "7",
            "method": "login",
            "account": account,
            "passwd": password,
            **more,
        }
        answer: dict[str, Any] = json.loads(self.get("/webapi/entry.cgi", "-d", urlencode(facts)))
        return answer


@pytest.fixture
def shown(nas: Machine, tmp_path: Path) -> Machine:
    """A machine with the probe that has a window, an administrator and a plain user."""
    nas.run("/usr/syno/bin/synouser", "--del", "anna", "bob", check=False)
    nas.add_user("anna", PASSWORD, admin=True)
    nas.add_user("bob", PASSWORD)
    nas.ask("install", file=with_window(nas.profile).write(tmp_path))
    return nas


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        started = player.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        yield started
        started.close()


@pytest.fixture
def address(shown: Machine) -> str:
    """Where this host's browser finds the desktop."""
    return f"http://127.0.0.1:{next(iter(shown.forwards))}/"


def test_window(shown: Machine, address: str, browser: Browser) -> None:
    """Sign in, open the app from its icon: its frame shows the CGI's answer for who is signed in."""
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong username or password.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Desktop").get_by_role("button", name="Probe").click()
    window = page.get_by_role("dialog", name="Probe")
    runner = "probe" if shown.profile == "7" else "root"
    expect(window.frame_locator("iframe").get_by_role("heading")).to_have_text(f"Hello [anna] as {runner} at /")
    task = page.get_by_label("Taskbar").get_by_text("Probe")
    task.click()
    expect(window).to_be_hidden()
    task.click()
    expect(window).to_be_visible()
    window.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Sign Out").click()
    expect(page.get_by_label("Username")).to_be_visible()
    assert errors == []
    page.close()


def test_plain_user_sees_no_icon(shown: Machine, address: str, browser: Browser) -> None:
    """allUsers is off: only administrators see the app."""
    page = browser.new_page()
    page.goto(address)
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_label("Taskbar")).to_contain_text("bob")
    expect(page.get_by_label("Desktop").get_by_role("button")).to_have_count(0)
    page.close()


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
    import subprocess

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
