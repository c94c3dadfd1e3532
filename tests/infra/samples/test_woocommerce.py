"""The made-up WooCommerce shop: its samples are well formed, and lie in the fixtures as made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.samples import woocommerce as story
from infra.samples.woocommerce_event import decoded, signature

FIXTURES = Path(__file__).parents[2] / "fixtures" / "woocommerce"


def test_the_fixtures_are_what_the_generator_writes() -> None:
    made = {name: event.body + b"\n" for name, event in story.fixtures().items()}

    lying = {path.name: path.read_bytes() for path in FIXTURES.glob("*.json")}

    assert lying == made


def test_one_seed_tells_one_story() -> None:
    once, again, other = (story.whole_life(seed).events for seed in (1, 1, 2))

    assert [each.body for each in once] == [each.body for each in again]
    assert [each.body for each in once] != [each.body for each in other]


@pytest.mark.parametrize("name", story.event_types())
def test_a_sample_falls_on_the_second_it_is_asked_for(name: str) -> None:
    made = story.sample(name, at=1_795_000_000)

    assert made.event.sent_at == 1_795_000_000
    assert all(event.sent_at <= 1_795_000_000 for event in made.before)


def test_an_unknown_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="no sample of nothing"):
        story.sample("nothing")


def test_bodies_have_the_oddities_of_the_real_ones() -> None:
    body = json.loads(story.sample("subscription.updated.trial").event.body)

    assert isinstance(body["id"], int)
    assert body["billing_interval"] == "1"
    assert body["end_date_gmt"] == ""
    assert body["date_created"] != body["date_created_gmt"]
    assert isinstance(body["line_items"][0]["price"], float)
    assert body["total"] == "30.00"
    assert json.loads(story.sample("order.deleted").event.body).keys() == {"id"}


def test_all_messages_of_one_second_share_their_delivery_id() -> None:
    one, other = (
        story.sample(name, at=1_795_000_000).event for name in ("order.updated", "order.created")
    )

    ids = {each.headers("secret")["x-wc-webhook-delivery-id"] for each in (one, other)}

    assert one.body != other.body
    assert len(ids) == 1


def test_the_signature_is_made_with_the_decoded_secret() -> None:
    assert decoded(story.SPECIAL_SECRET) == """s&cr<t "of" the shop's"""
    assert signature(b"{}", "a&amp;b") == signature(b"{}", "a&b") != signature(b"{}", "a")
