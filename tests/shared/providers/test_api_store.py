"""API stores' items as events: what they say, their identity, and what is no item."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.errors import Quarantined
from shared.domain.observations import TERMINAL, UPDATED
from shared.providers.api_store import ORDER, RECURRING_PAYMENT, event_of, parse
from tests.support.store_items import DAYS, sale, subscription

AT = 1_790_000_000_000


def test_the_store_s_own_date_counts_else_the_receipt() -> None:
    dated = parse(event_of(ORDER, sale(store_modified_date=DAYS[0]), AT, suppressed=False), {})
    undated = parse(event_of(ORDER, sale(), AT, suppressed=False), {})

    assert dated.occurred_at == 1_788_256_800_000
    assert undated.occurred_at == AT


def test_a_dated_item_is_one_event_however_often_it_comes_an_undated_one_is_another() -> None:
    dated, undated = (
        [parse(event_of(ORDER, sale(**when), AT + later, suppressed=False), {}) for later in (0, 1)]
        for when in ({"store_modified_date": DAYS[0]}, dict[str, Any]())
    )

    assert dated[0].event_id == dated[1].event_id
    assert undated[0].event_id != undated[1].event_id
    assert len({each.digest for each in undated}) == 1


@pytest.mark.parametrize(
    "other", [{"connection_id": "other"}, {"store_order_id": "o-2"}, {"gross": "20.00"}]
)
def test_another_connection_identity_or_value_is_another_event(other: dict[str, Any]) -> None:
    one, two = (
        parse(event_of(ORDER, sale(store_modified_date=DAYS[0], **each), AT, suppressed=False), {})
        for each in (dict[str, Any](), other)
    )

    assert one.event_id != two.event_id


@pytest.mark.parametrize(
    ("status", "rank"), [("active", UPDATED), ("cancelled", TERMINAL), ("expired", TERMINAL)]
)
def test_what_has_ended_comes_last_in_its_moment(status: str, rank: int) -> None:
    event = event_of(RECURRING_PAYMENT, subscription(status=status), AT, suppressed=False)

    (said,) = parse(event, {}).subscriptions

    assert said.rank == rank


def test_the_processor_s_reference_is_told_as_one_of_another_system() -> None:
    event = event_of(ORDER, sale(processor_reference="ch_12345678"), AT, suppressed=False)

    (said,) = parse(event, {}).orders

    assert said.mentions == ("ch_12345678",)
    assert said.facets["payment:store"]["reference"] == "ch_12345678"
    assert said.refs == ("document:o-1",)


@pytest.mark.parametrize(
    ("differs", "customer"),
    [
        ({}, "c-7"),
        ({"store_customer_id": None}, "ada@example.com"),
        ({"store_customer_id": None, "email": None}, None),
        ({"store_customer_id": None, "customer": None}, None),
    ],
)
def test_a_customer_without_an_id_goes_by_the_email(
    differs: dict[str, Any], customer: str | None
) -> None:
    event = event_of(RECURRING_PAYMENT, subscription(**differs), AT, suppressed=False)

    (said,) = parse(event, {}).subscriptions

    assert said.customer_id == customer


def test_a_billing_address_names_the_customer_where_nothing_else_does() -> None:
    item = subscription(customer=None, billing_address={"first_name": "Ada", "city": "London"})

    (said,) = parse(event_of(RECURRING_PAYMENT, item, AT, suppressed=False), {}).customers

    assert said.facets == {"customer": {"first_name": "Ada"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind": "order", "item": [], "received_date": 1, "suppress_automations": false}',
        b'{"kind": "invoice", "item": {}, "received_date": 1, "suppress_automations": false}',
        b'{"kind": "order", "item": {}, "received_date": null, "suppress_automations": false}',
        json.dumps(
            {
                "kind": "order",
                "item": {**sale(), "gross": "nineteen"},
                "received_date": AT,
                "suppress_automations": False,
            }
        ).encode(),
    ],
)
def test_what_is_no_item_is_quarantined(body: bytes) -> None:
    with pytest.raises(Quarantined) as refused:
        parse(body, {})

    assert refused.value.code in ("bad_field", "bad_amount")
