"""PayPal's side of the proof: an authority of our own, PayPal's certificate by it, the headers.

It is written from the documentation and not from the door, so that the door can be tried against
it; for the same reason nothing here may import the product's own packages. The authority's key
signs one certificate and is forgotten, so nothing else can ever be made to lead to it.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com")
_VALID = timedelta(days=3650)
_KEY_BITS = 2048


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """The authority's certificate, PayPal's certificate by it, and PayPal's key: PEM texts."""

    authority: bytes
    certificate: bytes
    private_key: bytes

    @classmethod
    def make(
        cls,
        *,
        at: datetime | None = None,
        valid: timedelta = _VALID,
        names: tuple[str, ...] = NAMES,
    ) -> StandIn:
        """Make them anew, valid from a day before `at` (now) on."""
        since = (at or datetime.now(UTC)) - timedelta(days=1)
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority_name = _name("paysignal stand-in authority")
        authority = (
            _builder(authority_name, authority_name, authority_key.public_key(), since, valid)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(authority_key, hashes.SHA256())
        )
        key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        certificate = (
            _builder(_name(names[0]), authority_name, key.public_key(), since, valid)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer, critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        return cls(
            authority=authority.public_bytes(serialization.Encoding.PEM),
            certificate=certificate.public_bytes(serialization.Encoding.PEM),
            private_key=key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )


def signed_headers(
    body: bytes,
    *,
    private_key: bytes,
    cert_url: str,
    webhook_id: str,
    transmission_id: str,
    at: int,
) -> dict[str, str]:
    """Return the headers of one transmission of `body` at the Unix second `at`."""
    time = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    text = f"{transmission_id}|{time}|{webhook_id}|{zlib.crc32(body)}"
    return {
        "paypal-transmission-id": transmission_id,
        "paypal-transmission-time": time,
        "paypal-transmission-sig": signature(text.encode(), private_key),
        "paypal-cert-url": cert_url,
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-auth-version": "v2",
    }


def signature(text: bytes, private_key: bytes) -> str:
    """Return the base64 of the RSA signature (PKCS#1 v1.5, SHA-256) of a text."""
    key = serialization.load_pem_private_key(private_key, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("PayPal signs with RSA keys alone")
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    since: datetime,
    valid: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
