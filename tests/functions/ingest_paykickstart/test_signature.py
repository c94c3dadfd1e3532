"""PayKickstart's two rules: vectors worked out by hand, and bodies nobody should accept.

The vectors are the vendor's documented fields in another hand, under a secret of these tests.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.ingest_paykickstart.signature import event_and_subject, verify
from infra.samples import paykickstart as story
from shared.domain.webhooks import InvalidSignature, NoSecret, Request

_SECRET = "of-these-tests-alone"


def _request(body: bytes) -> Request:
    return Request(method="POST", connection_id="shop", headers={}, query={}, body=body)


def _check(body: bytes, *secrets: str) -> None:
    verify(_request(body), {"campaign_secrets": {"77": list(secrets or (_SECRET,))}}, 0)


def _mac(joined: str | bytes) -> str:
    raw = joined.encode() if isinstance(joined, str) else joined
    return hmac.new(_SECRET.encode(), raw, hashlib.sha1).hexdigest()


def _is_accepted(body: bytes) -> bool:
    try:
        _check(body)
    except InvalidSignature:
        return False
    return True


def test_hash_joins_trimmed_values_in_the_order_of_their_names() -> None:
    body = b"event=refund&b=+two+&campaign_id=77&a=one&zero=0&none=&cents=0.00&B=big&blank=+"
    signed = _mac("big|one|two|77|0.00|refund")

    _check(body + b"&hash=" + signed.encode())


def test_hash_leaves_out_the_older_code_and_lists() -> None:
    body = b"campaign_id=77&licenses[0]=A&licenses%5B1%5D=B&z=1&verification_code=whatever"

    _check(body + b"&hash=" + _mac("77|1").encode())


def test_verification_code_sorts_the_places_of_what_was_sent_as_text() -> None:
    values = [f"v{place}" for place in range(11)]
    body = "&".join(f"f{value}={value}" for value in values) + "&x=0&y=&campaign_id=77&hash=h"
    order = ["v0", "v1", "v10", "77", "h", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"]

    signed = _mac("|".join(order))

    _check(f"{body}&verification_code={signed}".encode())


def test_verification_code_leaves_out_lists() -> None:
    body = b"campaign_id=77&licenses[0]=A&licenses%5B1%5D=B&z=1"

    _check(body + b"&verification_code=" + _mac("77|1").encode())


def test_hash_trims_blanks_alone() -> None:
    _check(b"campaign_id=77&code=%00XIX%0b&hash=" + _mac("77|XIX").encode())


def test_verification_code_takes_values_as_sent() -> None:
    _check(b"campaign_id=77&a=+x+&verification_code=" + _mac("77| x ").encode())


def test_order_sent_counts_for_the_code_and_not_for_the_hash() -> None:
    code, hashed = _mac("77|1|2").encode(), _mac("1|2|77").encode()

    assert _is_accepted(b"campaign_id=77&a=1&b=2&verification_code=" + code)
    assert not _is_accepted(b"campaign_id=77&b=2&a=1&verification_code=" + code)
    assert _is_accepted(b"campaign_id=77&b=2&a=1&hash=" + hashed)


@pytest.mark.parametrize(
    ("wire", "signed"),
    [
        ("Zo%C3%A9", "Zoé".encode()),
        ("Zo%C3%A9", "Zoé".encode("iso-8859-1")),
        ("Zo%E9", "Zoé".encode("iso-8859-1")),
        ("%C5%81ukasz+%C3%B3", "ukasz ó".encode("iso-8859-1")),
        ("%C5%81ukasz", "Łukasz".encode()),
    ],
)
def test_names_beyond_ascii_are_proved_in_either_alphabet(wire: str, signed: bytes) -> None:
    by_hash = _mac(b"77|" + signed)

    _check(f"campaign_id=77&n={wire}&hash={by_hash}".encode())
    _check(f"campaign_id=77&n={wire}&verification_code={by_hash}".encode())


def test_both_secrets_prove_while_a_campaign_rotates_its() -> None:
    body = f"campaign_id=77&hash={_mac('77')}".encode()

    _check(body, "new", _SECRET)
    _check(body, _SECRET, "new")
    with pytest.raises(InvalidSignature):
        _check(body, "new")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"campaign_id=77",
        b"campaign_id=77&hash=",
        b"campaign_id=77&hash=0",
        b"campaign_id=77&verification_code=",
        f"campaign_id=77&hash={_mac('77').upper()}".encode(),
        f"campaign_id=77&hash={_mac('77')}+".encode(),
        f"campaign_id=77&hash={_mac('')}".encode(),
        f"hash={_mac('')}".encode(),
        f"campaign_id=77&hash={_mac('77')}&hash={_mac('77')}".encode(),
        f"a=1&campaign_id=77&a=1&hash={_mac('1|77')}".encode(),
        f"campaign_id=78&campaign_id=77&hash={_mac('77')}".encode(),
        b"&" * 5_000,
        "campaign_id=77&hash=é".encode(),
    ],
)
def test_what_is_not_proved_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidSignature):
        _check(body)


@pytest.mark.parametrize("body", [b"campaign_id=1", b"campaign_id=%C3%A9", b"campaign_id=7\xff"])
def test_unknown_campaign_is_counted_by_its_own_name(body: bytes) -> None:
    with pytest.raises(InvalidSignature) as refused:
        verify(_request(body), {"campaign_secrets": {"77": [_SECRET]}}, 0)

    assert refused.value.metric == "unknown_campaign"


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_form_that_could_pass_for_json_is_refused_although_signed(blank: str) -> None:
    """Names are not signed, and JSON on the queue is the API's word."""
    body = f'{blank}{{"a":"=1&campaign_id=77&hash={_mac("77|1")}'

    with pytest.raises(InvalidSignature) as refused:
        _check(body.encode())

    assert refused.value.metric == "not_a_webhook"


def test_form_of_a_thousand_fields_is_read_and_a_longer_one_is_not() -> None:
    def form(fields: int) -> bytes:
        others = fields - 2
        signed = _mac("|".join(["77", *["v"] * others]))
        return f"campaign_id=77&{'&'.join(f'f{n}=v' for n in range(others))}&hash={signed}".encode()

    assert _is_accepted(form(1_000))
    assert not _is_accepted(form(1_001))


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {"campaign_secrets": {}},
        {"campaign_secrets": []},
        {"campaign_secrets": ["77"]},
        {"campaign_secrets": "77"},
        {"campaign_secrets": {"77": [""]}},
    ],
)
def test_no_usable_secret_has_the_provider_come_again(secrets: dict[str, Any]) -> None:
    with pytest.raises(NoSecret):
        verify(_request(f"campaign_id=77&hash={_mac('77')}".encode()), secrets, 0)


@pytest.mark.parametrize("event_type", story.event_types())
@pytest.mark.parametrize("rule", ["hash", "verification_code"])
@pytest.mark.parametrize("latin_1", [False, True])
def test_samples_are_proved_by_either_rule(event_type: str, rule: str, latin_1: bool) -> None:
    held = story.sample(event_type).event
    event = story.Event(held.fields, latin_1=latin_1, signs=(rule,))

    verify(_request(event.body), {"campaign_secrets": {story.CAMPAIGN: [story.SECRET]}}, 0)
    with pytest.raises(InvalidSignature):
        _check_campaign(event.body.replace(b"event=", b"event=x", 1))


def _check_campaign(body: bytes) -> None:
    verify(_request(body), {"campaign_secrets": {story.CAMPAIGN: [story.SECRET]}}, 0)


_NAMES = st.sampled_from(["event", "amount", "a", "b", "B", "custom_1", "z"])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=12)))
def test_any_form_is_proved_as_it_was_signed_and_no_other(fields: dict[str, str]) -> None:
    sent = {**fields, "campaign_id": "77"}
    values = [sent[name].strip(" \t\n\r\0\x0b") for name in sorted(sent)]
    kept = [value for value in values if value not in ("", "0")]
    body = urlencode(sent, quote_via=quote_plus).encode()

    assert _is_accepted(body + f"&hash={_mac('|'.join(kept))}".encode())
    assert not _is_accepted(body + f"&hash={_mac('|'.join([*kept, 'x']))}".encode())


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ({"invoice_id": "PK-P1", "transaction_id": "PK-T1"}, "PK-P1"),
        ({"invoice_id": "", "transaction_id": "PK-T1"}, "PK-T1"),
        ({"buyer_email": "ada@example.com"}, None),
    ],
)
def test_subject_is_the_purchase_and_never_an_address(
    body: dict[str, str], subject: str | None
) -> None:
    assert event_and_subject(body, _request(b"")) == (None, subject)
