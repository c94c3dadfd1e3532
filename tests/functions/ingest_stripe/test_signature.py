"""Stripe's scheme against Stripe's own SDK, and against headers nobody should send."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.ingest_stripe.signature import verify
from shared.domain.webhooks import InvalidSignature, Request

_NOW = 1_795_000_000
_SECRET, _OLD, _OTHER = "whsec_shop", "whsec_old", "whsec_other"
_BODY = b'{"id":"evt_1"}'


def _signature(stamp: object, body: bytes = _BODY, secret: str = _SECRET) -> str:
    signed = f"{stamp}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _request(header: str | None, body: bytes = _BODY) -> Request:
    headers = {} if header is None else {"stripe-signature": header}
    return Request(method="POST", connection_id="shop", headers=headers, query={}, body=body)


def _check(header: str | None, body: bytes = _BODY, secrets: Any = (_SECRET,)) -> None:
    verify(_request(header, body), {"signing_secrets": list(secrets)}, _NOW * 1_000)


def _is_accepted(header: str, body: bytes, secrets: Any = (_SECRET,)) -> bool:
    try:
        _check(header, body, secrets)
    except InvalidSignature:
        return False
    return True


def _is_accepted_by_stripe(header: str, body: bytes) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, _SECRET, tolerance=300))
    except stripe.SignatureVerificationError:
        return False


@pytest.fixture
def stripes_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stripe._webhook.time.time", lambda: float(_NOW))


_AGES = st.one_of(st.integers(-400, 400), st.sampled_from([-301, -300, -299, 0, 60, 61]))
_SCHEMES = st.sampled_from(["v1", "v0", "v2", "V1", " v1", "", "sig"])
_SIGNERS = st.sampled_from([_SECRET, _OTHER, "", "whsec_", "mangled"])


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    age=_AGES,
    parts=st.lists(st.tuples(_SCHEMES, _SIGNERS), max_size=5),
    stamp_at=st.integers(0, 5),
    body=st.text(st.characters(exclude_categories=["Cs"]), max_size=200).map(str.encode),
)
def test_same_headers_are_accepted_as_stripes_sdk_accepts_but_for_the_future(
    stripes_clock: None, age: int, parts: list[tuple[str, str]], stamp_at: int, body: bytes
) -> None:
    stamp = _NOW + age
    texts = [
        f"{scheme}={_signature(stamp, body, signer)[: 63 if signer == 'mangled' else 64]}"
        for scheme, signer in parts
    ]
    texts.insert(stamp_at, f"t={stamp}")
    header = ",".join(texts)

    ours = _is_accepted(header, body)

    assert ours == (_is_accepted_by_stripe(header, body) and age <= 60)


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    header=st.one_of(
        st.text(max_size=200),
        st.text(alphabet="tv10=,.- _+abcdef9", max_size=120),
        st.lists(
            st.sampled_from(
                [f"t={_NOW}", f"t= {_NOW}", f"t=+{_NOW}", f"t={_NOW}=", f"v1={_signature(_NOW)}"]
            ),
            max_size=5,
        ).map(",".join),
    ),
    body=st.sampled_from([_BODY, b"", b"{}"]),
)
def test_nothing_is_accepted_that_stripes_sdk_refuses(
    stripes_clock: None, header: str, body: bytes
) -> None:
    if _is_accepted(header, body):
        assert _is_accepted_by_stripe(header, body)


@settings(max_examples=300, deadline=None)
@given(position=st.integers(0, 10_000), bit=st.integers(0, 7), where=st.sampled_from("header body"))
def test_no_flipped_bit_is_accepted(position: int, bit: int, where: str) -> None:
    """G14: none of the mutated requests may pass."""
    header = bytearray(f"t={_NOW},v1={_signature(_NOW)}".encode())
    body = bytearray(_BODY)
    target = header if where in "header" else body
    target[position % len(target)] ^= 1 << bit

    assert not _is_accepted(header.decode("latin-1"), bytes(body))


def test_every_signature_is_tried_with_every_secret() -> None:
    """During a rotation Stripe signs with each active secret, in an order it does not state."""
    both = f"t={_NOW},v1={_signature(_NOW, secret=_OLD)},v1={_signature(_NOW)}"
    only_old = f"t={_NOW},v1={_signature(_NOW, secret=_OLD)}"
    third = f"t={_NOW},v1={_signature(_NOW, secret=_OTHER)}"

    for secrets in [(_SECRET,), (_OLD,), (_OLD, _SECRET), (_SECRET, _OLD)]:
        assert _is_accepted(both, _BODY, secrets)
    assert _is_accepted(only_old, _BODY, (_SECRET, _OLD))
    assert not _is_accepted(only_old, _BODY, (_SECRET,))
    assert not _is_accepted(third, _BODY, (_SECRET, _OLD))


def test_all_are_compared_even_after_one_has_matched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping at the first match would tell by its time which secret and signature it was."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append((expected, given))
        return expected == given

    monkeypatch.setattr("functions.ingest_stripe.signature.hmac.compare_digest", compare)
    good = _signature(_NOW)

    _check(f"t={_NOW},v1={good},v1={good},v1={'0' * 64}", secrets=(_SECRET, _OLD))

    assert len(compared) == 6


def test_empty_secret_among_good_ones_is_never_used() -> None:
    """stripe-{node,php,java,ruby,dotnet} of September 2026: an empty secret was a valid key."""
    for empty in ("", " ", "whsec_"):
        forged = f"t={_NOW},v1={_signature(_NOW, secret=empty)}"

        assert not _is_accepted(forged, _BODY, (_SECRET, empty))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ",",
        "=",
        ",,,===,",
        f"t={_NOW}",
        f"v1={_signature(_NOW)}",
        f"t={_NOW},v0={_signature(_NOW)}",
        f"v0={_signature(_NOW)}",
        f"t={_NOW},v1=",
        f"t={_NOW},v1",
        f"t={_NOW},V1={_signature(_NOW)}",
        f"T={_NOW},v1={_signature(_NOW)}",
        f"t={_NOW},v1={_signature(_NOW).upper()}",
        f"t={_NOW},v1={_signature(_NOW)}0",
        f"t={_NOW},v1={_signature(_NOW)} ",
        f"t={_NOW}, v1={_signature(_NOW)}",
        f"t={_NOW};v1={_signature(_NOW)}",
        f"t={_NOW},v1={_signature(_NOW)[:-1]}é",
        f"t={_NOW},v1={_signature(_NOW)},x=\udc80",
        f"t={_NOW},t={_NOW},v1={_signature(_NOW)}",
        f"t={_NOW - 900},t={_NOW},v1={_signature(_NOW)}",
        f"t={_NOW},v1={_signature(_NOW - 900)},t={_NOW - 900}",
        f"t={_NOW},v1={_signature(_NOW)}," + "x" * 65_536,
        f"t={_NOW}" + f",v1={_signature(_NOW)}" * 1_000,
    ],
    ids=lambda header: repr(header)[:32],
)
def test_row_5_malformed_headers_prove_nothing_and_raise_nothing_else(header: str | None) -> None:
    """linear#1268: a fresh stamp beside an old signature must not count as signed."""
    with pytest.raises(InvalidSignature) as raised:
        _check(header)

    assert raised.value.metric == "bad_signature"


@pytest.mark.parametrize(
    "stamp",
    [
        _NOW - 301,
        _NOW + 61,
        0,
        -_NOW,
        f"-{_NOW}",
        f"+{_NOW}",
        f" {_NOW}",
        f"{_NOW} ",
        f"0{_NOW}",
        f"{_NOW}.0",
        f"{_NOW * 1_000}",
        "1_795_000_000",
        "1.795e9",
        "1e30",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "0x6afd3b00",
        "",
        "9" * 1_000,
        "soon",
    ],
    ids=lambda stamp: repr(stamp)[:24],
)
def test_row_6_stamp_that_is_no_plain_second_in_the_window_is_refused_although_signed(
    stamp: object,
) -> None:
    """nextly#227: NaN and infinities slipped past the check; `1e30` and huge digits crashed it."""
    with pytest.raises(InvalidSignature) as raised:
        _check(f"t={stamp},v1={_signature(stamp)}")

    assert raised.value.metric == "replay_window"


def test_row_6_digits_of_other_scripts_are_refused() -> None:
    """`str.isdigit` and `int` take them, so one stamp could be written in many ways."""
    for zero in (0x0660, 0x06F0, 0x0966, 0xFF10):
        stamp = "".join(chr(zero + int(digit)) for digit in str(_NOW))

        with pytest.raises(InvalidSignature):
            _check(f"t={stamp},v1={_signature(stamp)}")


@pytest.mark.parametrize("age", [-300, -1, 0, 1, 60])
def test_row_6_both_edges_of_the_window_are_inside(age: int) -> None:
    stamp = _NOW + age

    _check(f"t={stamp},v1={_signature(stamp)}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\x01\xff",
        b"\xef\xbb\xbf{}",
        '{"name":"Zoë \N{GRINNING FACE}"}'.encode(),
        '{"name":"Zoë"}'.encode("latin-1"),
        b'{ "b" : 1,\r\n "a":\t2 }',
    ],
    ids=repr,
)
def test_signature_is_taken_over_the_raw_bytes(body: bytes) -> None:
    """stripe-node#356: a body that was parsed and written again has other bytes."""
    _check(f"t={_NOW},v1={_signature(_NOW, body)}", body)


def test_a_header_of_4096_characters_is_read_and_a_longer_one_is_not() -> None:
    header = f"t={_NOW},v1={_signature(_NOW)},v0="
    padded = header.ljust(4_096, "0")

    assert _is_accepted(padded, _BODY)
    assert not _is_accepted(padded + "0", _BODY)


@pytest.mark.parametrize(
    ("after_ms", "accepted"),
    [(300_000, True), (300_001, False), (-60_000, True), (-60_001, False)],
)
def test_row_6_the_window_ends_with_its_last_millisecond(after_ms: int, accepted: bool) -> None:
    request = _request(f"t={_NOW},v1={_signature(_NOW)}")

    try:
        verify(request, {"signing_secrets": [_SECRET]}, _NOW * 1_000 + after_ms)
    except InvalidSignature:
        assert not accepted
    else:
        assert accepted
