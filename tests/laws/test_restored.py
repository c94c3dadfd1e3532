"""I-25: a table restored to any moment, and told what was kept since, is as if nothing had been."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from infra.cli.carried_over import envelope_of
from infra.samples.stripe_lives import whole_life
from tests.support.shop import Shop

_MOMENTS = 3


@pytest.mark.parametrize("seed", range(2))
def test_what_was_kept_since_makes_a_restored_table_what_it_was(seed: int) -> None:
    dice = random.Random(seed)
    bodies = [each.body for each in whole_life(seed).events]
    dice.shuffle(bodies)
    moments = set(dice.sample(range(len(bodies)), _MOMENTS))
    shop, backups = Shop(), []
    for place, body in enumerate(bodies):
        if place in moments:
            backups.append(copy.deepcopy(shop.memory.documents))
        shop.receive(body)
    kept = [(name, each) for name, each in shop.memory.documents.items() if name[0] == "event"]

    for documents in backups:
        restored = Shop()
        restored.memory.documents = documents
        since = [each for each in kept if each[0] not in documents]
        # The queue keeps one customer's in order; what is sent between two looks comes behind.
        dice.shuffle(since)
        for name, event in [*since, *dice.sample(since, len(since) // 4)]:
            restored.process(envelope_of(name, event, None), shop.now + 1)

        assert told(restored) == told(shop)


def told(shop: Shop) -> dict[str, Any]:
    """Return all that a shop shows, but for ids and times of ours."""
    contacts = {
        email: {name: each[name] for name in ("orders_count", "revenue", "customer_since")}
        for email, each in shop.contacts().items()
    }
    records = [
        *(("order", each) for each in shop.orders()),
        *(("recurring_payment", each) for each in shop.recurring_payments()),
    ]
    return {
        "contacts": contacts,
        "orders": shop.orders(),
        "recurring_payments": shop.recurring_payments(),
        "transitions": {
            each: [(entry.event_id, entry.kind, entry.changes) for entry in shop.history(*each)]
            for each in records
        },
        "quarantined": len(shop.quarantined()),
        "events": {name for name in shop.memory.documents if name[0] == "event"},
    }
