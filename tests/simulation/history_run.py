"""A run of an import or a verification amid live notices: faults, calm, and what people then do.

Whoever asked sees how it ended; what failed is asked for again, as the API tells people to. In the
end a repair looks for what was never sent, and then that is sent after all. What fires is counted
on the way: by `fire_triggers`, on the shards of the table's stream.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Any

from functions.manage.automations import put_automation
from shared.domain import times
from shared.domain.ports import Name
from tests.simulation.automations import FIRE, RUN
from tests.simulation.endpoint_servers import Internet, Uplink
from tests.simulation.function import Handle
from tests.simulation.history_schedules import HistorySchedule, in_order
from tests.simulation.history_stories import History
from tests.simulation.judging import LawBroken
from tests.simulation.lambda_modules import execute, handle_of, sleeper
from tests.simulation.laws import BOUND_MS, FAULTY_MS
from tests.simulation.oracle import Outcome, Sums, outcome
from tests.simulation.providers_run import addresses_of, come_to_rest, recorded
from tests.simulation.providers_stack import ProvidersStack
from tests.simulation.providers_stories import SHOP
from tests.simulation.stream import Stream
from tests.simulation.stream_host import StreamHost
from tests.simulation.stream_redrive import redrive_stream
from tests.simulation.world import World

# What a person hears of: who began, who ended, what was sold, and whatever changes.
AUTOMATIONS: Mapping[str, Mapping[str, Any]] = {
    "created": {"type": "recurring_payment_created"},
    "ended": {"type": "recurring_payment_updated", "field": "status", "to": "cancelled"},
    "sold": {"type": "order_created"},
    "changed": {"type": "recurring_payment_updated", "field": None},
}
_PATHS = {"import": "history", "verify": "verify", "repair": "verify"}
_ASKED_AGAIN_MAX = 5

# An automation, a record's kind and its id.
Fired = tuple[str, str, str]


class HistoryStack(ProvidersStack):
    """A stack with one connection, and automations that hear of all it tells."""

    def __init__(self, world: World, schedule: HistorySchedule) -> None:
        store = schedule.history.store
        super().__init__(world, [store], {store.provider: schedule.manners})
        self.history = schedule.history
        self.stream = Stream(world.dynamodb)
        for number, shard in enumerate(self.stream.shards):
            name = f"{FIRE} {number}"
            world.hosts.append(
                StreamHost(
                    name, self.stream, shard, self._start_fire, world.steps, world.clock, world.sqs
                )
            )
        world.person.redrive_stream = self.redrive_stream
        # What is put off until its first burst is over comes back by the queue of automations.
        world.add_host(RUN, "automations", self._start_run)
        for automation_id, trigger in AUTOMATIONS.items():
            about = {"name": automation_id, "trigger": {"runs": "multiple", **trigger}, "steps": []}
            put_automation(automation_id, about, store=self.table, now=world.clock())

    def want(self, what: str) -> None:
        """Have a person ask for an `import`, a `verify` or a `repair`, until it is accepted."""
        body: dict[str, Any] = {} if what == "import" else {"repair": what == "repair"}
        if what == "import" and self.history.since_ms is not None:
            body["from"] = times.to_text(self.history.since_ms)
        path = f"/v1/connections/{SHOP}/{_PATHS[what]}"
        self.ask("POST", path, body, lambda _: None)

    def job(self, what: str) -> Mapping[str, Any] | None:
        """Return the last job of a kind as the API shows it, None where there is none."""
        connection = self.observer.get(f"/v1/connections/{SHOP}") or {}
        about = connection.get("history" if what == "import" else "verification") or {}
        job_id = about.get("job_id")
        return None if job_id is None else self.observer.get(f"/v1/jobs/{job_id}")

    def firings(self) -> list[dict[str, Any]]:
        """Return all that has fired, each with the record it is about by today's id."""
        return [
            {**row, "record": self._standing(row["change"]["record"])}
            for each in AUTOMATIONS
            for row in self.observer.listed(f"/v1/automations/{each}/firings")
        ]

    def _standing(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a record by the id it has come to: orders yield theirs to a stronger one.

        No answer tells to which one: this is read off the table.
        """
        name: Name = (record["kind"], record["connection_id"], record["id"])
        while (head := self.table.read([name])[name]) and head.get("merged_into"):
            name = (*name[:2], head["merged_into"])
        return {**record, "id": name[2]}

    def redrive_stream(self) -> int:
        """Have `paysignal redrive stream` hand over what the mapping gave up on."""
        return redrive_stream(self.world, self.stream, self._start_fire)

    def _start_run(self) -> Handle:
        uplink = Uplink(Internet(self.world, []))
        module = execute(f"functions.{RUN}.handler", self.world, self.environ, uplink.outbound)
        module._table._sleep = sleeper(self.world)
        return handle_of(module)

    def _start_fire(self) -> Handle:
        module = execute(f"functions.{FIRE}.handler", self.world, self.environ)
        module._table._sleep = sleeper(self.world)
        return handle_of(module)


def fired_of(row: Mapping[str, Any]) -> Fired:
    """Return who fired for what."""
    record = row["record"]
    return row["automation_id"], record["kind"], record["id"]


@dataclass
class HistoryRun:
    """What a schedule has come to.

    `found` and `fired` are as all had come to rest; `ended_ms` is when the first import was done,
    and `drift` what a last verification still found. `after` is what had fired when all that was
    never sent had come after all.
    """

    schedule: HistorySchedule
    stack: HistoryStack
    dead: int
    found: Outcome
    events: dict[Name, Mapping[str, Any]]
    rows: list[dict[str, Any]]
    drift: int
    after: Counter[Fired]
    said: str

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.stack.world

    @property
    def fired(self) -> Counter[Fired]:
        """How often each automation had fired for each record."""
        return Counter(fired_of(row) for row in self.rows)

    @property
    def calls(self) -> list[str]:
        """The calls that were made, by name, step by step."""
        return [line.split()[2] for line in self.world.steps.trace if line.split()[2:]]


@cache
def expected(history: History) -> HistoryRun:
    """Return the run in which all is told in order and nobody asks."""
    return run(in_order(history), watched=False)


def run(schedule: HistorySchedule, *, watched: bool = True) -> HistoryRun:
    """Run a schedule to its end. Raise LawBroken where it comes to none."""
    world, said = World(plan=schedule.plan), StringIO()
    world.clock.advance_to(schedule.history.begins_ms)
    with redirect_stdout(said):
        stack = HistoryStack(world, schedule)
        if watched:
            world.watch(Sums(world.dynamodb).check)
        for number, after_ms in schedule.arrivals_ms:
            stack.deliver(schedule.history.notices[number], after_ms)
        for what, after_ms in schedule.asks:
            world.schedule(after_ms, lambda what=what: stack.want(what))  # type: ignore[misc]
        try:
            return _lived(schedule, stack, said)
        except AssertionError as error:
            raise LawBroken(f"{schedule.name}: {error}") from error


def _lived(schedule: HistorySchedule, stack: HistoryStack, said: StringIO) -> HistoryRun:
    world = stack.world
    world.run(schedule.ends_ms + FAULTY_MS)
    dead = come_to_rest(world) + _redriven(stack)
    asked = {what for what, _ in schedule.asks}
    for what in sorted(asked):
        _see_through(stack, what)
    if schedule.unsent:
        _see_through(stack, "repair", anew=True)
    drift = _drift(stack) if asked and schedule.checked else 0
    found = outcome(world, addresses_of(schedule.history.notices))
    events = recorded(world.dynamodb)
    rows = stack.firings()
    for number in sorted(schedule.unsent):
        stack.deliver(schedule.history.notices[number], 0)
    world.drain(BOUND_MS)
    after = Counter(fired_of(row) for row in stack.firings())
    return HistoryRun(schedule, stack, dead, found, events, rows, drift, after, said.getvalue())


def _redriven(stack: HistoryStack) -> int:
    stack.redrive_stream()
    stack.world.drain(BOUND_MS)
    return stack.world.person.notes


def _see_through(stack: HistoryStack, what: str, *, anew: bool = False) -> None:
    """Have whoever asked see to the end of it: what failed is asked for again."""
    for _ in range(_ASKED_AGAIN_MAX):
        state = (stack.job(what) or {}).get("state")
        if state == "done" and not anew:
            return
        # Whoever looks is told that it failed, or that it is done: never that it still runs.
        assert anew or state == "failed", f"{what} is {state}, and nobody is at it"
        anew = False
        stack.want(what)
        come_to_rest(stack.world)
    ended = stack.job(what) or {}
    assert ended.get("state") == "done", f"{what} comes to no end: {ended}"


def _drift(stack: HistoryStack) -> int:
    """Return how many differences a verification finds now."""
    _see_through(stack, "verify", anew=True)
    job = stack.job("verify")
    return sum(job["result"]["differences"].values()) if job is not None else 0
