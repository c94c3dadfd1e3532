"""From a provider's events to webhooks: the processor's records, what they fire, what is posted."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from infra.samples.stripe_lives import whole_life
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.fire import Fire
from shared.domain.automations.happening import Happening
from shared.domain.ports import Check, Write
from tests.fakes.memory_store import MemoryStore
from tests.support.shop import Shop
from tests.support.workshop import Workshop
from tests.support.workshop_world import URL

WEBHOOK = {"type": "webhook", "endpoint_id": "crm"}


class Queue:
    """The automations queue as firing sees it."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        self._workshop.send(call, delay_seconds)


class Tap(MemoryStore):
    """The processor's view of the workshop's store, and the table's stream."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__()
        self.documents = workshop.store.documents
        self.stream: list[Happening] = []
        self._workshop = workshop

    def commit(self, steps: Sequence[Write | Check]) -> None:
        held = dict(self.documents)
        super().commit(steps)
        for step in steps:
            if isinstance(step, Write) and step.name[0] == "entry" and step.document:
                entry = copy.deepcopy(step.document["entry"])
                before = held[step.name]["entry"] if step.name in held else None
                self.stream.append(Happening(step.name, entry, before, self._workshop.now))


class Bus:
    """A bus nobody listens to."""

    def put(self, events: Any) -> None:
        """Take the events."""


def lived_through(trigger: dict[str, Any], seed: int = 1) -> Workshop:
    """Return what a subscription's whole life has made an automation do."""
    workshop = Workshop([WEBHOOK], trigger=trigger)
    workshop.store.documents.pop(("contact", "c1"))
    tap = Tap(workshop)
    shop = Shop(store=tap)
    shop.receive_all([event.body for event in whole_life(seed).events])
    fire = Fire(
        store=workshop.store,
        queue=Queue(workshop),
        bus=Bus(),
        configuration=Configuration(workshop.store, 60, local=True, log=lambda *_, **__: None),
        url="automations",
    )
    for happening in [*tap.stream, *tap.stream]:  # All of it comes twice.
        fire.change(happening, workshop.now)
    workshop.run()
    return workshop


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_change_of_a_life_is_told_once_with_its_contact(seed: int) -> None:
    workshop = lived_through({"type": "recurring_payment_updated", "field": None}, seed)

    firings = [name for name in workshop.store.documents if name[0] == "firing"]
    told = [post.json() for post in workshop.posts]
    assert firings
    assert len(workshop.posts) == len(firings) == len({post.message_id for post in workshop.posts})
    assert {post.url for post in workshop.posts} == {URL}
    assert {each["type"] for each in told} == {"recurring_payment.updated"}
    assert all(each["data"]["contact"]["email"] and each["data"]["changes"] for each in told)
    assert all(each["data"]["recurring_payment"]["status"] for each in told)


def test_an_order_is_told_with_what_it_paid_for() -> None:
    workshop = lived_through({"type": "order_created"})

    told = [post.json()["data"] for post in workshop.posts]
    assert told
    assert all(each["order"]["store_order_id"] for each in told)
    assert all(each["recurring_payment"] for each in told if each["order"]["kind"] != "one_time")
