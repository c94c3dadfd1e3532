"""PayPal's envelope: what is read of it, in which shapes, what is refused, and its known traps."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.samples import paypal as story
from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers import paypal

Json = dict[str, Any]
_FIXTURES = sorted(Path("tests/fixtures/paypal").glob("*.json"))
_SALE: Json = {
    "id": "8A1",
    "state": "completed",
    "amount": {"total": "19.00", "currency": "USD"},
    "billing_agreement_id": "I-1",
    "create_time": "2026-11-18T11:06:40Z",
}


def event(
    kind: str = "PAYMENT.SALE.COMPLETED",
    resource: Json | None = None,
    of: str = "sale",
    **other: Any,
) -> Json:
    return {
        "id": "WH-1",
        "event_version": "1.0",
        "create_time": "2026-11-18T11:06:42.123Z",
        "resource_type": of,
        "event_type": kind,
        "resource": _SALE if resource is None else resource,
        **other,
    }


def parse(content: Any, **headers: str) -> Parsed:
    return paypal.parse(json.dumps(content).encode(), headers)


def _code(content: Any) -> str:
    with pytest.raises(Quarantined) as caught:
        parse(content)
    return caught.value.code


def test_the_envelope_says_who_and_when() -> None:
    parsed = parse(event())

    assert (parsed.event_id, parsed.event_type) == ("WH-1", "PAYMENT.SALE.COMPLETED")
    assert parsed.occurred_at == times.from_text("2026-11-18T11:06:42.123Z")
    assert (parsed.live, parsed.known, parsed.once) == (None, True, None)


def test_transmission_may_bring_one_event_only() -> None:
    parsed = paypal.parse(json.dumps(event()).encode(), {"paypal-transmission-id": "69cd"})

    assert parsed.once == "paypal-transmission-id:69cd"


@pytest.mark.parametrize("file", _FIXTURES, ids=lambda file: file.stem)
def test_every_fixture_says_something(file: Path) -> None:
    parsed = paypal.parse(file.read_bytes(), {})

    assert parsed.known
    assert parsed.subscriptions or parsed.orders or parsed.catalogue


def test_every_story_has_a_fixture() -> None:
    told = {json.loads(file.read_text())["event_type"] for file in _FIXTURES}

    assert set(story.event_types()) <= told


@pytest.mark.parametrize(
    "kind", ["VAULT.CREDIT-CARD.CREATED", "INVOICING.INVOICE.PAID", "PAYMENT.PAYOUTSBATCH.SUCCESS"]
)
def test_a_type_we_have_no_use_for_is_known_as_such_whatever_it_holds(kind: str) -> None:
    parsed = parse({**event(kind), "resource": None})

    assert parsed.known is False


def test_one_event_has_one_digest_however_it_is_delivered_or_exported() -> None:
    exported = {**event(), "status": "SUCCESS", "transmissions": [{"status": "x"}], "links": []}
    reordered = dict(reversed(event().items()))
    other = event(resource={**_SALE, "state": "pending"})

    digests = [parse(each).digest for each in (event(), exported, reordered, other)]

    assert len(set(digests[:3])) == 1
    assert digests[3] != digests[0]


def test_fraction_written_as_a_number_is_the_same_body_and_no_float() -> None:
    body = json.dumps(event()).replace('"19.00"', "19.10").encode()

    parsed = paypal.parse(body, {})

    assert parsed.orders[0].facets["payment:8A1"]["amount"] == 1910


def test_simulators_impossible_date_is_kept_for_a_person_to_see() -> None:
    assert _code(event(create_time="2018-19-12T22:20:32.000Z")) == "bad_field"


@pytest.mark.parametrize("kind", ["Agreement", "agreement", "AGREEMENT"])
def test_kind_of_resource_is_read_whatever_its_case(kind: str) -> None:
    body = json.loads(
        Path("tests/fixtures/paypal/billing.subscription.created.agreement.json").read_text()
    )

    parsed = parse({**body, "resource_type": kind})

    assert parsed.subscriptions[0].creation


@pytest.mark.parametrize(
    ("kind", "of", "version"),
    [
        ("BILLING.SUBSCRIPTION.CREATED", "subscription", "3.0"),
        ("BILLING.SUBSCRIPTION.CREATED", "subscription", None),
        ("BILLING.SUBSCRIPTION.CREATED", "agreement", "2.0"),
        ("PAYMENT.SALE.COMPLETED", "capture", None),
        ("CHECKOUT.ORDER.APPROVED", "order", "2.0"),
    ],
)
def test_a_shape_nobody_knows_is_refused(kind: str, of: str, version: str | None) -> None:
    content = event(kind, {}, of)
    if version is not None:
        content["resource_version"] = version

    assert _code(content) == "unknown_shape"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([], "bad_field"),
        ({}, "bad_field"),
        ({**event(), "id": ""}, "bad_id"),
        ({**event(), "id": 7}, "bad_field"),
        ({**event(), "create_time": None}, "bad_field"),
        ({**event(), "create_time": 1_795_000_000}, "bad_field"),
        ({**event(), "resource": []}, "bad_field"),
        (event(resource={**_SALE, "state": "lost"}), "bad_field"),
        (event(resource={**_SALE, "amount": {}}), "bad_amount"),
        (event(resource={**_SALE, "amount": {"total": "1,00", "currency": "USD"}}), "bad_amount"),
        (event(resource={**_SALE, "amount": {"total": "1.001", "currency": "USD"}}), "bad_amount"),
        (
            event(resource={**_SALE, "amount": {"total": "1.00", "currency": "XXX"}}),
            "unknown_currency",
        ),
        (event(resource={**_SALE, "amount": {"total": True, "currency": "USD"}}), "bad_amount"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_code(content: Any, code: str) -> None:
    assert _code(content) == code


@pytest.mark.parametrize("body", [b"", b"\xff", b"null", b'{"id":NaN}', b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Quarantined):
        paypal.parse(body, {})


_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    # Anew each time: the next change may be made inside of it.
    st.builds(list),
    st.builds(dict),
    st.sampled_from(["-1", "1970-01-01T00:00:00Z", "9999-99-99", "REGULAR", "USD", "0.001"]),
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    if isinstance(node, dict | list):
        for key, value in pairs:
            found += _places(value, (*path, key)) if isinstance(value, dict | list) else []
            found.append((*path, key))
    return found


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_stands_anywhere_nothing_but_quarantined_is_raised(data: st.DataObject) -> None:
    content = json.loads(data.draw(st.sampled_from(_FIXTURES)).read_text())
    mangled = copy.deepcopy(content)
    for _ in range(data.draw(st.integers(1, 3))):
        *path, key = data.draw(st.sampled_from(_places(content)))
        node = mangled
        try:
            for step in path:
                node = node[step]
            node[key] = data.draw(_JUNK)
        except (KeyError, IndexError, TypeError):
            continue

    try:
        parsed = parse(mangled)
    except Quarantined:
        return

    assert parsed.event_id
