"""What WooCommerce's messages say, how they are told apart, and what can never be accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.samples import woocommerce as story
from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers import woocommerce

_FIXTURES = sorted(Path("tests/fixtures/woocommerce").glob("*.json"))


def parsed(topic: str, body: Any) -> Parsed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return woocommerce.parse(raw, {"x-wc-webhook-topic": topic})


def subscription(**changed: Any) -> dict[str, Any]:
    return {**story.sample("subscription.updated").event.content, **changed}


def order(**changed: Any) -> dict[str, Any]:
    return {**story.sample("order.updated").event.content, **changed}


def refused(topic: str, body: Any) -> str:
    with pytest.raises(Quarantined) as raised:
        parsed(topic, body)
    return raised.value.code


@pytest.mark.parametrize("path", _FIXTURES, ids=lambda path: path.stem)
def test_every_fixture_says_something(path: Path) -> None:
    topic = ".".join(path.stem.split(".")[:2])

    said = parsed(topic, path.read_bytes())

    assert said.known
    assert said.event_type == topic
    assert bool(said.subscriptions) == topic.startswith("subscription")
    assert bool(said.orders) or topic == "subscription.deleted"
    assert (said.occurred_at is None) == topic.endswith("deleted")


def test_an_event_is_known_by_its_content_alone() -> None:
    one, again = parsed("order.updated", order()), parsed("order.updated", order())
    later = parsed("order.updated", order(date_modified_gmt="2024-01-02T03:04:05"))
    other = parsed("order.updated", order(status="completed"))

    assert one == again
    assert len({one.event_id, later.event_id, other.event_id}) == 3
    assert later.occurred_at == 1_704_164_645_000


def test_the_way_a_body_is_written_does_not_matter() -> None:
    body = order()
    rewritten = json.dumps(dict(reversed(body.items())), indent=2).encode()

    assert parsed("order.updated", rewritten) == parsed("order.updated", body)


def test_unknown_topics_are_acknowledged_and_say_nothing() -> None:
    for topic in ("product.updated", "action.woocommerce_add_to_cart", "coupon.deleted"):
        said = parsed(topic, {"arg": 1})

        assert (said.known, said.event_type) == (False, topic)
        assert (said.subscriptions, said.orders, said.customers) == ((), (), ())


@pytest.mark.parametrize(
    ("topic", "body", "code"),
    [
        ("", {"id": 1}, "no_topic"),
        ("x" * 101, {"id": 1}, "no_topic"),
        ("order.updated", b"[]", "bad_field"),
        ("order.updated", b"nonsense", "bad_field"),
        ("order.updated", b'{"id":NaN}', "bad_field"),
        ("order.updated", b'{"id":' + b"[" * 100_000, "bad_field"),
        ("order.deleted", {}, "bad_field"),
        ("order.deleted", {"id": 0}, "bad_field"),
        ("order.deleted", {"id": True}, "bad_field"),
        ("order.deleted", {"id": "a\nb"}, "bad_id"),
        ("order.updated", {"code": "x", "message": "no", "data": {"status": 403}}, "error_body"),
        ("subscription.deleted", {"code": "x", "message": "no"}, "error_body"),
    ],
)
def test_what_is_no_message_is_quarantined(topic: str, body: Any, code: str) -> None:
    assert refused(topic, body) == code


def test_objects_of_another_topic_are_quarantined() -> None:
    """The topic is a header, and headers are not signed."""
    assert refused("subscription.updated", order()) == "wrong_object"
    assert refused("order.updated", subscription()) == "wrong_object"


def test_local_times_are_not_taken_for_gmt() -> None:
    body = order()
    del body["date_modified_gmt"]

    assert refused("order.updated", body) == "bad_field"


@pytest.mark.parametrize("text", ["2024-01-02", "2024-13-02T03:04:05", "1704164645", 5, "now"])
def test_odd_times_are_quarantined(text: Any) -> None:
    assert refused("order.updated", order(date_modified_gmt=text)) == "bad_field"
    assert refused("subscription.updated", subscription(start_date_gmt=text)) == "bad_field"


@pytest.mark.parametrize("total", [30.0, 30, "30.005", "-1.00", "1e3", "thirty", ["30.00"]])
def test_money_is_the_text_of_a_decimal_or_nothing(total: Any) -> None:
    assert refused("order.updated", order(total=total)) == "bad_amount"
    assert refused("subscription.updated", subscription(total=total)) == "bad_amount"


def test_unknown_currencies_are_quarantined_and_small_letters_read() -> None:
    assert refused("order.updated", order(currency="XXX")) == "unknown_currency"

    said = parsed("order.updated", order(currency="aud"))

    assert said.orders[0].facets["document"]["currency"] == "AUD"


def test_an_answer_of_the_api_is_read_as_what_was_asked_for() -> None:
    body = woocommerce.fetched("subscription", subscription())

    said = woocommerce.parse(body, {})

    live = parsed("subscription.updated", subscription())
    assert said.event_type == "fetched.subscription"
    assert said.subscriptions[0].facets == live.subscriptions[0].facets
    assert said.subscriptions[0].rank > live.subscriptions[0].rank
    assert said.occurred_at == live.occurred_at


def test_a_product_of_the_api_names_what_orders_leave_out() -> None:
    thing = {
        "id": 636,
        "name": "Coffee &amp; cup",
        "sku": "C",
        "date_modified_gmt": "2024-01-02T03:04:05",
        "categories": [{"id": 1, "name": "Drinks"}],
        "tags": [],
    }

    (said,) = woocommerce.parse(woocommerce.fetched("product", thing), {}).catalogue

    assert (said.kind, said.item_id) == ("product", "636")
    assert said.values == {
        "name": "Coffee & cup",
        "category": "Drinks",
        "sku": "C",
        "brand": None,
        "tag": None,
        "deleted": False,
    }
