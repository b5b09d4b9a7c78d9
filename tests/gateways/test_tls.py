"""TLS: a valid certificate, for the name in the token URL, although an address is connected to."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.gateways.client import GuardedClient
from accounts.gateways.loop import Outcome, TokenCheck, check_token
from tests.gateways.servers import blunt, http

GOOD = http(201, {"access_token": "t"})
NAME = "apis-test-vi.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for NAME that signed itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder(
        issuer_name=who,
        subject_name=who,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(days=1),
        not_valid_after=now + datetime.timedelta(days=1),
    ).add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *form)
        + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def checked(server_side: ssl.SSLContext, name: str, trusted: ssl.SSLContext | None) -> tuple[TokenCheck, list[bytes]]:
    with (
        blunt(GOOD, tls=server_side) as server,
        GuardedClient(allow_private=True, ssl_context=trusted, resolve=lambda host, port: ["127.0.0.1"]) as client,
    ):
        return check_token(server.url(name), "c", "s", allow_private=True, client=client), server.requests


def test_a_certificate_of_the_name_is_accepted(server_side: ssl.SSLContext, certificate: Path) -> None:
    check, requests = checked(server_side, NAME, ssl.create_default_context(cafile=str(certificate)))
    assert check.ok, check
    assert len(requests) == 1


@pytest.mark.parametrize("trusts", [True, False])
def test_another_name_or_an_unknown_issuer_gets_nothing(
    server_side: ssl.SSLContext, certificate: Path, trusts: bool
) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate)) if trusts else None
    check, requests = checked(server_side, "other.example" if trusts else NAME, trusted)
    assert check.outcome is Outcome.UNREACHABLE
    assert "did not prove its identity" in str(check)
    assert requests == []


def test_a_certificate_from_the_environment_is_not_trusted(
    server_side: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    check, _ = checked(server_side, NAME, None)
    assert check.outcome is Outcome.UNREACHABLE


def test_a_server_without_tls_gets_nothing(hasty: GuardedClient) -> None:
    with blunt(GOOD) as server:
        url = server.url().replace("http:", "https:")
        check = check_token(url, "c", "s", allow_private=True, client=hasty)
    assert check.outcome in (Outcome.UNREACHABLE, Outcome.TIMEOUT)
    assert server.requests == []
