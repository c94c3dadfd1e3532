"""A run of what fires: faults as planned, then calm, then what people do; and what was seen of it.

People redrive what was given up, the stream's notes included, and enable the endpoints that were
disabled. What observers outside have seen is kept here for the laws (`automation_laws`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from shared.adapters.documents import to_document
from shared.domain import rendering_automations as rendering
from tests.simulation.automation_schedules import AutomationSchedule
from tests.simulation.automations import AutomatedDeployment, host_of
from tests.simulation.endpoint_servers import Received
from tests.simulation.judging import LawBroken
from tests.simulation.laws import BOUND_MS, FAULTY_MS, REDRIVES_MAX, law_of
from tests.simulation.stories import STARTS_AT_MS
from tests.simulation.world import World

_QUEUES = ("events.fifo", "history", "automations")


@dataclass
class AutomationRun:
    """What a schedule has come to; `said` is everything the Lambdas wrote to their logs."""

    schedule: AutomationSchedule
    deployment: AutomatedDeployment
    dead: int
    given_up: int
    held: frozenset[str]
    said: str

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.deployment.world

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

    def firings(self) -> list[dict[str, Any]]:
        """Return all firings as the API lists them."""
        rows = []
        for automation_id in self.schedule.setup.automations:
            page, cursor = self.deployment.table.newest(("firings", automation_id), 500, None)
            assert cursor is None
            rows += [rendering.firing(each) for each in page]
        return rows

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
        try:
            world.run(schedule.ends_ms + FAULTY_MS)
            world.drain(BOUND_MS)
            dead, given_up = _redriven(deployment)
            held = _enabled(deployment)
        except AssertionError as error:
            raise LawBroken(f"{schedule.name}: {law_of(error)}: {error}") from error
    return AutomationRun(schedule, deployment, dead, given_up, held, said.getvalue())


def _redriven(deployment: AutomatedDeployment) -> tuple[int, int]:
    """Have a person redrive what was given up; return how many messages and notes that were."""
    world, dead, given_up = deployment.world, 0, 0
    for _ in range(REDRIVES_MAX):
        letters = sum(world.sqs.redrive(queue) for queue in _QUEUES)
        notes = deployment.redrive_stream()
        if letters or notes:
            world.drain(BOUND_MS)
        dead, given_up = dead + letters, given_up + notes
    return dead, given_up


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
    deployment.world.drain(BOUND_MS)
    return frozenset(held)
