"""PayPal's certificate by an authority of the tests' own, and headers signed with its key."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509

from functions.ingest_paypal.certificates import Certificates
from infra.samples.paypal_signing import StandIn, signed_headers

LIVE_URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270"
SANDBOX_URL = (
    "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270"
)


@cache
def stand_in() -> StandIn:
    """Return one set of keys for all tests, valid at whatever time one is set in."""
    return StandIn.make(at=datetime(2024, 1, 1, tzinfo=UTC), valid=timedelta(days=36_500))


class CertServer:
    """Answers fetches from memory and counts them; a fault in place of a file is raised."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | Exception] = {
            LIVE_URL: stand_in().certificate,
            SANDBOX_URL: stand_in().certificate,
        }
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        found = self.files[url]
        if isinstance(found, Exception):
            raise found
        return found


def roots() -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(stand_in().authority)


def certificates(
    server: CertServer | None = None, monotonic: Callable[[], float] = time.monotonic
) -> Certificates:
    return Certificates(roots=roots, fetch=(server or CertServer()).fetch, monotonic=monotonic)


def headers(
    body: bytes,
    webhook_id: str,
    at: int,
    *,
    cert_url: str = LIVE_URL,
    transmission_id: str | None = None,
) -> dict[str, str]:
    return signed_headers(
        body,
        private_key=stand_in().private_key,
        cert_url=cert_url,
        webhook_id=webhook_id,
        transmission_id=transmission_id or str(uuid.uuid4()),
        at=at,
    )
