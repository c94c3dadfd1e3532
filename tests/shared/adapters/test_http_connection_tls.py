"""TLS: answers are only taken from a server whose certificate and name are proved."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.adapters.http_connection import HttpConnection
from tests.support.loopback_server import LoopbackServer, http

_GET = b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n"


def _certificate(folder: Path, address: str) -> Path:
    """Write a self-signed certificate for the address, with its key, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{address}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


def _server_context(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_server_with_a_trusted_certificate_is_spoken_to_over_one_connection(
    tmp_path: Path,
) -> None:
    file = _certificate(tmp_path, "127.0.0.1")
    with LoopbackServer(lambda _: http(200, b"yes"), _server_context(file)) as server:
        connection = HttpConnection(server.url, 2.0, 2.0, ca_file=str(file))

        bodies = [connection.exchange(_GET)[2] for _ in range(3)]
        connection.close()

    assert bodies == [b"yes"] * 3
    assert {request.connection for request in server.received} == {1}


def test_server_with_an_unknown_certificate_hears_nothing(tmp_path: Path) -> None:
    file = _certificate(tmp_path, "127.0.0.1")
    with LoopbackServer(lambda _: http(200, b"no"), _server_context(file)) as server:
        connection = HttpConnection(server.url, 2.0, 2.0)

        with pytest.raises(ssl.SSLCertVerificationError):
            connection.exchange(_GET)

    assert server.received == []


def test_server_with_the_certificate_of_another_name_hears_nothing(tmp_path: Path) -> None:
    file = _certificate(tmp_path, "127.0.0.2")
    with LoopbackServer(lambda _: http(200, b"no"), _server_context(file)) as server:
        connection = HttpConnection(server.url, 2.0, 2.0, ca_file=str(file))

        with pytest.raises(ssl.SSLCertVerificationError):
            connection.exchange(_GET)

    assert server.received == []
