"""The worker web-config: when a package's nginx files count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dsmhost import nginx, web_config
from dsmhost.portal import Portal
from dsmhost.spk import Refused
from dsmhost.web_config import WebConfig

FILE = "location ^~ /{name}/ {{\n  proxy_pass http://127.0.0.1:1;\n}}\n"


def made(root: Path, name: str, enable: list[str], disable: list[str]) -> WebConfig:
    target = root / "target" / name
    target.mkdir(parents=True)
    (root / nginx.CONF_D).mkdir(parents=True, exist_ok=True)
    for file in {*enable, *disable}:
        (target / file).write_text(FILE.format(name=file))
    spec = {"enable": [entry(file) for file in enable], "disable": [entry(file) for file in disable]}
    return WebConfig(root, name, {"nginx-static-config": spec}, target)


def entry(file: str) -> dict[str, Any]:
    return {"type": "www", "relpath": file}


def test_each_file_counts_when_it_should(tmp_path: Path) -> None:
    config = made(tmp_path, "P", ["on", "always"], ["off", "always"])
    assert config.at_install() == [] and set(nginx.portals(tmp_path)) == {"off", "always"}
    assert config.at_start() == [] and set(nginx.portals(tmp_path)) == {"on", "always"}
    assert config.at_stop() == [] and set(nginx.portals(tmp_path)) == {"off", "always"}
    config.at_uninstall()
    assert nginx.portals(tmp_path) == {} and list((tmp_path / web_config.AVAILABLE).iterdir()) == []


def test_a_location_that_another_package_has_is_not_linked(tmp_path: Path) -> None:
    assert made(tmp_path, "P", ["same"], ["same"]).at_install() == []
    (told,) = made(tmp_path, "Q", ["same"], ["same"]).at_install()
    assert "duplicate location /same" in told
    assert nginx.portals(tmp_path) == {"same": Portal("http://127.0.0.1:1")}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    config = made(tmp_path, "P", ["same"], ["same"])
    (config.target / "same").unlink()
    assert "not in the package" in config.at_install()[0]


@pytest.mark.parametrize(
    "spec", [{"never": [entry("a")]}, {"enable": [{"type": "web", "relpath": "a"}]}, {"enable": [entry("../a")]}]
)
def test_nonsense_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        web_config.judge({"nginx-static-config": spec})


def test_paths_with_dots(tmp_path: Path) -> None:
    text = FILE.format(name=".well-known/autoconfig/mail") + "location = /x {\n return 301 /x/;\n}\n"
    assert set(nginx.locations(text)) == {".well-known/autoconfig/mail"}
