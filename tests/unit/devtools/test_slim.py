"""What becomes of a configured root before it ships, and what is known of it for another architecture."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from devtools import slim
from devtools.bundle import ARMV8
from devtools.foreign import take_over
from devtools.say import Stop


def write(root: Path, name: str, content: str = "", mode: int = 0o644) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    file.chmod(mode)
    return file


def package(root: Path, name: str, files: dict[str, str], links: dict[str, str] | None = None) -> None:
    """Install a package as dpkg would: files, list and MD5 sums. Paths are as before /usr was merged."""
    paths, sums = ["/."], ""
    for path, content in files.items():
        write(root, slim.merged(path), content)
        paths += [f"/{parent}" for parent in reversed(Path(path).parents) if str(parent) != "."] + [f"/{path}"]
        sums += f"{hashlib.md5(content.encode()).hexdigest()}  {path}\n"
    for path, target in (links or {}).items():
        (root / slim.merged(path)).parent.mkdir(parents=True, exist_ok=True)
        (root / slim.merged(path)).symlink_to(target)
        paths.append(f"/{path}")
    write(root, f"var/lib/dpkg/info/{name}.list", "\n".join(paths) + "\n")
    write(root, f"var/lib/dpkg/info/{name}.md5sums", sums)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    target = tmp_path / "root"
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "usr/share/doc", "etc/ssl/certs", "var/lib/dpkg/info"):
        (target / folder).mkdir(parents=True)
    for name in ("bin", "sbin", "lib"):
        (target / name).symlink_to(f"usr/{name}")
    write(target, "var/lib/dpkg/status")
    package(target, "postfix", {"usr/sbin/postdrop": "ELF", "usr/lib/postfix/master": "ELF"})
    package(target, "mawk:amd64", {"usr/bin/mawk": "ELF"}, {"usr/share/man-link": "mawk"})
    return target


@pytest.fixture
def leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(slim, "LEFT_OUT", tmp_path / "left-out")
    return write(tmp_path, "left-out", "# a comment\n\nsystemd\netc/*.db\nvar/log/*\n")


def test_a_package_that_is_left_out_goes_and_what_it_shares_stays(root: Path, leaves_out: Path) -> None:
    package(root, "systemd", {"bin/systemctl": "ELF", "usr/lib/postfix/master": "ELF", "lib/systemd/systemd": "ELF"})
    package(root, "base", {"bin/sh": "ELF", "sbin/getty": "ELF"})
    slim.without_packages(root)
    assert not (root / "usr/bin/systemctl").exists()
    assert not (root / "usr/lib/systemd/systemd").exists()
    assert (root / "usr/lib/postfix/master").exists()
    assert (root / "usr/bin/sh").exists()
    assert (root / "bin").is_symlink()


def test_patterns_documentation_and_rights_go(root: Path, leaves_out: Path) -> None:
    write(root, "etc/aliases.db")
    write(root, "etc/aliases")
    write(root, "var/log/clamav/clamav.log", "today")
    write(root, "usr/share/doc/postfix/changelog.gz")
    write(root, "usr/share/doc/postfix/examples/main.cf")
    write(root, "usr/share/doc/postfix/copyright", "EPL-2.0")
    (root / "usr/share/doc/postfix-lmdb").symlink_to("postfix")
    write(root, "usr/bin/su", mode=0o4755)
    write(root, "usr/bin/crontab", mode=0o2755)
    (root / "usr/sbin/postdrop").chmod(0o2555)
    slim.clear(root)
    assert not (root / "etc/aliases.db").exists()
    assert (root / "etc/aliases").exists()
    assert list((root / "var/log").iterdir()) == []
    assert [path.name for path in (root / "usr/share/doc/postfix").iterdir()] == ["copyright"]
    assert (root / "usr/share/doc/postfix-lmdb/copyright").read_text() == "EPL-2.0"
    assert (root / "usr/bin/su").stat().st_mode & 0o7777 == 0o755
    assert (root / "usr/bin/crontab").stat().st_mode & 0o7777 == 0o755
    assert (root / "usr/sbin/postdrop").stat().st_mode & 0o7777 == 0o2555


def test_a_certificate_that_went_takes_its_link_along_and_the_others_stay(root: Path, leaves_out: Path) -> None:
    certificates = root / "etc/ssl/certs"
    (certificates / "Some_Authority.pem").symlink_to("/usr/share/ca-certificates/nowhere-on-this-machine.crt")
    (certificates / "5ed36f99.0").symlink_to("Some_Authority.pem")
    (certificates / "abcdef01.0").symlink_to("ssl-cert-snakeoil.pem")
    slim.clear(root)
    assert {path.name for path in certificates.iterdir()} == {"Some_Authority.pem", "5ed36f99.0"}


def test_what_configuring_made_is_told_from_what_packages_brought(root: Path) -> None:
    write(root, "etc/passwd", "root:x:0:0\n")
    write(root, "usr/lib/postfix/master", "changed")
    (root / "usr/bin/awk").symlink_to("/etc/alternatives/awk")
    write(root, "etc/postfix/dynamicmaps.cf", "lmdb")
    write(root, "etc/default/rspamd", "as brought")
    digest = hashlib.md5(b"as brought").hexdigest()
    write(root, "var/lib/dpkg/status", f"Package: rspamd\nConffiles:\n /etc/default/rspamd {digest}\n")
    made = {name for name in slim.made_by_configuring(root) if not name.startswith("var/lib/dpkg")}
    links = {"bin", "sbin", "lib"}
    assert made == {"etc/passwd", "usr/lib/postfix/master", "usr/bin/awk", "etc/postfix/dynamicmaps.cf"} | links


@pytest.fixture
def pattern(root: Path) -> Path:
    """The folder of a configured x86_64 root."""
    triplet = "x86_64-linux-gnu"
    package(root, "libc6:amd64", {f"usr/lib/{triplet}/libc.so.6": "amd64", f"usr/lib/{triplet}/libhs.so": "amd64"})
    package(root, "left", {"usr/share/left/out": "text"})
    write(root, "etc/passwd", "root:x:0:0\n", 0o600)
    write(root, "etc/ld.so.cache", "of amd64")
    (root / "usr/bin/awk").symlink_to(f"/usr/lib/{triplet}/awk")
    (root / "usr/lib/postfix").chmod(0o2710)
    package(root, "base-files", {}, {"var/run": "/run"})
    folder = root.parent
    write(folder, "made", "\n".join(slim.made_by_configuring(root)))
    write(folder, "brought", "\n".join(slim.packaged(root)))
    (root / "usr/share/left/out").unlink()
    (root / "usr/share/left").rmdir()
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The unpacked root for armv8."""
    root = tmp_path / "armv8"
    for name, mode in {"usr/sbin/postdrop": 0o755, "usr/lib/postfix/master": 0o755, "usr/bin/mawk": 0o755}.items():
        write(root, name, "arm64", mode)
    write(root, "usr/lib/aarch64-linux-gnu/libc.so.6", "arm64")
    write(root, "usr/lib/ld-linux-aarch64.so.1", "arm64")
    write(root, "usr/share/left/out", "text")
    (root / "var/run").mkdir(parents=True)
    (root / "usr/share/man-link").symlink_to("mawk")
    return root


def test_the_configuration_is_taken_over(pattern: Path, target: Path) -> None:
    take_over(pattern, target, ARMV8)
    assert (target / "etc/passwd").read_text() == "root:x:0:0\n"
    assert (target / "etc/passwd").stat().st_mode & 0o7777 == 0o600
    assert (target / "usr/lib/postfix").stat().st_mode & 0o7777 == 0o2710
    assert (target / "usr/bin/awk").readlink() == Path("/usr/lib/aarch64-linux-gnu/awk")
    assert (target / "var/run").readlink() == Path("/run")
    assert (target / "usr/sbin/postdrop").read_text() == "arm64"
    assert (target / "usr/sbin/postdrop").stat().st_mode & 0o7777 == 0o644
    assert (target / "usr/lib/aarch64-linux-gnu/libc.so.6").read_text() == "arm64"
    assert (target / "usr/lib/ld-linux-aarch64.so.1").exists()
    assert not (target / "usr/share/left").exists()
    assert not (target / "etc/ld.so.cache").exists()
    assert not (target / "usr/lib/x86_64-linux-gnu").exists()


def test_a_program_that_one_architecture_lacks_stops_the_build(pattern: Path, target: Path) -> None:
    (target / "usr/sbin/postdrop").unlink()
    with pytest.raises(Stop, match="usr/sbin/postdrop"):
        take_over(pattern, target, ARMV8)
