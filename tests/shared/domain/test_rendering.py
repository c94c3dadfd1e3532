"""Documents as the API prints them: names joined, money and dates as text."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import rendering
from shared.domain.timeline import Change, Entry

NAME = ("recurring_payment", "shop", "sub_1")
AT = 1_790_000_000_000


def item(**fields: Any) -> dict[str, Any]:
    blank = dict.fromkeys(
        ("name", "category", "sku", "brand", "tag", "store_primary_id", "price_id")
    )
    return {**blank, "quantity": 1, "amount": 1900, **fields}


def view(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "name": None,
        "payment_amount": 1900,
        "currency": "USD",
        "start_date": AT,
        "line_items": list(items),
        **fields,
    }


def good(kind: str, identity: str, **values: Any) -> tuple[Any, Any]:
    return ("catalogue", "shop", kind, identity), {"at": 0, "values": values, "version": 1}


def shown(*items: dict[str, Any], goods: Any = (), **fields: Any) -> dict[str, Any]:
    head = {"version": 3, "customer_id": "cus_1", "contact_id": "contact-1", "modified": AT}
    return rendering.recurring_payment(NAME, head, view(*items, **fields), dict(goods))


def test_a_record_is_printed_with_money_and_times_as_text() -> None:
    found = shown(payment_amount=1234567)

    assert found["payment_amount"] == "12345.67"
    assert found["start_date"] == found["store_modified_date"] == "2026-09-21T14:13:20.000Z"
    assert (found["connection_id"], found["store_recurring_payment_id"]) == ("shop", "sub_1")
    assert (found["version"], found["mirror_of"]) == (3, None)
    assert (found["store_customer_id"], found["contact_id"]) == ("cus_1", "contact-1")


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [("JPY", 1900, "1900"), ("KWD", 1900, "1.900"), ("ISK", 5, "5"), ("EUR", 5, "0.05")],
)
def test_money_has_the_decimals_of_its_currency(currency: str, amount: int, text: str) -> None:
    found = shown(item(amount=amount), currency=currency, payment_amount=amount)

    assert found["payment_amount"] == found["line_items"][0]["amount"] == text


@pytest.mark.parametrize(
    ("own", "price", "product", "expected"),
    [
        ("Own", "Nickname", "Tea", "Own"),
        (None, "Nickname", "Tea", "Nickname"),
        (None, None, "Tea", "Tea"),
        (None, None, None, None),
    ],
)
def test_an_item_is_called_by_its_own_name_else_by_the_catalogues(
    own: str | None, price: str | None, product: str | None, expected: str | None
) -> None:
    goods = [good("price", "price_1", name=price), good("product", "prod_1", name=product)]

    found = shown(item(name=own, price_id="price_1", store_primary_id="prod_1"), goods=goods)

    assert found["line_items"][0]["name"] == expected
    assert "price_id" not in found["line_items"][0]


def test_a_record_is_called_by_its_first_product_else_by_its_terms() -> None:
    goods = [good("product", "prod_1", name="Tea"), good("product", "prod_2", name="Mug")]
    items = [item(store_primary_id="prod_1"), item(store_primary_id="prod_2")]

    assert shown(*items, goods=goods, name="Monthly")["name"] == "Tea"
    assert shown(*items, name="Monthly")["name"] == "Monthly"
    assert shown(name="Monthly")["name"] == "Monthly"


def test_blank_labels_are_filled_from_the_product() -> None:
    goods = [good("product", "prod_1", name="Tea", sku="T-1", brand="Leaf")]

    found = shown(item(store_primary_id="prod_1", brand="Own"), goods=goods)["line_items"][0]

    assert (found["sku"], found["brand"], found["category"]) == ("T-1", "Own", None)


def test_the_goods_of_a_record_are_its_products_and_prices() -> None:
    names = rendering.goods_of("shop", view(item(store_primary_id="prod_1", price_id="price_1")))

    assert names == [
        ("catalogue", "shop", "product", "prod_1"),
        ("catalogue", "shop", "price", "price_1"),
    ]


def test_history_holds_what_showed_in_the_order_it_occurred() -> None:
    late = Entry(AT, 1, "evt_2", "b", AT, {}, kind="updated", late=True)
    late.changes = [Change("status", "active", "paused")]
    silent = Entry(AT, 1, "evt_3", "c", AT, {}, kind=None)
    first = Entry(AT - 1, 1, "evt_1", "a", AT, {}, kind="created", historical=True)

    assert rendering.history([late, silent, first]) == [
        {
            "event_id": "evt_1",
            "event_type": "a",
            "occurred_date": "2026-09-21T14:13:19.999Z",
            "kind": "created",
            "changes": [],
            "historical": True,
            "late": False,
        },
        {
            "event_id": "evt_2",
            "event_type": "b",
            "occurred_date": "2026-09-21T14:13:20.000Z",
            "kind": "updated",
            "changes": [{"field": "status", "from": "active", "to": "paused"}],
            "historical": False,
            "late": True,
        },
    ]


def test_what_is_picked_leaves_everything_else_behind() -> None:
    document = {"connection_id": "shop", "signing_secrets": ["canary"], "version": 7}

    found = rendering.connection(document)

    assert found["connection_id"] == "shop"
    assert "canary" not in repr(found)
    assert "version" not in found
    assert "hash" not in rendering.key({"key_id": "1", "hash": "x"})
    assert "body" not in rendering.quarantined({"id": "1", "body": b"x"})


def test_plan_that_the_catalogue_knows_says_what_its_store_leaves_out() -> None:
    """A subscription of PayPal names its plan alone."""
    plan = good(
        "price",
        "P-1",
        billing_interval="monthly",
        billing_interval_count=3,
        amount=1900,
        currency="USD",
    )
    bare = {"payment_amount": None, "billing_interval": None, "billing_interval_count": None}

    found = shown(item(price_id="P-1", quantity=2), goods=[plan], **bare)
    stated = shown(item(price_id="P-1"), goods=[plan], billing_interval="yearly")
    unknown = shown(item(price_id="P-2"), goods=[plan], **bare)

    assert (found["billing_interval"], found["billing_interval_count"]) == ("monthly", 3)
    assert found["payment_amount"] == "38.00"
    assert (stated["billing_interval"], stated["payment_amount"]) == ("yearly", "19.00")
    assert (unknown["billing_interval"], unknown["payment_amount"]) == (None, None)
