"""The emulator and all its workers killed in the middle of a burst of webhooks.

Nothing that was answered is lost, nothing is posted under a second id, and what the provider sends
again afterwards changes nothing: the audit adds up before it and after it.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from infra.cli.api import Api
from infra.cli.audit import audit
from infra.cli.audit_balance import FATES, OUTCOMES, Stretch, total
from infra.cli.audit_report import Audit
from infra.cli.command import CliError
from infra.cli.running import Running
from infra.local.stack import Endpoints
from infra.receiver import Receiver
from infra.samples import stripe as story
from infra.samples.stripe_event import Event
from infra.samples.stripe_truth import Truth
from shared.domain import times
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import SECRETS, SHOP, contact, eventually, renamed

CONNECTION = "burst"
LIVES = 5
POSTERS = 4
TOLD = {
    "name": "Tell of a new subscription",
    "enabled": True,
    "trigger": {"type": "recurring_payment_created", "runs": "multiple"},
    "steps": [{"type": "webhook", "endpoint_id": CONNECTION}],
}


@dataclass
class Life:
    """One subscriber's whole story."""

    email: str
    events: list[Event]
    truth: Truth


@dataclass
class Burst:
    """Events posted side by side, and which of them were answered 2xx."""

    api: Api
    answered: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def post(self, event: Event) -> None:
        """Post one event as Stripe would; whatever goes wrong, it goes on."""
        signature = event.sign(SECRETS[0], int(time.time()))
        headers = {"stripe-signature": signature, "content-type": "application/json"}
        try:
            status = self.api.post_raw(f"/webhooks/stripe/{CONNECTION}", event.body, headers)
        except (CliError, OSError):
            status = 0
        (self.answered if status == 200 else self.failed).add(event.id)


@pytest.fixture
def receiver(stack: Stack) -> Iterator[Receiver]:
    """The endpoint of the automation, which outlives the stack."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    made = stack.api.put(f"/v1/endpoints/{CONNECTION}", {"url": url, "events": []})
    with Receiver(made["secret"], port=port).listening() as listening:
        yield listening
        # Whatever the tests after this one sell, nobody would listen to it.
        stack.api.put(f"/v1/automations/{CONNECTION}", {**TOLD, "enabled": False})


def lives() -> list[Life]:
    """Return the subscribers, and ahead of them one from before the automation."""
    made = []
    for number in range(1 + LIVES):
        world = story.whole_life(f"burst-{number}", "new")
        email = f"burst.{number}@example.com"
        events = [Event(renamed(event.content, email)) for event in world.events]
        made.append(Life(email, events, world.truth))
    return made


def audited(stack: Stack, connection_id: str | None = CONNECTION) -> Audit:
    """Return the account of today and yesterday."""
    now = time.time_ns() // 1_000_000
    running = Running(aws=stack.aws, outputs=stack.outputs, name="paysignal")
    stretch = Stretch(now - times.DAY, now + times.DAY, connection_id)
    return audit(running, stretch, now, None)


def kill(stack: Stack) -> None:
    """Pull the plug: the emulator and every worker of it, all at once."""
    process = stack.local.emulator.pid
    assert process is not None
    os.killpg(process, signal.SIGKILL)


def test_a_plug_pulled_in_a_burst_loses_nothing_and_tells_nothing_twice(
    stack: Stack, receiver: Receiver
) -> None:
    """GIVEN a burst of webhooks WHEN emulator and workers are killed in it and started again

    THEN everything answered is there, and after all is sent again books and webhooks are right:
    of what there was before its automation nobody is told, though its changes come by again.
    """
    stack.api.put(f"/v1/connections/{CONNECTION}", SHOP)
    time.sleep(1.5)  # configuration takes effect within a second here
    endpoints = Endpoints.read(stack.local.endpoints_file)
    assert endpoints is not None
    burst = Burst(Api(endpoints))
    early, *people = lives()
    for event in early.events:
        burst.post(event)
    check_books(stack, early)
    burst.answered.clear()
    time.sleep(1.5)  # the stream tells whole seconds: this must be another one
    stack.api.put(f"/v1/automations/{CONNECTION}", TOLD)
    time.sleep(1.5)
    events = [event for life in people for event in life.events]
    random.Random(9).shuffle(events)
    with ThreadPoolExecutor(POSTERS) as posters:
        posts = [posters.submit(burst.post, event) for event in events]
        eventually(lambda: len(burst.answered), lambda count: count > len(events) // 3)
        kill(stack)
        for post in posts:
            post.result()
    answered_before, unanswered = len(burst.answered), len(burst.failed)

    stack.local.up()
    recovery = stack.local.emulator.recovery
    found = audited(stack)
    for event in random.Random(4).sample(events, len(events)):
        burst.post(event)
    burst.api.close()

    assert recovery is not None
    assert recovery.whole
    assert recovery.failed == 0
    assert unanswered > 0
    assert found.lost == []
    assert total(found.received.rows)["received"] >= answered_before
    for life in people:
        check_books(stack, life)
    told = receiver.wait_for(LIVES, 60)
    ids = Counter(each.message_id for each in receiver.arrivals)
    subjects = {each.message_id: each.json()["data"]["contact"]["email"] for each in told}
    assert sorted(subjects.values()) == sorted(life.email for life in people)
    assert len(ids) == LIVES
    after = eventually(lambda: audited(stack), settled)
    said = figures(len(events), answered_before, recovery.done, after)
    sys.stdout.write(f"{said}\n")
    assert after.adds_up, said
    # Whatever the tests before this one have posted is accounted for as well.
    assert audited(stack, None).lost == []
    assert total(after.firings.rows) == Counter(firings=LIVES, delivered=LIVES)


def check_books(stack: Stack, life: Life) -> None:
    """Say whether a contact has what the author of their life wrote down."""
    revenue = [
        {"currency": currency, "amount": text}
        for currency, text in sorted(life.truth.revenue_text().items())
    ]

    def right(found: dict[str, object]) -> bool:
        return found.get("revenue") == revenue

    found = eventually(lambda: contact(stack, life.email), right)
    assert found["revenue"] == revenue
    assert found["orders_count"] == len(life.truth.paid_orders())
    assert len(found["recurring_payments"]) == 1


def settled(found: Audit) -> bool:
    """Tell whether nothing is under way any more."""
    received, firings = total(found.received.rows), total(found.firings.rows)
    return found.adds_up and not received["in flight"] + firings["in flight"]


def figures(events: int, answered: int, done: int, found: Audit) -> str:
    """Return the figures of one run, in a line."""
    received, firings = total(found.received.rows), total(found.firings.rows)
    said = [f"{events} events", f"killed after {answered}", f"{done} requests done again"]
    said += [f"{name} {received[name]}" for name in ("received", *OUTCOMES)]
    said += [f"{name} {firings[name]}" for name in ("firings", *FATES)]
    return "; ".join(said)
