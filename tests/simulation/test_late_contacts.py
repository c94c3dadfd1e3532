"""Payments that wait for somebody, while that somebody is being written by the API.

Under `match_only` a payment of an unknown email waits until the contact appears. Whenever that
happens between any two calls of the processor, the payment must find its contact, or the contact
the payment.
"""

from __future__ import annotations

from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import Any

import pytest

from functions.manage.contacts import put_contact
from functions.manage.outgoing import Outgoing
from infra.samples import stripe as story
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from tests.simulation.function import Handle
from tests.simulation.laws import BOUND_MS
from tests.simulation.oracle import Outcome, Sums, outcome
from tests.simulation.processor import Deployment
from tests.simulation.queues import QUEUES
from tests.simulation.schedules import at_once
from tests.simulation.sqs.message import QueueSpec
from tests.simulation.stories import ONE_PERSON, STARTS_AT_MS, Story
from tests.simulation.world import World

# Requests to the API, as messages: so that a fault can have one carried out inside a call.
ADMIN = QueueSpec("admin")


@cache
def purchase() -> Story:
    """Return what Stripe says of one purchase."""
    world = story.Business("late contact")
    book = story.add_price(world, story.add_product(world, "The book of tea"), 900, interval=None)
    customer = story.add_customer(world, ONE_PERSON, "Ada Lovelace")
    story.one_time(world, book, customer)
    return Story("purchase", tuple(world.events[2:]))


class Scene:
    """A purchase of somebody nobody knows, and a contact written before step `at`."""

    def __init__(self, at: int | None, plan: list[tuple[int, str, int]]) -> None:
        self.world = World(plan=plan, queues=(*QUEUES, ADMIN))
        self.world.clock.advance_to(STARTS_AT_MS)
        self.deployment = Deployment(self.world, policy="match_only")
        self.world.add_host("manage", "admin", self._cold_start)
        self.world.watch(Sums(self.world.dynamodb).check)
        self.world.watch(self._ask)
        self._at = at

    def run(self) -> Outcome:
        """Post the purchase, and return what came of it."""
        burst = at_once(purchase())
        for number, after_ms in burst.arrivals_ms:
            self.deployment.deliver(burst.story.events[number], after_ms)
        with redirect_stdout(StringIO()):
            self.world.run(600_000)
            self.world.drain(BOUND_MS)
        # The API may answer 503, and is asked again; the processor may not fail as a whole.
        hosts = [host for host in self.world.hosts if host.name != "manage"]
        assert not [error for host in hosts for error in host.errors]
        return outcome(self.world, [ONE_PERSON])

    def _ask(self) -> None:
        if self._at is not None and self.world.steps.count >= self._at:
            self._at = None
            url = self.world.sqs.url("admin")
            self.world.sqs.call("SendMessage", {"QueueUrl": url, "MessageBody": ONE_PERSON})

    def _cold_start(self) -> Handle:
        world = self.world
        jobs = Outgoing(
            Queue(world.caller("sqs")),
            events_url=world.sqs.url("events.fifo"),
            history_url=world.sqs.url("history"),
            automations_url="",
            local=False,
        )
        store = Table(world.dynamodb.schema.name, world.caller("dynamodb"))

        def handle(event: dict[str, Any], now: int) -> None:
            for record in event["Records"]:
                values = {"email": record["body"]}
                put_contact(values, store=store, jobs=jobs, now=now, new_id=lambda: "ada")

        return handle


def between_all_calls() -> list[int]:
    scene = Scene(None, [])
    scene.run()
    return list(range(1, scene.world.steps.count))


def everything_is_hers(found: Outcome) -> bool:
    owners = set(found.owners.values())
    contact = found.contacts.get(ONE_PERSON, {})
    return owners == {ONE_PERSON} and contact.get("orders_count") == 1


def test_without_a_contact_everything_waits() -> None:
    found = Scene(None, []).run()

    assert set(found.owners.values()) == {None}
    assert found.contacts == {}


def test_a_contact_written_inside_any_call_gets_what_waited() -> None:
    for at in between_all_calls():
        found = Scene(at, [(at, "interleave", 3)]).run()

        assert everything_is_hers(found), f"step {at}: {found.owners}"


@pytest.mark.parametrize("kind", ["crash_before", "crash_after", "lost_reply", "stale"])
def test_a_contact_written_meanwhile_survives_any_single_fault(kind: str) -> None:
    steps = between_all_calls()
    middle = steps[len(steps) // 2]

    for step in range(middle, len(steps) + 40):
        found = Scene(middle, [(step, kind, 1)]).run()

        assert everything_is_hers(found), f"{kind} at {step}: {found.owners}"
