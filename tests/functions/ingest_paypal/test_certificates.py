"""Which certificates PayPal's door takes: from where, for whom, by whom, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from functions.ingest_paypal.certificates import Certificates, system_roots
from infra.samples.paypal_signing import NAMES, StandIn
from shared.domain.errors import Retryable
from shared.domain.webhooks import InvalidSignature
from tests.support import paypal_proof
from tests.support.paypal_chains import chain
from tests.support.paypal_proof import LIVE_URL, SANDBOX_URL, CertServer, certificates

_AT = int(datetime.now(UTC).timestamp()) * 1_000
_DAY = 86_400_000
_CERT = "/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270"


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"http://api.paypal.com{_CERT}",
        f"HTTPS://api.paypal.com{_CERT}",
        f"https://API.paypal.com{_CERT}",
        f"https://api.paypal.com.{_CERT}",
        f"https://api.paypal.com.evil.example{_CERT}",
        f"https://evil.example{_CERT}",
        f"https://evil.example/api.paypal.com{_CERT}",
        f"https://api.paypal.com@evil.example{_CERT}",
        f"https://user:pass@api.paypal.com{_CERT}",
        f"https://@api.paypal.com{_CERT}",
        f"https://api.paypal.com:443{_CERT}",
        f"https://api.paypal.com:8443{_CERT}",
        f"https://api.paypal.com\\@evil.example{_CERT}",
        f"https://api.paypal.com#@evil.example{_CERT}",
        f"https://api.paypal.com?@evil.example{_CERT}",
        f"https://evil-api.paypal.com{_CERT}",
        f"https://evilapi.paypal.com{_CERT}",
        f"https://www.paypal.com{_CERT}",
        f"https://apixpaypal.com{_CERT}",
        f"https://xn--pypal-4ve.com{_CERT}",
        f"https://api.p\u0430ypal.com{_CERT}",
        f"https://127.0.0.1{_CERT}",
        f"http://127.0.0.1:4566/paypal{_CERT}",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        f"https://api.paypal.com{_CERT}\n",
        f" https://api.paypal.com{_CERT}",
        f"https://api.paypal.com{_CERT}?x=1",
        f"https://api.paypal.com{_CERT}#x",
        f"https://api.paypal.com{_CERT}/..",
        "https://api.paypal.com/v1/notifications/certs/../../evil/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/%2e%2e/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-",
        "https://api.paypal.com/v1/notifications/certs/CERT-xyz",
        "https://api.paypal.com/v1/notifications/certs/CERT-" + "a" * 65,
        "https://api.paypal.com//v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/oauth2/token",
        SANDBOX_URL,
        f"https://api-m.sandbox.paypal.com{_CERT}",
    ],
)
def test_row_23_foreign_url_is_refused_without_one_request(url: str) -> None:
    """dubinc/dub#3835: a certificate from anywhere proves anybody, and reaches any host."""
    server = CertServer()

    with pytest.raises(InvalidSignature) as raised:
        certificates(server).key(url, "live", _AT)

    assert raised.value.metric == "foreign_certificate"
    assert server.asked == []


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("live", "api.paypal.com"),
        ("live", "api-m.paypal.com"),
        ("sandbox", "api.sandbox.paypal.com"),
        ("sandbox", "api-m.sandbox.paypal.com"),
    ],
)
def test_paypals_own_hosts_are_asked(environment: str, host: str) -> None:
    server = CertServer()
    url = f"https://{host}{_CERT}"
    server.files[url] = paypal_proof.stand_in().certificate

    certificates(server).key(url, environment, _AT)

    assert server.asked == [url]


def test_certificate_is_fetched_once_per_url() -> None:
    server = CertServer()
    known = certificates(server)

    keys = {known.key(LIVE_URL, "live", _AT + age).public_numbers() for age in range(3)}

    assert server.asked == [LIVE_URL]
    assert len(keys) == 1


def test_failed_fetch_is_remembered_for_some_seconds_and_no_longer() -> None:
    server, clock = CertServer(), [100.0]
    server.files[LIVE_URL] = Retryable("no answer")
    known = certificates(server, lambda: clock[0])
    for _ in range(50):
        with pytest.raises(Retryable):
            known.key(LIVE_URL, "live", _AT)
    server.files[LIVE_URL] = paypal_proof.stand_in().certificate
    clock[0] += 5.0

    known.key(LIVE_URL, "live", _AT)

    assert server.asked == [LIVE_URL] * 2


def test_flood_of_made_up_certificates_is_a_few_fetches_and_harms_no_known_one() -> None:
    server, clock = CertServer(), [100.0]
    made_up = [f"{LIVE_URL}{number:04x}" for number in range(500)]
    server.files |= dict.fromkeys(made_up, Retryable("404"))
    known = certificates(server, lambda: clock[0])
    known.key(LIVE_URL, "live", _AT)

    for url in made_up:
        with pytest.raises(Retryable):
            known.key(url, "live", _AT)
    known.key(LIVE_URL, "live", _AT)
    fetched = len(server.asked)
    clock[0] += 5.0
    known.key(SANDBOX_URL, "sandbox", _AT)

    assert fetched == 17
    assert server.asked[-1] == SANDBOX_URL


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<html>Sorry</html>",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"\x30\x82",
    ],
)
def test_page_in_place_of_a_certificate_is_a_passing_fault(file: bytes) -> None:
    """PayPal-Python-SDK#130: a certificate URL has answered with something else."""
    server = CertServer()
    server.files[LIVE_URL] = file

    with pytest.raises(Retryable):
        certificates(server).key(LIVE_URL, "live", _AT)


def test_certificate_by_another_authority_is_not_paypals() -> None:
    server = CertServer()
    server.files[LIVE_URL] = StandIn.make().certificate

    with pytest.raises(Retryable, match="does not lead to a trusted root"):
        certificates(server).key(LIVE_URL, "live", _AT)


@pytest.mark.parametrize(
    ("environment", "names", "fits"),
    [
        ("live", NAMES[:1], True),
        ("live", NAMES[1:], False),
        ("live", ("example.com",), False),
        ("live", (f"x.{NAMES[0]}",), False),
        ("sandbox", NAMES[1:], True),
        ("sandbox", NAMES[:1], False),
    ],
)
def test_certificate_is_for_paypals_name_of_that_environment(
    environment: str, names: tuple[str, ...], fits: bool
) -> None:
    made = StandIn.make(names=names)
    url = LIVE_URL if environment == "live" else SANDBOX_URL
    server = CertServer()
    server.files[url] = made.certificate
    known = Certificates(
        roots=lambda: x509.load_pem_x509_certificates(made.authority), fetch=server.fetch
    )

    if fits:
        known.key(url, environment, _AT)
    else:
        with pytest.raises(Retryable):
            known.key(url, environment, _AT)


def test_chain_has_to_be_valid_when_it_was_transmitted() -> None:
    """Old captures verify at their own time; a leaf that has run out proves nothing new."""
    began = datetime(2024, 3, 8, tzinfo=UTC)
    made = StandIn.make(at=began, valid=timedelta(days=365))
    server = CertServer()
    server.files[LIVE_URL] = made.certificate
    known = Certificates(
        roots=lambda: x509.load_pem_x509_certificates(made.authority), fetch=server.fetch
    )
    start = int(began.timestamp()) * 1_000

    known.key(LIVE_URL, "live", start)
    known.key(LIVE_URL, "live", start + 300 * _DAY)
    for at in (start - 2 * _DAY, start + 365 * _DAY, _AT):
        with pytest.raises(Retryable):
            known.key(LIVE_URL, "live", at)


def test_this_machine_trusts_authorities() -> None:
    assert len(system_roots()) > 10


_ISSUER = "http://cacerts.digicert.com/Between.crt"


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_missing_link_of_the_chain_is_fetched_from_the_authoritys_own_host(
    encoding: Encoding,
) -> None:
    """Genuine files hold the leaf alone, and the roots of this machine do not sign leaves."""
    root, (between,), file = chain(_ISSUER)
    server = CertServer()
    server.files |= {LIVE_URL: file, _ISSUER: between.public_bytes(encoding)}
    known = Certificates(roots=lambda: [root], fetch=server.fetch)

    known.key(LIVE_URL, "live", _AT)
    known.key(LIVE_URL, "live", _AT)

    assert server.asked == [LIVE_URL, _ISSUER]


def test_chain_inside_the_file_needs_no_other_request() -> None:
    root, (between,), file = chain(_ISSUER)
    server = CertServer()
    server.files[LIVE_URL] = file + between.public_bytes(Encoding.PEM)

    Certificates(roots=lambda: [root], fetch=server.fetch).key(LIVE_URL, "live", _AT)

    assert server.asked == [LIVE_URL]


@pytest.mark.parametrize(
    "issuer_url",
    [
        "http://169.254.169.254/Between.crt",
        "http://cacerts.digicert.com@evil.example/Between.crt",
        "http://cacerts.digicert.com:8080/Between.crt",
        "http://cacerts.digicert.com/../Between.crt",
        "ldap://cacerts.digicert.com/Between.crt",
    ],
)
def test_missing_link_is_not_fetched_from_anywhere_else(issuer_url: str) -> None:
    root, (between,), file = chain(issuer_url)
    server = CertServer()
    server.files |= {LIVE_URL: file, issuer_url: between.public_bytes(Encoding.PEM)}

    with pytest.raises(Retryable):
        Certificates(roots=lambda: [root], fetch=server.fetch).key(LIVE_URL, "live", _AT)

    assert server.asked == [LIVE_URL]
