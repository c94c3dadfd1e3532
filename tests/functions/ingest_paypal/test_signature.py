"""PayPal's signature to the bit: vectors of our own keys, the window, the simulator, CRC32."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any

import pytest

from functions.ingest_paypal.signature import Proof, event_and_subject
from infra.samples.paypal_signing import signature
from shared.domain.errors import Retryable
from shared.domain.webhooks import InvalidSignature, NoSecret, Request
from tests.support import paypal_proof
from tests.support.crc_collision import collided

_NOW = 1_795_000_000
_TIME = "2026-11-18T11:06:40Z"
_WEBHOOK = "5GP028458E2496506"
_BODY = b'{"id":"WH-1","resource":{"amount":{"total":"19.04"}}}'
_SECRETS: dict[str, Any] = {"webhook_ids": [_WEBHOOK]}


def _check(
    headers: dict[str, str],
    body: bytes = _BODY,
    secrets: dict[str, Any] = _SECRETS,
    server: paypal_proof.CertServer | None = None,
) -> None:
    request = Request(method="POST", connection_id="shop", headers=headers, query={}, body=body)
    Proof(paypal_proof.certificates(server)).verify(request, secrets, _NOW * 1_000)


def _headers(body: bytes = _BODY, webhook_id: str = _WEBHOOK, at: int = _NOW) -> dict[str, str]:
    return paypal_proof.headers(body, webhook_id, at, transmission_id="69cd13f0-d67a-11e5")


def _with_text(text: str, **other: str) -> dict[str, str]:
    signed = signature(text.encode(), paypal_proof.stand_in().private_key)
    return {**_headers(), "paypal-transmission-sig": signed, **other}


def test_signed_text_is_id_time_webhook_and_unsigned_decimal_crc() -> None:
    crc = zlib.crc32(_BODY)

    _check(_with_text(f"69cd13f0-d67a-11e5|{_TIME}|{_WEBHOOK}|{crc}"))

    assert crc > 2**31, "the vector has to tell a signed number from an unsigned one"


@pytest.mark.parametrize(
    "text",
    [
        f"69cd13f0-d67a-11e5|{_TIME}|{_WEBHOOK}|{zlib.crc32(_BODY) - 2**32}",
        f"69cd13f0-d67a-11e5|{_TIME}|{_WEBHOOK}|{zlib.crc32(_BODY):x}",
        f"69cd13f0-d67a-11e5|{_TIME}|{_WEBHOOK}|{zlib.crc32(_BODY) + 1}",
        f"69cd13f0-d67a-11e5|{_TIME}|{_WEBHOOK}|",
        f"69cd13f0-d67a-11e5|{_TIME}||{zlib.crc32(_BODY)}",
        f"69cd13f0-d67a-11e5|{_TIME}|WEBHOOK_ID|{zlib.crc32(_BODY)}",
        f"69cd13f0-d67a-11e6|{_TIME}|{_WEBHOOK}|{zlib.crc32(_BODY)}",
        f"69cd13f0-d67a-11e5|2026-11-18T11:06:41Z|{_WEBHOOK}|{zlib.crc32(_BODY)}",
        "",
    ],
)
def test_any_other_text_is_refused_although_signed(text: str) -> None:
    with pytest.raises(InvalidSignature) as raised:
        _check(_with_text(text))

    assert raised.value.metric == "bad_signature"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paypal-auth-algo", "SHA1withRSA"),
        ("paypal-auth-algo", "none"),
        ("paypal-auth-algo", "sha256withrsa"),
        ("paypal-auth-algo", "SHA256withRSA,SHA256withRSA"),
        ("paypal-auth-algo", ""),
        ("paypal-transmission-id", ""),
        ("paypal-transmission-id", "a|b"),
        ("paypal-transmission-id", "x" * 65),
        ("paypal-transmission-id", "69cd13f0-d67a-11e5,69cd13f0-d67a-11e5"),
        ("paypal-transmission-sig", "not base64!"),
        ("paypal-transmission-sig", "AAAA"),
        ("paypal-transmission-sig", "A" * 1_025),
        ("paypal-transmission-sig", "\n"),
    ],
)
def test_malformed_headers_prove_nothing(name: str, value: str) -> None:
    with pytest.raises(InvalidSignature) as raised:
        _check({**_headers(), name: value})

    assert raised.value.metric == "bad_signature"


@cache
def _genuine() -> dict[str, str]:
    """Return one set of genuine headers, for tests of what comes before the signature."""
    return _headers()


class _Gullible:
    """A certificate's key that takes every signature, and notes who was asked for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def key(self, url: str, environment: str, at: int) -> Any:
        self.asked.append(url)
        return self

    def verify(self, *_: object) -> None:
        """Accept everything."""


def _is_read(name: str, value: str) -> bool:
    """Tell whether a header is read, whatever it proves; nobody is asked about one that is not."""
    keys = _Gullible()
    headers = {**_genuine(), name: value}
    request = Request(method="POST", connection_id="shop", headers=headers, query={}, body=_BODY)
    try:
        Proof(keys).verify(request, _SECRETS, _NOW * 1_000)
    except InvalidSignature:
        assert keys.asked == []
        return False
    return True


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("paypal-auth-algo", "SHA256withRSA", True),
        ("paypal-auth-algo", "SHA1withRSA", False),
        ("paypal-transmission-id", "x", True),
        ("paypal-transmission-id", "x" * 64, True),
        ("paypal-transmission-id", "x" * 65, False),
        ("paypal-transmission-id", "", False),
        ("paypal-transmission-id", "a|b", False),
        ("paypal-transmission-sig", "AAAA", True),
        ("paypal-transmission-sig", "A" * 1_024, True),
        ("paypal-transmission-sig", "A" * 1_028, False),
        ("paypal-transmission-sig", "", False),
        ("paypal-transmission-sig", "AAAA\n", False),
    ],
)
def test_header_of_another_form_is_refused_before_anybody_is_asked_for_a_key(
    name: str, value: str, read: bool
) -> None:
    assert _is_read(name, value) is read


@pytest.mark.parametrize("missing", sorted(_headers()))
def test_every_header_but_the_version_is_needed(missing: str) -> None:
    headers = {name: value for name, value in _headers().items() if name != missing}

    if missing == "paypal-auth-version":
        _check(headers)
    else:
        with pytest.raises(InvalidSignature):
            _check(headers)


@pytest.mark.parametrize("age", [-600, -599, 0, 60])
def test_both_edges_of_the_window_are_inside(age: int) -> None:
    _check(_headers(at=_NOW + age))


@pytest.mark.parametrize("age", [-601, -86_400, 61, 3_600])
def test_transmission_outside_the_window_is_refused_although_signed(age: int) -> None:
    server = paypal_proof.CertServer()

    with pytest.raises(InvalidSignature) as raised:
        _check(_headers(at=_NOW + age), server=server)

    assert raised.value.metric == "replay_window"
    assert server.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "2018-19-12T22:20:32.000Z",
        "2026-11-18 11:06:40Z",
        "2026-11-18T11:06:40",
        "2026-11-18T11:06:40+00:00",
        "2026-11-18T11:06:40Z\n",
        "20261118T110640Z",
        "٢026-11-18T11:06:40Z",
        "1795000000",
        "",
    ],
)
def test_time_that_is_no_plain_utc_time_is_outside_any_window(text: str) -> None:
    signed = _with_text(
        f"69cd13f0-d67a-11e5|{text}|{_WEBHOOK}|{zlib.crc32(_BODY)}",
        **{"paypal-transmission-time": text},
    )

    with pytest.raises(InvalidSignature) as raised:
        _check(signed)

    assert raised.value.metric == "replay_window"


def test_simulators_id_proves_nothing_on_a_live_connection_and_works_in_the_sandbox() -> None:
    """Anybody can have PayPal's simulator sign events for any URL."""
    simulated = _headers(webhook_id="WEBHOOK_ID")
    sandbox = paypal_proof.headers(_BODY, "WEBHOOK_ID", _NOW, cert_url=paypal_proof.SANDBOX_URL)

    with pytest.raises(NoSecret):
        _check(simulated, secrets={"webhook_ids": ["WEBHOOK_ID"]})
    with pytest.raises(InvalidSignature):
        _check(simulated, secrets={"webhook_ids": ["WEBHOOK_ID", _WEBHOOK]})
    _check(sandbox, secrets={"webhook_ids": ["WEBHOOK_ID"], "environment": "sandbox"})


@pytest.mark.parametrize("listed", [None, [], _WEBHOOK, {_WEBHOOK: 1}, [7, None], ["", " "]])
def test_what_is_no_list_of_webhook_ids_has_paypal_come_again(listed: object) -> None:
    with pytest.raises(NoSecret):
        _check(_genuine(), secrets={"webhook_ids": listed})


def test_webhook_ids_that_are_none_leave_the_good_one_in_force() -> None:
    _check(_genuine(), secrets={"webhook_ids": [None, 7, " ", _WEBHOOK]})


def test_live_and_sandbox_certificates_prove_nothing_to_each_other() -> None:
    live = _headers()
    sandbox = paypal_proof.headers(_BODY, _WEBHOOK, _NOW, cert_url=paypal_proof.SANDBOX_URL)

    _check(live)
    _check(sandbox, secrets={**_SECRETS, "environment": "sandbox"})
    with pytest.raises(InvalidSignature):
        _check(sandbox)
    with pytest.raises(InvalidSignature):
        _check(live, secrets={**_SECRETS, "environment": "sandbox"})


def test_crc32_does_not_tell_a_made_up_body_from_the_genuine_one() -> None:
    """Why a transmission serves one event only, and why PayPal's API has the last word."""
    forged = collided(b'{"id":"WH-2","resource":{"amount":{"total":"9999.00"}}}', zlib.crc32(_BODY))

    _check(_headers(), forged)


def test_unreachable_certificate_is_a_passing_fault() -> None:
    server = paypal_proof.CertServer()
    server.files[paypal_proof.LIVE_URL] = Retryable("no answer")

    with pytest.raises(Retryable):
        _check(_headers(), server=server)


@pytest.mark.parametrize(
    ("resource", "subject"),
    [
        ({"id": "8A1", "billing_agreement_id": "I-1"}, "I-1"),
        ({"id": "9R1", "sale_id": "8A1"}, "8A1"),
        ({"id": "9R1", "capture_id": "8C1"}, "8C1"),
        ({"id": "I-1"}, "I-1"),
        ({"dispute_id": "PP-D-1"}, "PP-D-1"),
        ({"id": 7}, None),
        (None, None),
    ],
)
def test_event_is_about_its_subscription_else_the_next_best_id(
    resource: object, subject: str | None
) -> None:
    request = Request(method="POST", connection_id="shop", headers={}, query={}, body=b"")

    assert event_and_subject({"id": "WH-1", "resource": resource}, request) == ("WH-1", subject)
