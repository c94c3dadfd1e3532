"""A run of what fires: faults as planned, then calm, then what people do; and what was seen of it.

People redrive what was given up, the stream's notes included, and enable the endpoints that were
disabled. What observers outside have seen is kept here for the laws (`automation_laws`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property, partial
from io import StringIO
from typing import Any

from shared.adapters.documents import to_document
from shared.domain.timeline import Entry
from tests.simulation.automation_met import Met
from tests.simulation.automation_schedules import AutomationSchedule
from tests.simulation.automations import AutomatedDeployment, host_of
from tests.simulation.endpoint_servers import Received, Tried
from tests.simulation.judging import LawBroken
from tests.simulation.laws import FAULTY_MS, REDRIVES_MAX, law_of
from tests.simulation.observer import Observer
from tests.simulation.sqs.message import Message
from tests.simulation.stories import STARTS_AT_MS
from tests.simulation.world import World

# Work of ours may take so long once nothing goes wrong: a day until dead letters are redriven, the
# longest wait of an automation's step, the five days of a webhook, and a day for all else.
REST_MS = 8 * 86_400_000


@dataclass
class AutomationRun:
    """What a schedule has come to; `said` is everything the Lambdas wrote to their logs.

    `parked` are the deliveries and firings whose messages lay among the dead letters.
    """

    schedule: AutomationSchedule
    deployment: AutomatedDeployment
    dead: int
    given_up: int
    held: frozenset[str]
    said: str
    parked: frozenset[str] = frozenset()

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.deployment.world

    @property
    def met(self) -> Met:
        """When faults were met."""
        return self.deployment.met

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Who made each call, and its name, step by step."""
        names = [line.split()[2] for line in self.world.steps.trace if line.split()[2:]]
        return list(zip(self.world.steps.actors, names, strict=True))

    @property
    def requests(self) -> list[Received]:
        """All webhooks that receivers were sent, in order."""
        servers = self.deployment.internet.servers.values()
        return sorted((each for s in servers for each in s.requests), key=lambda r: r.at_ms)

    def webhooks(self) -> dict[str, list[Received]]:
        """Return the attempts that were seen, by webhook-id."""
        found: dict[str, list[Received]] = defaultdict(list)
        for each in self.requests:
            found[each.message_id].append(each)
        return found

    def tries(self) -> dict[str, list[Tried]]:
        """Return the posts that were begun, by webhook-id, in order."""
        found: dict[str, list[Tried]] = defaultdict(list)
        for each in self.deployment.internet.tried:
            found[each.message_id].append(each)
        return found

    def firings(self) -> list[dict[str, Any]]:
        """Return all firings as the API lists them."""
        return self._firings

    @cached_property
    def _firings(self) -> list[dict[str, Any]]:
        known = (*self.schedule.setup.automations, *self.deployment.changed)
        api = Observer(self.world)
        return [row for each in known for row in api.listed(f"/v1/automations/{each}/firings")]

    def writings(self) -> Iterator[tuple[str, Entry, int]]:
        """Yield each entry of a record's history as it was written: whose it is, it, and when."""
        dynamodb = self.world.dynamodb
        for place, record in enumerate(dynamodb.stream_records()):
            image = record["dynamodb"].get("NewImage", {})
            if "d" in image and image["sk"]["S"].startswith("AT#"):
                record_id = image["pk"]["S"].rpartition("#")[2]
                yield record_id, to_document(image)["entry"], dynamodb.written_ms(place)

    def items(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Yield the documents whose sort key is `kind`."""
        for item in self.world.dynamodb.items():
            if item["sk"]["S"] == kind:
                yield to_document(item)


def run(schedule: AutomationSchedule) -> AutomationRun:
    """Run a schedule to its end. Raise LawBroken where it comes to none."""
    world = World(plan=schedule.plan)
    world.clock.advance_to(STARTS_AT_MS)
    said = StringIO()
    with redirect_stdout(said):
        deployment = AutomatedDeployment(world, schedule.setup)
        for number, after_ms in schedule.arrivals_ms:
            deployment.deliver(schedule.tale.story.events[number], after_ms)
        _disturbed_by_people(schedule, deployment)
        try:
            world.run(schedule.ends_ms + FAULTY_MS)
            world.drain(REST_MS)
            _redrive(deployment)
            held = _enabled(deployment)
        except AssertionError as error:
            raise LawBroken(f"{schedule.name}: {law_of(error)}: {error}") from error
    letters, notes = world.person.letters, world.person.notes
    parked, told = frozenset(_parked(letters)), said.getvalue()
    return AutomationRun(schedule, deployment, len(letters), notes, held, told, parked)


def _disturbed_by_people(schedule: AutomationSchedule, deployment: AutomatedDeployment) -> None:
    """Have people change what is effective, and write what nobody can read, when they are to."""
    if schedule.changes:
        deployment.offer_changes()
    for name, after_ms in schedule.changes:
        deployment.world.schedule(after_ms, deployment.world.deeds[name])
    for number, after_ms in enumerate(schedule.poison_ms):
        deployment.world.schedule(after_ms, partial(deployment.poison, number))


def _redrive(deployment: AutomatedDeployment) -> None:
    """Have a person redrive what was given up until there is nothing more."""
    world = deployment.world
    for _ in range(REDRIVES_MAX):
        if deployment.redrive_stream() + world.person.redrive():
            world.drain(REST_MS)


def _parked(letters: Iterable[Message]) -> Iterator[str]:
    """Yield the deliveries and firings whose messages these were."""
    for letter in letters:
        if letter.source_arn.endswith(":automations"):
            about = json.loads(letter.body)
            yield from (about[name] for name in ("delivery_id", "firing_id") if name in about)


def _enabled(deployment: AutomatedDeployment) -> frozenset[str]:
    """Have a person enable what was disabled; return the webhook-ids that were held until then."""
    table = deployment.table
    rows, _ = table.listed("endpoint", 100, None)
    disabled = [row["endpoint_id"] for row in rows if row["status"] == "disabled"]
    held = set()
    for endpoint_id in disabled:
        page, cursor = table.newest(("deliveries", endpoint_id, "held"), 500, None)
        assert cursor is None
        held |= {each["delivery_id"] for each in page}
        server = deployment.internet.servers[host_of(endpoint_id)]
        server.manners, server.then = (), "ok"
    deployment.put_endpoints(disabled)
    deployment.world.drain(REST_MS)
    return frozenset(held)
