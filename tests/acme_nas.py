"""A certificate authority in the outside world which the stand-in NAS knows and trusts."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from acme_server import AcmeServer
from changing import newest_revision
from office import PACKAGE, Office

AUTHORITY = "acme.authority.example"
CERTIFICATES = f"{PACKAGE}/target/root/etc/ssl/certs/ca-certificates.crt"
PORT = 5281


@contextmanager
def acme_authority(server: Office, folder: Path) -> Iterator[AcmeServer]:
    """Known to the NAS by name, trusted there, and looking at the NAS as through a router that forwards port 80."""

    def look(name: str, path: str) -> bytes:
        link = http.client.HTTPConnection(name, timeout=20)
        link.sock = server.connect(PORT, timeout_s=20)
        with closing(link):
            link.request("GET", path)
            return link.getresponse().read()

    zone = server.machine.folder / "zone.json"
    before = zone.read_text() if zone.exists() else "{}"
    zone.write_text(json.dumps({**json.loads(before), AUTHORITY: {"A": [server.address(9)]}}))
    first = server.ctl("certificate", "show")["current"]["id"]
    revision = newest_revision(server)
    link = server.socket(source=server.address(9))
    with AcmeServer(folder, look, link, AUTHORITY) as made:
        server.machine.run("cp", CERTIFICATES, f"{CERTIFICATES}.before")
        server.machine.run("sh", "-c", f"cat >>{CERTIFICATES} <<'END'\n{made.tls.pem.decode()}END")
        yield made
        server.ctl("settings", "put-back", str(revision), "--page", "service.acme")
        if server.ctl("certificate", "show")["current"]["id"] != first:
            server.ctl("certificate", "use", first)
        server.machine.run("mv", f"{CERTIFICATES}.before", CERTIFICATES)
    zone.write_text(before)
