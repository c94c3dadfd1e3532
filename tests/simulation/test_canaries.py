"""No secret and nothing of a person is in a log, an error, a metric, a bus event or a dead letter.

A life in which every word about its person is a canary goes from the door to the receivers, through
the real Lambdas, in calm and under faults: with forged and mangled events among the genuine ones,
and an endpoint that refuses until its webhooks are given up. Receivers are told who it is, and the
table keeps it; nobody else may learn it. `call_providers`, which is no part of the simulated
world, is asked the same of each API's client, and here of the Lambda itself.
"""

from __future__ import annotations

import importlib
import json
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import cache, partial
from io import StringIO
from typing import Any

import pytest

from infra.samples import stripe as story
from infra.samples.stripe_goods import Address
from shared.domain.errors import Retryable
from tests.simulation.automation_run import REST_MS
from tests.simulation.automation_schedules import on_created, on_status
from tests.simulation.automations import AutomatedDeployment, Setup
from tests.simulation.faults import random_plan
from tests.simulation.laws import poisoned
from tests.simulation.processor import SIGNING_SECRET
from tests.simulation.schedules import Schedule
from tests.simulation.sqs.message import Message
from tests.simulation.stories import STARTS_AT_MS, Story
from tests.simulation.world import World
from tests.support.erasing import readable
from tests.support.loopback_aws import LoopbackAws
from tests.support.stripe_api import StripeStandIn

PERSON = (
    *("canary.jane@example.com", "canary.new@example.com", "Canaria", "Piafova", "+15550177"),
    *("77 Canary Street", "Canaryville", "CNRY-77", "88 Canary Yard"),
)
SECRETS = (SIGNING_SECRET, "sk_live_canary", "pk_canary")
HOUR_MS = 3_600_000
# The event that nothing of ours can read before a mended release.
POISON = 2
# In place of a seed: a release that lacks what its functions need to start, for some hours.
BROKEN, BROKEN_MS = -1, 8 * HOUR_MS
# What is lacking since when: nothing is posted from the first on, nothing fires, nothing is kept.
_LACKING = {"ENDPOINT_PREFIX": 0, "AUTOMATIONS_QUEUE_URL": 160_000, "TABLE_NAME": 210_000}
_TEXT = "Dear %CONTACT_FIRST_NAME|you%, %CONTACT_EMAIL% at %RECURRING_PAYMENT_NAME%"
_STEPS: tuple[dict[str, Any], ...] = (
    {"type": "add_tag", "tag": "Failed"},
    {"type": "emit_event", "name": "payment.failed"},
    {"type": "webhook", "endpoint_id": "dead", "payload": {"text": _TEXT}},
    {"type": "webhook", "endpoint_id": "crm"},
)
SETUP = Setup(
    {
        "failed": on_status(None, "payment_failed", "multiple", *_STEPS),
        "welcome": on_created("multiple", None, *_STEPS),
    },
    {"crm": ((), "body"), "dead": ((), "broken")},
)


def _story() -> list[story.Event]:
    """Return a life told with canaries: it moves, has another address, fails to pay, and ends."""
    email, new_email, first, last, phone, street, city, postal, yard = PERSON
    world = story.Business("canary")
    home = Address(street, city, postal, "US")
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    customer = story.add_customer(
        world, email, f"{first} {last}", phone=phone, address=home, shipping=home
    )
    world.advance(minutes=5)
    subscription = story.checkout(world, customer, price)
    world.advance(days=1)
    story.move(world, customer, Address(yard, city, postal, "US"))
    story.change_email(world, customer, new_email)
    story.fail_renewal(world, subscription)
    world.advance(hours=7)
    story.recover(world, subscription)
    world.advance(hours=7)
    story.cancel_now(world, subscription)
    return [*world.events, *_mangled(world.events)]


def _mangled(events: list[story.Event]) -> Iterator[story.Event]:
    """Yield genuine events in which an object's fields hold a canary where no text belongs."""
    for number, event in enumerate(events):
        thing = dict(event.content["data"]["object"])
        for name in ("status", "currency", "created", "amount", "items", "total"):
            if name in thing:
                thing[name] = PERSON[0]
        content = {**event.content, "id": f"evt_mangled{number}", "data": {"object": thing}}
        yield replace(event, content=content)


class Played:
    """What there is to see of a run, and where."""

    def __init__(self, seed: int | None) -> None:
        plan = () if seed in (None, BROKEN) else random_plan(seed or 0, 2_000, mean_faults=60)
        self.world = World(plan=plan)
        self.world.clock.advance_to(STARTS_AT_MS)
        self.said = StringIO()
        # What lay among the dead letters while the release was broken, by queue.
        self.letters: dict[str, list[Message]] = {}
        told = Story("canaries", tuple(_story()))
        schedule = Schedule(
            "canaries", told, (), poison=frozenset({POISON} if seed != BROKEN else ())
        )
        with (
            redirect_stdout(self.said),
            redirect_stderr(self.said),
            poisoned(schedule, self.world),
        ):
            self.deployment = AutomatedDeployment(self.world, SETUP)
            for number, event in enumerate(told.events):
                self.deployment.deliver(event, number * 10_000)
                self.world.schedule(number * 10_000, lambda event=event: self._forge(event))  # type: ignore[misc]
            if seed == BROKEN:
                self._break()
            self.world.run(BROKEN_MS + HOUR_MS)
            self.world.drain(REST_MS)
            while self.world.person.redrive():
                self.world.drain(REST_MS)
        self.secrets = [*SECRETS[:1], *filter(None, self.deployment.secrets.values())]

    def _break(self) -> None:
        """Have ever more functions fail at their start, until somebody mends it."""
        world, environ = self.world, self.deployment.environ
        kept = {**environ}

        def without(name: str) -> None:
            del environ[name]
            world.restart()

        def mend() -> None:
            dead = {name: queue for name, queue in world.sqs.queues.items() if "-dead" in name}
            self.letters |= {name: list(each.messages.values()) for name, each in dead.items()}
            environ.update(kept)
            world.restart()

        for name, after_ms in _LACKING.items():
            world.schedule(after_ms, partial(without, name))
        world.schedule(BROKEN_MS, mend)

    def _forge(self, event: story.Event) -> None:
        request = self.deployment._request(event)
        request["headers"]["stripe-signature"] += "0"
        self.deployment.door.answer(request)

    def told(self) -> dict[str, str]:
        """Return all that is told to somebody who is neither a receiver nor asks the API."""
        world = self.world
        errors = [error for host in world.hosts for error in host.errors]
        return {
            "log": self.said.getvalue(),
            "errors": "".join("".join(traceback.format_exception(each)) for each in errors),
            "bus": json.dumps([(each.detail_type, each.detail) for each in world.events.taken]),
            "dead letters": "\n".join(map(_but_its_body, self.dead())),
        }

    def dead(self) -> list[Message]:
        """Return all dead letters there were."""
        return [*self.world.person.letters, *(m for held in self.letters.values() for m in held)]


def _but_its_body(letter: Message) -> str:
    """Return what a letter tells, but for an event's own body.

    An event that could not be folded lies there as it came, for it has to be folded yet: encrypted,
    for fourteen days, and read by nobody who may not read the table.
    """
    told = json.loads(letter.body)
    if told.get("kind") == "event":
        return json.dumps({**told, "body": None}) + letter.group
    return readable(letter.body) + letter.group


@cache
def played(seed: int | None) -> Played:
    return Played(seed)


@pytest.mark.parametrize("seed", [None, BROKEN, 1, 2, 3])
def test_nobody_outside_learns_who_it_is_or_a_secret(seed: int | None) -> None:
    run = played(seed)

    for where, text in run.told().items():
        for canary in (*PERSON, *run.secrets):
            assert canary not in text, f"{canary} is told in the {where}"


def test_the_canaries_were_alive_and_sang_where_they_may() -> None:
    """Else the test above could not fail: receivers and the table know the person."""
    run = played(None)
    servers = run.deployment.internet.servers.values()
    received = b"".join(each.body for server in servers for each in server.requests).decode()
    accepted = b"".join(each.body for each in run.deployment.accepted).decode()

    assert PERSON[0] in received
    assert PERSON[2] in received
    assert [each for each in PERSON if each not in accepted] == []
    assert run.world.events.taken
    assert "bad_signature" in run.said.getvalue()
    assert "bad_field" in run.said.getvalue()


def test_there_were_dead_letters_of_every_kind_and_errors() -> None:
    """Else nobody could be named in one. `calls` has no function here, hence no dead letters."""
    run = played(BROKEN)

    left = {name for name, letters in run.letters.items() if letters}
    assert left == {"events-dead.fifo", "history-dead", "automations-dead", "stream-dead"}
    assert any(host.errors for host in run.world.hosts)
    assert all(played(seed).dead() for seed in (None, 1, 2, 3))


def test_an_events_own_letter_holds_its_body() -> None:
    """By design: what was accepted is kept whole until it is folded. Nothing else names anybody."""
    letters = [readable(each.body) for each in played(BROKEN).dead()]

    assert any(PERSON[0] in each for each in letters)
    assert not any(PERSON[0] in each for each in map(_but_its_body, played(BROKEN).dead()))


@pytest.fixture
def api() -> Iterator[StripeStandIn]:
    """Yield Stripe's API with one customer, who is a canary."""
    with StripeStandIn(secret_key=SECRETS[1]) as stand_in:
        name = f"{PERSON[2]} {PERSON[3]}"
        about = {"email": PERSON[0], "name": name, "phone": PERSON[4], "livemode": True}
        stand_in.put({"id": "cus_1", "object": "customer", **about})
        yield stand_in


@pytest.mark.parametrize("key", SECRETS[1:])
def test_the_lambda_that_calls_providers_tells_neither_the_key_nor_the_person(
    key: str,
    api: StripeStandIn,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    aws = LoopbackAws("stripe", SIGNING_SECRET)
    secrets = {
        "provider": "stripe",
        "signing_secrets": [SIGNING_SECRET],
        "api": {"secret_key": key, "base_url": api.base_url},
    }
    aws.parameters["/paysignal/connections/shop/secrets"] = json.dumps(secrets)
    for name, value in {**aws.environ, "TABLE_NAME": "table"}.items():
        monkeypatch.setenv(name, value)
    call = {"v": 1, "connection_id": "shop", "provider": "stripe", "subject": "cus_1"}
    errors = []
    with aws.server:
        module = importlib.reload(importlib.import_module("functions.call_providers.handler"))
        for kind, identity in (("customer", "cus_1"), ("customer", "cus_2"), ("product", "p_1")):
            body = json.dumps({**call, "object": kind, "id": identity})
            try:
                module.handler({"Records": [{"messageId": "1", "body": body}]}, None)
            except Retryable as error:
                errors += traceback.format_exception(error)
        module._api("stripe", secret_key=key, base_url=api.base_url).close()

    said = capsys.readouterr()
    assert bool(aws.messages) == (key == SECRETS[1]) == (not errors)
    for canary in (*PERSON, *SECRETS):
        assert canary not in said.out + said.err + "".join(errors)
