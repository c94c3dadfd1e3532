"""The event around the object: what is read of it, what is refused, and that nothing else fails."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers import stripe
from tests.shared.providers import stripe_bodies as bodies
from tests.shared.providers.stripe_bodies import NOW, Json, event, parse, subscription

_FIXTURES = sorted(Path("tests/fixtures/stripe").glob("*.json"))
_KIND = "customer.subscription.updated"


def _code(body: bytes) -> str:
    with pytest.raises(Quarantined) as caught:
        stripe.parse(body, {})
    return caught.value.code


def test_the_envelope_says_who_when_and_whether_live() -> None:
    parsed = parse(_KIND, subscription())

    assert (parsed.event_id, parsed.event_type) == ("evt_1", _KIND)
    assert parsed.occurred_at == NOW * 1000
    assert parsed.live is True
    assert parsed.known is True


def test_a_type_we_have_no_use_for_is_known_as_such_whatever_it_holds() -> None:
    parsed = parse("billing.meter.no_meter_found", {})
    bare = stripe.parse(json.dumps({**event("x.y", {}), "data": None}).encode(), {})

    assert parsed.known is False
    assert bare.known is False


def test_one_event_has_one_digest_however_it_is_delivered() -> None:
    once = event(_KIND, subscription())
    again = {**once, "pending_webhooks": 0, "request": None}
    other = {**once, "data": {"object": subscription(status="past_due")}}
    reordered = dict(reversed(once.items()))

    digests = [
        stripe.parse(json.dumps(each, indent=indent).encode(), {}).digest
        for each, indent in ((once, None), (again, 2), (reordered, None), (other, None))
    ]

    assert len(set(digests[:3])) == 1
    assert digests[3] != digests[0]
    assert len(digests[0]) == 64


def test_a_thin_event_says_why_it_is_refused() -> None:
    thin = {
        "id": "evt_1",
        "object": "v2.core.event",
        "type": "v1.customer.subscription.updated",
        "created": "2026-11-22T08:00:00.000Z",
        "related_object": {"id": "sub_1", "type": "subscription", "url": "/v1/subscriptions/sub_1"},
    }

    assert _code(json.dumps(thin).encode()) == "thin_event"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("id", None, "bad_field"),
        ("id", 7, "bad_field"),
        ("id", "", "bad_id"),
        ("id", "evt_\u0000", "bad_id"),
        ("id", "evt\n1", "bad_id"),
        ("id", "é" * 128, "bad_id"),
        ("type", None, "bad_field"),
        ("type", ["invoice.paid"], "bad_field"),
        ("created", None, "bad_field"),
        ("created", "2026-11-22", "bad_field"),
        ("created", 1.5, "bad_field"),
        ("created", True, "bad_field"),
        ("created", -1, "bad_field"),
        ("created", 10**30, "bad_field"),
        ("livemode", "true", "bad_field"),
        ("object", "invoice", "bad_field"),
        ("data", None, "bad_field"),
        ("data", {"object": None}, "bad_field"),
        ("data", {"object": "sub_1"}, "bad_field"),
        ("data", {"object": [subscription()]}, "bad_field"),
    ],
)
def test_an_envelope_that_cannot_be_right_is_quarantined(
    name: str, value: object, code: str
) -> None:
    body = json.dumps({**event(_KIND, subscription()), name: value}).encode()

    assert _code(body) == code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"id": NaN}',
    ],
)
def test_what_is_no_json_object_is_quarantined(body: bytes) -> None:
    assert _code(body) == "bad_field"


def test_an_event_need_not_say_whether_it_is_live() -> None:
    body = event(_KIND, subscription())
    del body["livemode"], body["object"]

    assert stripe.parse(json.dumps(body).encode(), {}).live is None


def test_the_longest_and_oddest_of_ids_are_taken_as_they_are() -> None:
    for name in ("s" * 255, "a#b/../c d", "sub_é"):
        parsed = parse(_KIND, subscription(id=name))

        assert parsed.subscriptions[0].subscription_id == name


@pytest.mark.parametrize("path", _FIXTURES, ids=lambda path: path.stem)
def test_every_fixture_is_understood_or_refused_on_purpose(path: Path) -> None:
    body = path.read_bytes()

    if path.name.startswith("v2.core.event"):
        assert _code(body) == "thin_event"
        return
    parsed = stripe.parse(body, {})

    assert parsed.known is ("unknown_type" not in path.name)
    assert stripe.parse(body, {}) == parsed


def test_there_is_a_fixture_of_every_type_that_matters_and_says_something() -> None:
    shown = {json.loads(path.read_bytes())["type"] for path in _FIXTURES}
    of_our_own = {kind for kind in stripe.MEANING if kind.startswith("fetched.")}
    # Told by the same objects and the same readers as their neighbours.
    alike = {
        *("charge.captured", "charge.expired", "charge.pending", "charge.refund.updated"),
        *("checkout.session.expired", "customer.source.created", "customer.source.deleted"),
        *("customer.source.updated", "invoice.finalization_failed", "invoice.sent"),
        *("payment_intent.amount_capturable_updated", "payment_intent.created"),
        *("payment_intent.partially_funded", "plan.created", "plan.deleted", "plan.updated"),
    }

    assert stripe.MEANING.keys() - shown - of_our_own <= alike


_SEEDS: list[Json] = [
    event(_KIND, subscription(), {"status": "past_due", "items": {"data": [bodies.item()]}}),
    event("customer.subscription.created", bodies.old_subscription()),
    event("customer.discount.created", {"subscription": "sub_1", "coupon": {"percent_off": 5.5}}),
    event("subscription_schedule.completed", {"id": "sub_sched_1", "subscription": "sub_1"}),
    event("invoice.payment_failed", bodies.invoice(status="open")),
    event("invoice.paid", bodies.old_invoice()),
    event("invoice.upcoming", bodies.invoice()),
    event("fetched.invoice_payments", bodies.listed({"id": "inpay_1", "currency": "usd"})),
    event("charge.refunded", bodies.charge(refunds=bodies.listed(bodies.refund()))),
    event("payment_intent.succeeded", bodies.intent(charges=bodies.listed(bodies.charge()))),
    event("checkout.session.completed", bodies.session(customer="cus_1")),
    event("refund.created", bodies.refund()),
    event("charge.dispute.created", bodies.dispute()),
    event("customer.updated", bodies.customer()),
    event("payment_method.detached", {"id": "pm_1", "card": {}}, {"customer": "cus_1"}),
    event("price.updated", bodies.price()),
    event("promotion_code.created", {"coupon": {"id": "TEN", "amount_off": 5, "currency": "usd"}}),
]
_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["", "0", "-1", "usd", "isk", "paid", "canceled", "1e9", "\ud800"]),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just({"data": {"data": 1}}),
    st.just({"id": 1}),
)


def _places(thing: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys: Any = ()
    if isinstance(thing, dict):
        keys = thing
    elif isinstance(thing, list):
        keys = range(len(thing))
    return [each for key in keys for each in [(*path, key), *_places(thing[key], (*path, key))]]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    thing = copy.deepcopy(draw(st.sampled_from(_SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(_places(thing)))
        place = thing
        for step in way:
            place = place[step]
        if draw(st.booleans()):
            place[last] = copy.deepcopy(draw(_ODD))
        else:
            del place[last]
        if not _places(thing):
            break
    return json.dumps(thing).encode()


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_mutated())
def test_whatever_becomes_of_an_event_it_is_parsed_or_quarantined(body: bytes) -> None:
    try:
        parsed = stripe.parse(body, {})
    except Quarantined:
        return

    assert isinstance(parsed, Parsed)
    json.dumps([parsed.subscriptions, parsed.orders, parsed.customers], default=str)
