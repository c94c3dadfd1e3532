"""Certificates for PayPal's name with any number of authorities between them and a root."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from infra.samples.paypal_signing import NAMES

_SIGNS = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Return the one RSA key of all leaves: making one takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def issuer_at(url: str) -> list[x509.AccessDescription]:
    """Return what a certificate says of where its issuer's lies."""
    method = AuthorityInformationAccessOID.CA_ISSUERS
    return [x509.AccessDescription(method, x509.UniformResourceIdentifier(url))]


def chain(
    *issuer_urls: str,
    leaf_key: Callable[[], _Key] = rsa_key,
    places: Callable[[str], list[x509.AccessDescription]] = issuer_at,
) -> tuple[x509.Certificate, list[x509.Certificate], bytes]:
    """Return a root, the authorities below it from the leaf's own upwards, and the leaf's file.

    There are as many authorities as URLs; the leaf and each of them but the last say by the URL
    where the next one lies.
    """
    count = len(issuer_urls)
    keys = [leaf_key(), *(ec.generate_private_key(ec.SECP256R1()) for _ in range(count + 1))]
    names = [_name(NAMES[0]), *(_name(f"link {level}") for level in range(count)), _name("root")]
    made = []
    for level, key in enumerate(keys):
        signer = min(level + 1, count + 1)
        builder = _builder(names[level], names[signer], key, keys[signer], is_leaf=level == 0)
        if level < count:
            said = x509.AuthorityInformationAccess(places(issuer_urls[level]))
            builder = builder.add_extension(said, False)
        made.append(builder.sign(keys[signer], hashes.SHA256()))
    leaf, *links, root = made
    return root, links, leaf.public_bytes(Encoding.PEM)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: _Key, signer: _Key, *, is_leaf: bool
) -> x509.CertificateBuilder:
    now, day = datetime.now(UTC), timedelta(days=1)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(by, False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.BasicConstraints(ca=not is_leaf, path_length=None), True)
    )
    if is_leaf:
        name = x509.SubjectAlternativeName([x509.DNSName(NAMES[0])])
        return builder.add_extension(name, False)
    return builder.add_extension(_SIGNS, True)
