"""How far PayPal's door goes for a certificate: links, requests, memory, and the local stand-in."""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from functions.ingest_paypal.certificates import Certificates, system_roots
from shared.domain.errors import Retryable
from shared.domain.webhooks import InvalidSignature
from tests.support import paypal_proof
from tests.support.loopback_server import LoopbackServer, http
from tests.support.paypal_chains import chain, issuer_at
from tests.support.paypal_proof import LIVE_URL, CertServer, certificates

_AT = int(datetime.now(UTC).timestamp()) * 1_000
_ISSUERS = [f"http://cacerts.digicert.com/Link{level}.crt" for level in range(3)]
_PATH = "/paypal/v1/notifications/certs/CERT-360caa42"


def _served(links: list[x509.Certificate], file: bytes) -> CertServer:
    server = CertServer()
    server.files[LIVE_URL] = file
    server.files |= {
        url: link.public_bytes(Encoding.DER) for url, link in zip(_ISSUERS, links, strict=False)
    }
    return server


def test_two_missing_links_are_fetched_and_a_third_is_not() -> None:
    two, three = chain(*_ISSUERS[:2]), chain(*_ISSUERS)
    near, far = _served(*two[1:]), _served(*three[1:])

    Certificates(roots=lambda: [two[0]], fetch=near.fetch).key(LIVE_URL, "live", _AT)
    with pytest.raises(Retryable, match="does not lead to a trusted root"):
        Certificates(roots=lambda: [three[0]], fetch=far.fetch).key(LIVE_URL, "live", _AT)

    assert near.asked == [LIVE_URL, *_ISSUERS[:2]]
    assert far.asked == [LIVE_URL, *_ISSUERS[:2]]


def test_first_certificate_of_an_issuers_file_is_the_issuer() -> None:
    root, (link,), file = chain(_ISSUERS[0])
    server = _served([link], file)
    server.files[_ISSUERS[0]] = link.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)

    Certificates(roots=lambda: [root], fetch=server.fetch).key(LIVE_URL, "live", _AT)

    assert server.asked == [LIVE_URL, _ISSUERS[0]]


def test_only_the_url_of_an_issuers_certificate_is_followed() -> None:
    """A certificate names other places as well: where it could be revoked, or a host alone."""

    def places(url: str) -> list[x509.AccessDescription]:
        ocsp, issuers = AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS
        elsewhere = "http://cacerts.digicert.com/Elsewhere.crt"
        return [
            x509.AccessDescription(ocsp, x509.UniformResourceIdentifier(elsewhere)),
            x509.AccessDescription(issuers, x509.DNSName(elsewhere)),
            *issuer_at(url),
        ]

    root, links, file = chain(_ISSUERS[0], places=places)
    server = _served(links, file)

    Certificates(roots=lambda: [root], fetch=server.fetch).key(LIVE_URL, "live", _AT)

    assert server.asked == [LIVE_URL, _ISSUERS[0]]


def test_certificate_of_another_kind_of_key_is_a_passing_fault() -> None:
    root, (link,), file = chain(
        _ISSUERS[0], leaf_key=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    with pytest.raises(Retryable, match="holds no RSA key"):
        Certificates(roots=lambda: [root], fetch=_served([link], file).fetch).key(
            LIVE_URL, "live", _AT
        )


def test_sixteen_certificates_are_remembered_and_the_oldest_makes_room() -> None:
    server = CertServer()
    urls = [f"{LIVE_URL}{number:04x}" for number in range(17)]
    server.files |= dict.fromkeys(urls, paypal_proof.stand_in().certificate)
    known = certificates(server)

    for url in urls + urls[1:]:
        known.key(url, "live", _AT)
    remembered = len(server.asked)
    known.key(urls[0], "live", _AT)

    assert remembered == 17
    assert server.asked[17:] == [urls[0]]


def test_certificate_is_remembered_from_its_first_second_to_its_last() -> None:
    server = CertServer()
    known = certificates(server)
    made = [x509.load_pem_x509_certificate(server.files[LIVE_URL])]  # type: ignore[arg-type]
    made += paypal_proof.roots()
    since = max(int(each.not_valid_before_utc.timestamp()) for each in made) * 1_000
    until = min(int(each.not_valid_after_utc.timestamp()) for each in made) * 1_000

    for at in (_AT, since, until):
        known.key(LIVE_URL, "live", at)

    assert server.asked == [LIVE_URL]


def test_roots_are_read_once_for_all_certificates() -> None:
    reads = []

    def roots() -> list[x509.Certificate]:
        reads.append(1)
        return paypal_proof.roots()

    server = CertServer()
    server.files[f"{LIVE_URL}0"] = paypal_proof.stand_in().certificate
    known = Certificates(roots=roots, fetch=server.fetch)

    known.key(LIVE_URL, "live", _AT)
    known.key(f"{LIVE_URL}0", "live", _AT)

    assert (len(server.asked), len(reads)) == (2, 1)


def test_failed_certificate_is_not_asked_for_again_within_five_seconds() -> None:
    server, clock = CertServer(), [100.0]
    server.files[LIVE_URL] = Retryable("no answer")
    known = certificates(server, lambda: clock[0])

    for after in (0.0, 4.9):
        clock[0] = 100.0 + after
        with pytest.raises(Retryable):
            known.key(LIVE_URL, "live", _AT)

    assert server.asked == [LIVE_URL]


def _trusting(*encoded: bytes) -> ssl.SSLContext:
    class Trusting(ssl.SSLContext):
        def get_ca_certs(self, binary_form: bool = False) -> list[bytes]:  # type: ignore[override]
            return list(encoded)

    return Trusting(ssl.PROTOCOL_TLS_CLIENT)


def test_machine_without_an_authority_is_a_passing_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", _trusting)

    with pytest.raises(Retryable, match="trusts no authority"):
        system_roots()


def test_odd_root_is_left_out_and_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    (root,) = paypal_proof.roots()
    good = root.public_bytes(Encoding.DER)
    load = x509.load_der_x509_certificate

    def warn_of_odd_ones(data: bytes) -> x509.Certificate:
        if data == b"odd":
            warnings.warn("an odd root", stacklevel=2)
            return root
        return load(data)

    monkeypatch.setattr(x509, "load_der_x509_certificate", warn_of_odd_ones)
    monkeypatch.setattr(ssl, "create_default_context", lambda: _trusting(b"odd", b"none", good))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = system_roots()

    assert found == [root]


@pytest.mark.parametrize(
    ("environ", "trusted"),
    [
        ({"MODE_LOCAL": "1", "PAYPAL_AUTHORITY": "authority"}, True),
        ({"MODE_LOCAL": "0", "PAYPAL_AUTHORITY": "authority"}, False),
        ({"PAYPAL_AUTHORITY": "authority"}, False),
        ({"MODE_LOCAL": "1"}, False),
        ({}, False),
    ],
)
def test_stand_in_is_trusted_and_fetched_from_loopback_on_the_local_stack_alone(
    environ: dict[str, str], trusted: bool
) -> None:
    made = paypal_proof.stand_in()
    given = {
        name: value.replace("authority", made.authority.decode()) for name, value in environ.items()
    }
    known = Certificates.from_environment(given)

    with LoopbackServer(lambda _: http(200, made.certificate)) as server:
        if trusted:
            assert known.key(server.url + _PATH, "live", _AT).key_size == 2048
        else:
            with pytest.raises(InvalidSignature):
                known.key(server.url + _PATH, "live", _AT)

    assert len(server.received) == trusted


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/latest", f"http://127.0.0.2:1{_PATH}"])
def test_local_stack_fetches_certificates_from_nowhere_else(url: str) -> None:
    server = CertServer()
    known = Certificates(roots=list, fetch=server.fetch, stand_in=paypal_proof.roots()[0])

    with pytest.raises(InvalidSignature):
        known.key(url, "live", _AT)

    assert server.asked == []
