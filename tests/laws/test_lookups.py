"""Looking up, and verifying by the schedule: each is told once, whatever comes after it."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from functions.process_events.verify_due import verify_due
from shared.domain import verify
from tests.laws.test_verify import CANCELLED, Verified, business
from tests.support.stripe_answers import StripeAnswers
from tests.support.stripe_history import client


@pytest.mark.parametrize("source", ["fetched", "verified"])
def test_a_change_that_a_lookup_has_told_is_not_told_again_by_its_event(
    source: str,
) -> None:
    world = business(3, 4)
    shop = Verified(client(StripeAnswers(world).transport))
    (missed, *_) = (event for event in world.events if event.type == CANCELLED)
    shop.receive_all(event.body for event in world.events if event is not missed)
    before = shop.fired()

    shop.look_up("subscription", missed.object["id"], source=source)

    told = shop.fired()
    assert (told - before)["fires"] == 1
    shop.receive(missed.body)
    assert shop.fired() == told


def test_the_schedule_begins_one_verification_however_often_its_message_comes() -> None:
    world = business(3, 2)
    with closing(client(StripeAnswers(world).transport)) as api:
        shop = Verified(api)
        message = {"job": verify.DUE, "connection_id": "shop", "at": 5}
        asked: list[Any] = []

        outcomes = [
            verify_due(message, shop.now, store=shop.store, ask=asked.append) for _ in range(2)
        ]

        assert outcomes == ["applied", "unchanged"]
        jobs = [n for n, each in shop.memory.documents.items() if n[0] == "job"]
        assert jobs == [("job", "verify-shop-5")]
        assert asked[0] == asked[1]
        assert shop.memory.documents[jobs[0]]["repair"] is False
