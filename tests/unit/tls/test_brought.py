"""A certificate that somebody brings: what is taken, what is refused, and at which field."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from authority import Authority, Made, certificate, key_pem
from mailroom.core.problems import Invalid
from mailroom.tls.brought import Files, read
from mailroom.tls.chain import Pair, joined, steps
from mailroom.tls.served import of_pem

NAME = "mail.example.com"
CA = Authority()
ONE = CA.give(NAME)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The issuers that everybody knows."""
    file = tmp_path_factory.mktemp("roots") / "roots.pem"
    file.write_bytes(certificate("Another Root", authority=True).pem + CA.root.pem)
    return file


def pair(roots: Path, certificate: bytes, key: bytes = b"", chain: bytes = b"", password: str = "") -> Pair:
    found, certificates = read(Files(certificate, key, chain, password))
    return joined(found, certificates, time.time(), roots)


def wrong(roots: Path, *files: bytes, password: str = "") -> tuple[str | None, str]:
    """(field, sentence) of what is refused."""
    with pytest.raises(Invalid) as refused:
        pair(roots, *files, password=password)
    assert refused.value.more["fields"] == {refused.value.field: refused.value.message}
    return refused.value.field, refused.value.message


def names(found: Pair) -> list[str]:
    return [one["name"] for one in steps(found.chain_pem())]


def test_three_files_become_a_chain_in_order(roots: Path) -> None:
    found = pair(roots, ONE.pem, ONE.key_pem(), CA.middle.pem)
    assert names(found) == [NAME, "Test Intermediate"] and found.known and not found.spare
    assert serialization.load_pem_private_key(found.key_pem(), None).public_key() == ONE.key.public_key()
    assert of_pem(found.chain_pem()).names == (NAME,)


@pytest.mark.parametrize(
    "file",
    [
        CA.root.pem + CA.middle.pem + ONE.pem + ONE.key_pem(),
        ONE.key_pem() + CA.middle.pem + CA.root.pem + ONE.pem,
    ],
)
def test_one_file_in_any_order_is_put_in_order(roots: Path, file: bytes) -> None:
    assert names(pair(roots, file)) == [NAME, "Test Intermediate", "Test Root"]


def test_strangers_are_left_out(roots: Path) -> None:
    stranger = Authority("Stranger")
    found = pair(roots, stranger.root.pem + ONE.pem + CA.middle.pem + stranger.middle.pem, ONE.key_pem())
    assert names(found) == [NAME, "Test Intermediate"] and found.spare == 2


@pytest.mark.parametrize("form", [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8])
@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("password", ["", "geheim é"])
def test_keys_in_each_form(roots: Path, form: serialization.PrivateFormat, kind: str, password: str) -> None:
    key: Any = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP384R1())
    made = CA.give(NAME, key=key)
    seal: Any = serialization.NoEncryption()
    if password:
        seal = serialization.BestAvailableEncryption(password.encode())
    secret = key.private_bytes(serialization.Encoding.PEM, form, seal)
    assert pair(roots, made.pem, secret, CA.middle.pem, password).own == made.certificate
    if password:
        assert wrong(roots, made.pem, secret, CA.middle.pem)[0] == "password"
        assert wrong(roots, made.pem, secret, CA.middle.pem, password="another")[0] == "password"


@pytest.mark.parametrize("password", ["", "geheim"])
def test_pkcs12_holds_all(roots: Path, password: str) -> None:
    assert names(pair(roots, CA.pkcs12(ONE, password), password=password)) == [NAME, "Test Intermediate"]
    chain = pair(roots, CA.pkcs12(ONE, password, chain=False), chain=CA.middle.pem, password=password)
    assert names(chain) == [NAME, "Test Intermediate"]


def test_pkcs12_asks_for_its_password(roots: Path) -> None:
    file = CA.pkcs12(ONE, "geheim")
    assert wrong(roots, file) == ("password", "The private key is encrypted: enter its password.")
    assert wrong(roots, file, password="no") == ("password", "The private key cannot be opened with this password.")


def test_der_is_taken(roots: Path) -> None:
    der = ONE.certificate.public_bytes(serialization.Encoding.DER)
    secret = ONE.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    middle = CA.middle.certificate.public_bytes(serialization.Encoding.DER)
    assert names(pair(roots, der, secret, middle)) == [NAME, "Test Intermediate"]


@pytest.mark.parametrize(
    ("files", "field", "words"),
    [
        ((b"",), "certificate", "Choose the file"),
        ((b"hello",), "certificate", "neither"),
        ((b"\x30\x82\xff" * 40,), "certificate", "neither"),
        ((b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",), "certificate", "No certificate"),
        ((ONE.pem,), "key", "does not hold it"),
        ((ONE.pem, ONE.pem), "key", "no private key"),
        ((ONE.pem, b"hello"), "key", "No private key"),
        ((ONE.pem, CA.give(NAME).key_pem(), CA.middle.pem), "key", "does not belong"),
        ((ONE.pem, ONE.key_pem()), "chain", "“Test Intermediate” is missing"),
        ((ONE.pem, ONE.key_pem(), Authority().middle.pem), "chain", "“Test Intermediate” is missing"),
        ((ONE.pem, ONE.key_pem(), b"hello"), "chain", "No certificate"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field(roots: Path, files: tuple[bytes, ...], field: str, words: str) -> None:
    found = wrong(roots, *files)
    assert found[0] == field and words in found[1]


def test_a_chain_up_to_an_issuer_that_nobody_knows(roots: Path) -> None:
    """Incomplete without its root; with it, complete and told not to be known."""
    own = Authority("Office")
    made = own.give(NAME)
    assert wrong(roots, made.pem, made.key_pem(), own.middle.pem)[0] == "chain"
    found = pair(roots, made.pem, made.key_pem(), own.middle.pem + own.root.pem)
    assert names(found) == [NAME, "Office Intermediate", "Office Root"] and not found.known
    alone = certificate(NAME)
    assert not pair(roots, alone.pem, alone.key_pem()).known


@pytest.mark.parametrize(
    ("made", "field", "words"),
    [
        (CA.give(NAME, begins_days=-20, days=-1), "certificate", "ended on"),
        (CA.give(NAME, begins_days=2), "certificate", "begins only on"),
        (CA.give(NAME, key=rsa.generate_private_key(65537, 1024)), "key", "1024 bits"),
        (CA.give(NAME, key=dsa.generate_private_key(2048)), "key", "this kind of key"),
        (CA.give(NAME, key=ed25519.Ed25519PrivateKey.generate()), "key", "this kind of key"),
        (CA.give(NAME, for_clients=True), "certificate", "not meant for servers"),
    ],
    ids=["ended", "not yet", "short", "DSA", "Ed25519", "for clients"],
)
def test_what_others_would_not_accept(roots: Path, made: Made, field: str, words: str) -> None:
    found = wrong(roots, made.pem, key_pem(made.key), CA.middle.pem)
    assert found[0] == field and words in found[1]


def test_a_signature_that_is_too_weak(roots: Path, tmp_path: Path) -> None:
    """Made by OpenSSL, because nobody else makes such any more."""
    (tmp_path / "ca.pem").write_bytes(CA.middle.pem + CA.middle.key_pem())
    (tmp_path / "key.pem").write_bytes(ONE.key_pem())
    for words in (
        f"req -new -key key.pem -subj /CN={NAME} -out request.pem",
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.pem -set_serial 7 -sha1 -out made.pem",
    ):
        subprocess.run(("openssl", *words.split()), cwd=tmp_path, check=True, capture_output=True)
    field, words = wrong(roots, (tmp_path / "made.pem").read_bytes(), ONE.key_pem(), CA.middle.pem)
    assert field == "certificate" and "nobody accepts" in words


def test_an_intermediate_that_has_ended(roots: Path) -> None:
    middle = certificate("Old", by=CA.root, authority=True, begins_days=-9, days=-1)
    made = certificate(NAME, by=middle)
    field, words = wrong(roots, made.pem, made.key_pem(), middle.pem)
    assert field == "chain" and "“Old” ended on" in words
