"""PayPal's signing certificates: where they may come from, and whom they must lead to.

The URL stands in a header that anybody can write, so it is fetched only from PayPal's own hosts, by
https, at the one path its certificates have; anything else costs no request. The certificate must
be for PayPal's name and lead to an authority this machine trusts, *at the time of transmission*.
PayPal's file holds the leaf alone. The authority between it and a root is taken from the file where
it is there, else from where the leaf itself says (the authority's own host alone): a root's
signature proves it, however it came. Whatever fails here is a 503: PayPal sends again, and a new
authority or a page in place of a file is no reason to lose an event. What has failed is not tried
again for some seconds, and no more than a few URLs fail in that time, so that a flood of forgeries
is no flood of requests to PayPal.
"""

from __future__ import annotations

import re
import ssl
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import AuthorityInformationAccessOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from functions.ingest_paypal.fetch import fetch
from shared.domain import times
from shared.domain.errors import Retryable
from shared.domain.webhooks import InvalidSignature

if TYPE_CHECKING:
    Fetch = Callable[[str], bytes]

_HOSTS = {
    "live": r"https://api(-m)?\.paypal\.com",
    "sandbox": r"https://api(-m)?\.sandbox\.paypal\.com",
}
_NAMES = {
    "live": "messageverificationcerts.paypal.com",
    "sandbox": "messageverificationcerts.sandbox.paypal.com",
}
_PATH = r"/v1/notifications/certs/CERT-[0-9A-Fa-f][0-9A-Fa-f-]{0,63}"
_LOOPBACK = r"http://127\.0\.0\.1:\d{1,5}/[a-z-]{1,63}"
# PayPal's authority; it serves the certificates between leaf and root in the clear, as all do.
_ISSUER = re.compile(r"http://cacerts\.digicert\.com/[0-9A-Za-z._-]{1,100}\.(crt|cer)")
_ISSUERS_MAX = 2
_REMEMBERED_MAX = 16
_FAILED_SECONDS, _FAILED_MAX = 5.0, 16


class _Known(NamedTuple):
    """A proved key, and between which times (ms) its whole chain is valid."""

    key: RSAPublicKey
    since: int
    until: int


class Certificates:
    """The keys of PayPal's certificates, remembered by URL while the Lambda is warm.

    `stand_in` is the certificate of the local stack's own authority: where it is given, it is
    trusted as well, and certificates may be fetched from loopback.
    """

    def __init__(
        self,
        *,
        roots: Callable[[], Sequence[x509.Certificate]],
        fetch: Fetch = fetch,
        stand_in: x509.Certificate | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots = roots
        self._monotonic = monotonic
        self._failed: dict[tuple[str, str], float] = {}
        self._fetch = fetch
        self._stand_in = stand_in
        self._store: Store | None = None
        self._known: dict[tuple[str, str], _Known] = {}

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Certificates:
        """Return those that lead to this machine's roots; locally, to the stand-in's as well."""
        authority = environ.get("PAYPAL_AUTHORITY", "") if environ.get("MODE_LOCAL") == "1" else ""
        stand_in = x509.load_pem_x509_certificate(authority.encode()) if authority else None
        return cls(roots=system_roots, stand_in=stand_in)

    def key(self, url: str, environment: str, at: int) -> RSAPublicKey:
        """Return the key PayPal signed with at `at` (ms).

        Raise InvalidSignature, without any request, for a URL that is not PayPal's; Retryable where
        the certificate cannot be had, or does not lead to a root.
        """
        if not self._is_allowed(url, environment):
            raise InvalidSignature("foreign_certificate")
        known = self._known.get((url, environment))
        if known is None or not known.since <= at <= known.until:
            known = self._proved(url, environment, at)
            if len(self._known) >= _REMEMBERED_MAX:
                del self._known[next(iter(self._known))]
            self._known[url, environment] = known
        return known.key

    def _proved(self, url: str, environment: str, at: int) -> _Known:
        """Prove a certificate, unless that has just failed. Raise Retryable."""
        now = self._monotonic()
        self._failed = {each: until for each, until in self._failed.items() if until > now}
        if (url, environment) in self._failed or len(self._failed) >= _FAILED_MAX:
            raise Retryable("the certificate could not be had a moment ago")
        try:
            return self._prove(url, environment, at)
        except Retryable:
            self._failed[url, environment] = self._monotonic() + _FAILED_SECONDS
            raise

    def _is_allowed(self, url: str, environment: str) -> bool:
        if re.fullmatch(_HOSTS[environment] + _PATH, url):
            return True
        return self._stand_in is not None and bool(re.fullmatch(_LOOPBACK + _PATH, url))

    def _prove(self, url: str, environment: str, at: int) -> _Known:
        leaf, *others = _parsed(self._fetch(url))
        chain = self._chain(leaf, others, environment, at)
        key = leaf.public_key()
        if not isinstance(key, RSAPublicKey):
            raise Retryable("the certificate holds no RSA key")
        return _Known(
            key,
            max(_ms(each.not_valid_before_utc) for each in chain),
            min(_ms(each.not_valid_after_utc) for each in chain),
        )

    def _chain(
        self, leaf: x509.Certificate, others: list[x509.Certificate], environment: str, at: int
    ) -> list[x509.Certificate]:
        """Return the way from the leaf to a root, with what the leaf's issuers say is between."""
        if self._store is None:
            stand_in = [] if self._stand_in is None else [self._stand_in]
            self._store = Store([*stand_in, *self._roots()])
        verifier = (
            PolicyBuilder()
            .store(self._store)
            .time(datetime.fromtimestamp(at // times.SECOND, UTC))
            .build_server_verifier(x509.DNSName(_NAMES[environment]))
        )
        newest = leaf
        for _ in range(_ISSUERS_MAX):
            try:
                return list(verifier.verify(leaf, others))
            except VerificationError:
                newest = self._issuer(newest)
                others = [*others, newest]
        try:
            return list(verifier.verify(leaf, others))
        except VerificationError as error:
            raise Retryable("the certificate does not lead to a trusted root") from error

    def _issuer(self, certificate: x509.Certificate) -> x509.Certificate:
        """Return the issuer's certificate from where this one says. Raise Retryable."""
        for url in _issuer_urls(certificate):
            if _ISSUER.fullmatch(url):
                return _parsed(self._fetch(url))[0]
        raise Retryable("the certificate does not lead to a trusted root")


def system_roots() -> list[x509.Certificate]:
    """Return the authorities this machine trusts. Raise Retryable where it knows none."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for encoded in ssl.create_default_context().get_ca_certs(binary_form=True):
            # One odd root must not cost us all the others.
            with suppress(ValueError, Warning):
                found.append(x509.load_der_x509_certificate(encoded))
    if not found:
        raise Retryable("this machine trusts no authority")
    return found


def _issuer_urls(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        str(each.access_location.value)
        for each in access.value
        if each.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    ]


def _parsed(file: bytes) -> list[x509.Certificate]:
    """Return a file's certificates, the leaf first. Raise Retryable for what is no such file."""
    try:
        if b"-----BEGIN CERTIFICATE-----" in file:
            return x509.load_pem_x509_certificates(file)
        return [x509.load_der_x509_certificate(file)]
    except ValueError as error:
        raise Retryable("what was fetched is no certificate") from error


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * times.SECOND
