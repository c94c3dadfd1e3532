"""The laws: whatever goes wrong, each accepted event counts once, in its place, and work ends.

A run is safety first (invariants after every step while faults rage), then liveness (no more
faults; everything must come to rest), then the redrive of the dead letters. After that its outcome
must be that of a run without any fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from io import StringIO

import pytest

from functions.process_events.process_batch import RECEIVES_MAX
from shared.domain.observations import Parsed
from shared.domain.ports import Name
from shared.providers.catalogue import PROVIDERS
from tests.simulation.judging import LawBroken, hold
from tests.simulation.oracle import (
    Outcome,
    Sums,
    differences,
    marker_of,
    markers,
    outcome,
    overtaken,
    untruths,
)
from tests.simulation.processor import SIGNING_SECRET, Deployment
from tests.simulation.schedules import Schedule, in_order
from tests.simulation.sqs.message import Message
from tests.simulation.stories import STARTS_AT_MS, Story, addresses_of
from tests.simulation.world import NotDrained, World

HOUR_MS = 3_600_000
# I-20. Once nothing goes wrong any more a sender comes again within the hour; what was put off
# waits for the longest backoff, and the queue takes two workers for alive that are not.
BOUND_MS = HOUR_MS + 900_000 + 2 * 180_000
# How long faults go on after the last event was posted.
FAULTY_MS = 6 * HOUR_MS
REDRIVES_MAX = 3
_REFUSED = frozenset({401, 503})  # 503: what the door itself needs is out of reach


@dataclass
class Run:
    """What a schedule has come to."""

    schedule: Schedule
    deployment: Deployment
    dead: list[Message]
    found: Outcome
    said: str  # everything the Lambdas wrote to their logs

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.deployment.world

    @property
    def calls(self) -> list[str]:
        """The calls that were made, by name, step by step."""
        return [line.split()[2] for line in self.world.steps.trace if line.split()[2:]]


# The laws that are watched while a run is under way.
WATCHED = {
    "work_comes_to_rest": "I-20: work comes to an end once nothing goes wrong any more.",
    "sums_add_up": "I-12: a contact's sums are, after every step, those of the orders of theirs.",
}


def law_of(error: AssertionError) -> str:
    """Return the name of the watched law that was broken."""
    return "work_comes_to_rest" if isinstance(error, NotDrained) else "sums_add_up"


@cache
def expected(story: Story) -> Outcome:
    """Return what a story's events come to in order, without a fault.

    Raise LawBroken where that is not what the story itself says.
    """
    found = run(in_order(story), watched=False).found
    untrue = "; ".join(untruths(found, story))
    if untrue:
        raise LawBroken(f"{story.name} in order: the_story_is_true: {untrue}")
    return found


def run(schedule: Schedule, *, watched: bool = True) -> Run:
    """Run a schedule to its end, redrives included. Raise LawBroken where a law is broken."""
    world = World(plan=schedule.plan)
    world.clock.advance_to(STARTS_AT_MS)
    deployment = Deployment(world)
    if watched:
        world.watch(Sums(world.dynamodb).check)
    post(schedule, deployment)
    said = StringIO()
    try:
        with redirect_stdout(said), poisoned(schedule, world):
            world.run(schedule.ends_ms + FAULTY_MS)
            come_to_rest(world)
    except AssertionError as error:
        raise LawBroken(f"{schedule.name}: {law_of(error)}: {error}") from error
    found = outcome(world, addresses_of(schedule.story))
    return Run(schedule, deployment, world.person.letters, found, said.getvalue())


@contextmanager
def poisoned(schedule: Schedule, world: World) -> Iterator[None]:
    """Have the parser fail, as by a bug of ours, at poison until the calm or a new release."""
    stripe = PROVIDERS["stripe"]
    poison = {schedule.story.events[number].id.encode() for number in schedule.poison}

    def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
        mended = world.steps.calm or world.disturbances.releases
        if not mended and any(event_id in body for event_id in poison):
            raise ZeroDivisionError
        return stripe.parse(body, headers)

    with pytest.MonkeyPatch.context() as patch:
        if poison:
            patch.setitem(PROVIDERS, "stripe", replace(stripe, parse=parse))
        yield


def post(schedule: Schedule, deployment: Deployment) -> None:
    """Have the events posted; of those that come again, every other one with other bytes.

    Somebody else posts two as well: one that is made up, and one that was heard an hour ago.
    """
    posted: Counter[int] = Counter()
    heard = schedule.story.events[0]
    made_up = replace(heard, content={**heard.content, "id": "evt_forged"})
    deployment.forge(made_up, 1, "whsec_guessed")
    deployment.forge(heard, HOUR_MS, SIGNING_SECRET, age_ms=HOUR_MS)
    for number, after_ms in schedule.arrivals_ms:
        event = schedule.story.events[number]
        posted[number] += 1
        again = posted[number] > 1 and number % 2
        deployment.deliver(event.redelivered() if again else event, after_ms)


def come_to_rest(world: World) -> None:
    """Let nothing go wrong any more, work off what is there, and then the dead letters.

    Raise NotDrained where that takes longer than it may, each time.
    """
    world.drain(BOUND_MS)
    for _ in range(REDRIVES_MAX):
        if world.person.redrive():
            world.drain(BOUND_MS)


def judge(done: Run) -> Run:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def nobody_gets_in_unproven(done: Run) -> None:
    """I-01: a wrong signature and an old one are refused, whatever goes wrong meanwhile."""
    let_in = [status for status in done.deployment.forgeries if status not in _REFUSED]
    assert not let_in, f"forged requests were answered {let_in}"


def every_event_counts_once(done: Run) -> None:
    """I-02, I-03, I-23: what was answered 2xx is recorded once, or kept as refused, and no more."""
    story, refused = done.schedule.story, done.found.refused
    accepted = {(event.id, event.type) for event in done.deployment.accepted}
    recorded = set(markers(done.world.dynamodb))
    assert accepted <= recorded | refused, f"lost: {sorted(accepted - recorded - refused)}"
    sent = {(event.id, event.type) for event in story.events}
    assert recorded | refused == sent, f"never sent, or given up: {sorted(recorded ^ sent)}"
    assert refused == story.refused, f"refused: {sorted(refused ^ story.refused)}"
    assert not recorded & refused, f"recorded and refused: {sorted(recorded & refused)}"


def the_outcome_is_that_of_a_run_in_order(done: Run) -> None:
    """Laws (a) and (b) of the design, I-04, I-05 and I-12."""
    found = list(differences(done.found, expected(done.schedule.story)))
    assert not found, "; ".join(found)


def nothing_is_left(done: Run) -> None:
    """I-20: no message waits, and none lies among the dead letters after their redrive."""
    left = {name: len(queue.messages) for name, queue in done.world.sqs.queues.items()}
    assert not any(left.values()), f"left: {left}"
    raised = [error for host in done.world.hosts for error in host.errors]
    assert not raised, f"the handler raised {raised}"


def groups_keep_their_order(done: Run) -> None:
    """I-06: only what went to the dead letters may be overtaken, and what we parked is marked."""
    queue = done.world.sqs.queues["events.fifo"]
    late = overtaken(queue.accepted, markers(done.world.dynamodb))
    excused = {marker_of(message) for message in done.dead}
    assert set(late) <= excused, f"overtaken: {sorted(set(late) - excused)}"
    parked = {message.group for message in done.dead if not message.source_arn}
    names: list[Name] = [("broken", group) for group in sorted(parked)]
    marks = done.deployment.table.read(names)
    assert all(marks.values()), f"not marked: {[name for name in names if not marks[name]]}"


def nothing_is_given_up_early(done: Run) -> None:
    """I-06: what lies among the dead letters was tried as often as we are patient."""
    queues = done.world.sqs.queues.values()
    taken = {message.message_id: message for queue in queues for message in queue.accepted}
    for letter in done.dead:
        # What we parked ourselves bears the id of the message it was; what SQS moved is the same.
        was = letter if letter.source_arn else taken[letter.deduplication_id]
        assert was.receive_count >= RECEIVES_MAX - 1, f"parked after {was.receive_count} receives"
    met = sum(done.world.steps.took.values())
    few = met < RECEIVES_MAX - 1 and not done.schedule.poison
    assert not (few and done.dead), f"{len(done.dead)} letters after {met} faults"


def nobody_is_named_in_a_log(done: Run) -> None:
    """I-18: no email, no name and no secret of the story is in what the Lambdas have said."""
    for canary in ("@example.com", "Ada", "Lovelace", "Lake Street", SIGNING_SECRET):
        assert canary not in done.said, f"{canary} was logged"


LAWS: tuple[Callable[[Run], None], ...] = (
    nobody_gets_in_unproven,
    every_event_counts_once,
    the_outcome_is_that_of_a_run_in_order,
    nothing_is_left,
    groups_keep_their_order,
    nothing_is_given_up_early,
    nobody_is_named_in_a_log,
)
