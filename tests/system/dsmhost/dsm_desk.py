"""What tests of the desktop share: a probe with a window and CGI programs, and a client of few words."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from dsm_probe import Probe, picture

from dsmhost.machine import Machine

PASSWORD = "Right-Password 1"
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
LOCATION = b"""location ^~ /probe {
    proxy_pass http://127.0.0.1:8099;  # our own server
    proxy_set_header X-Forwarded-Proto $scheme;
}
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
