"""Somebody is erased in the middle of a schedule: I-19, whatever goes wrong meanwhile.

Every event names its person by words of its own, so that what is left of one that occurred before
the erasure is told from what was said anew since. What the same events come to without an erasure
is what must be left of records and money with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from io import StringIO
from random import Random
from typing import Any

from infra.samples import stripe as story
from shared.adapters.aws import AwsError
from shared.domain import emails, naming, personal
from shared.domain.erasure import Erasure, hash_of, read_object
from shared.domain.errors import Retryable
from tests.simulation import laws, schedules
from tests.simulation.excerpt_truth import revenue_in
from tests.simulation.judging import LawBroken, hold
from tests.simulation.laws import FAULTY_MS
from tests.simulation.observer import addresses_in
from tests.simulation.oracle import Outcome, Sums, outcome
from tests.simulation.processor import CONNECTION, Deployment
from tests.simulation.schedules import Schedule
from tests.simulation.stories import STARTS_AT_MS, Story, addresses_of
from tests.simulation.world import World
from tests.support.erasing import Eraser, canaries

_AGAIN_MS = 30_000
# No function of ours may run for longer; what the last look at the table relies on is more still.
_LIFETIME_MS = 190_000
_NAMED = ("email", "address", "phone")
NEIGHBOUR = "neighbour@example.com"
_NEIGHBOURLY = 0.5


@dataclass
class Done:
    """What a schedule with an erasure in it has come to."""

    schedule: Schedule
    deployment: Deployment
    email: str
    erasures: list[Erasure] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.deployment.world

    @property
    def found(self) -> Outcome:
        """What is left of records and contacts."""
        return outcome(self.world, addresses_of(self.schedule.story))


@cache
def told_apart(told: Story) -> Story:
    """Return a story whose every event names its person by words that no other event has."""
    events = [
        replace(each, content=_marked(each.content, f"canary{number}x"))
        for number, each in enumerate(told.events)
    ]
    return replace(told, events=tuple(events))


@cache
def with_neighbour(told: Story) -> Story:
    """Return a story that is followed by that of somebody else, who buys once."""
    world = story.Business("neighbour")
    book = story.add_price(world, story.add_product(world, "Tea pot"), 900, interval=None)
    story.one_time(world, book, story.add_customer(world, NEIGHBOUR, "Grace Hopper"))
    bought = tuple(each for each in world.events if addresses_in([each.body]))
    revenue = told.revenue
    if revenue is not None:
        earned = revenue_in(bought)
        sums = {each: revenue.get(each, 0) + earned.get(each, Decimal()) for each in earned}
        revenue = {**revenue, **sums}
    name = f"{told.name}, a neighbour"
    return replace(told, name=name, events=(*told.events, *bought), revenue=revenue)


def _marked(value: Any, word: str) -> Any:
    if isinstance(value, list):
        return [_marked(each, word) for each in value]
    if not isinstance(value, dict):
        return value
    person = any(name in value for name in _NAMED)
    return {
        name: word
        if isinstance(each, str) and (name in ("line1", "customer_name") or _is_name(name, person))
        else _marked(each, word)
        for name, each in value.items()
    }


def _is_name(name: str, person: bool) -> bool:
    return name == "name" and person


def addresses(told: Story) -> list[str]:
    """Return whom a story is about."""
    return sorted({each for event in told.events for each in _addresses(event)})


def run(schedule: Schedule, email: str, after_ms: int) -> Done:
    """Run a schedule with an erasure `after_ms` from its beginning, and to its end.

    The plan may have more of them, in the middle of any call. Raise LawBroken.
    """
    world = World(plan=schedule.plan)
    world.clock.advance_to(STARTS_AT_MS)
    deployment = Deployment(world)
    eraser = Eraser(deployment)
    world.steps.lifetime_ms = _LIFETIME_MS
    world.watch(Sums(world.dynamodb).check)
    world.deeds["somebody is erased"] = lambda: eraser.erase(email)

    def ask() -> None:
        try:
            asked = world.request(eraser.erase_through, email)
        except (AwsError, Retryable):  # the API answers 503
            asked = None
        if asked is None:
            world.schedule(_AGAIN_MS, ask)

    world.schedule(after_ms, ask)
    for number, at_ms in schedule.arrivals_ms:
        deployment.deliver(schedule.story.events[number], at_ms)
    try:
        with redirect_stdout(StringIO()), laws.poisoned(schedule, world), eraser.noting():
            world.run(schedule.ends_ms + FAULTY_MS)
            laws.come_to_rest(world)
    except AssertionError as error:
        raise LawBroken(f"{schedule.name}: {laws.law_of(error)}: {error}") from error
    done = Done(schedule, deployment, email)
    done.erasures = [read_object(held[0]) for held in eraser.ledger.objects.values()]
    return done


def judge(done: Done) -> Done:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def nobody_erased_is_named(done: Done) -> None:
    """I-19: nothing that occurred up to the erasure names its person anywhere."""
    old, since = _divided(done)
    words = {f"canary{number}x" for number in old}
    # What also names an address that nobody had erased may be told of that one's contact.
    shared = {f"canary{number}x" for number in old if not _names_erased_alone(done, number)}
    again = {each for number in since for each in _addresses(done.schedule.story.events[number])}
    gone = [each for each in addresses(done.schedule.story) if _is_erased(done, each)]
    left = canaries(done.deployment, [*words, *(each for each in gone if each not in again)])
    left = [each for each in left if not (each.split()[0] in shared and " in CONTACT#" in each)]
    assert not left, f"{len(left)} are left, such as {left[:3]}"


def totals_stay(done: Done) -> None:
    """I-19: records keep status, money and dates, and are as matched as they would have been."""
    wanted = laws.expected(done.schedule.story)
    found = done.found
    differing = list(_differing(_counted(found.records), _counted(wanted.records)))
    assert not differing, "; ".join(differing[:3])
    heads = {name: done.deployment.table.read([name])[name] for name in wanted.records}
    lost = [name for name, head in heads.items() if head is None or not head["contact_id"]]
    unmatched = [name for name in lost if wanted.owners[name] is not None]
    assert not unmatched, f"unmatched since: {unmatched}"


def neighbours_stay(done: Done) -> None:
    """I-05, I-12: who shares no customer with anybody erased has all they would have had."""
    found, wanted = done.found, laws.expected(done.schedule.story)
    gone = touched(done)
    theirs = {name for name, owner in wanted.owners.items() if owner and owner not in gone}
    people = {each: _unnamed(wanted.contacts[each]) for each in wanted.contacts.keys() - gone}
    left = {each: _unnamed(found.contacts.get(each, {})) for each in people}
    assert not list(_differing(left, people)), "; ".join(_differing(left, people))
    for part in ("owners", "records", "histories"):
        has, had = getattr(found, part), getattr(wanted, part)
        differing = [name for name in sorted(theirs) if has.get(name) != had[name]]
        assert not differing, f"{part} of neighbours: {differing[:3]}"


def every_event_counts_once(done: Done) -> None:
    """I-02, I-03: what was answered 2xx is recorded once, or kept as refused, and no more."""
    told, refused = done.schedule.story, done.found.refused
    accepted = {(event.id, event.type) for event in done.deployment.accepted}
    recorded = _recorded(done)
    twice = [each for each, count in recorded.items() if count > 1]
    assert not twice, f"recorded twice: {twice}"
    sent = {(event.id, event.type) for event in told.events}
    assert accepted <= sent == recorded.keys() | refused, f"lost: {sent ^ recorded.keys()}"
    assert refused == told.refused, f"refused: {sorted(refused ^ told.refused)}"
    assert not recorded.keys() & refused, "recorded and refused"


def nothing_is_left(done: Done) -> None:
    """I-20: no message waits, and none lies among the dead letters after their redrive."""
    left = {name: len(queue.messages) for name, queue in done.world.sqs.queues.items()}
    assert not any(left.values()), f"left: {left}"
    raised = [error for host in done.world.hosts for error in host.errors]
    assert not raised, f"the handler raised {raised}"


def who_comes_again_is_new(done: Done) -> None:
    """I-19: the contact that was erased is no more, and nobody has its id."""
    ids = [each.contact_id for each in done.erasures if each.contact_id is not None]
    found = done.deployment.table.read([("contact", each) for each in ids])
    assert not any(found.values()), "a contact that was erased is there"


def erasures_end(done: Done) -> None:
    """I-20: each erasure's job is done, and knows nobody's ids any more."""
    for number in range(1, len(done.erasures) + 1):
        name = ("job", f"erase-{number}")
        job = done.deployment.table.read([name])[name]
        assert job is None or (job["state"], job["ids"]) == ("done", []), job


LAWS: tuple[Callable[[Done], None], ...] = (
    nobody_erased_is_named,
    totals_stay,
    neighbours_stay,
    every_event_counts_once,
    nothing_is_left,
    who_comes_again_is_new,
    erasures_end,
)


def random_schedule(seed: int) -> tuple[Schedule, str, int]:
    """Return the schedule of a seed, whom to erase in its midst, and when (ms)."""
    dice = Random(f"erasure/{seed}")
    schedule = schedules.random_schedule(seed)
    if dice.random() < _NEIGHBOURLY:
        schedule = _beside(schedule, dice)
    told = told_apart(schedule.story)
    schedule = replace(schedule, story=told)
    known = addresses(told) or ["nobody@example.com"]
    after_ms = dice.randrange(schedule.ends_ms + 2) if dice.random() < 0.8 else 0
    return schedule, dice.choice(known), after_ms


def _beside(schedule: Schedule, dice: Random) -> Schedule:
    """Return a schedule in the midst of which a neighbour buys something."""
    told = with_neighbour(schedule.story)
    after_ms, before = dice.randrange(schedule.ends_ms + 1), len(schedule.story.events)
    bought = [(number, after_ms + number) for number in range(before, len(told.events))]
    return replace(schedule, story=told, arrivals_ms=(*schedule.arrivals_ms, *bought))


def random_run(seed: int) -> Done:
    """Run the schedule of a seed with an erasure, and judge it. Raise LawBroken."""
    return judge(run(*random_schedule(seed)))


def _divided(done: Done) -> tuple[list[int], list[int]]:
    """Return the person's events that an erasure covers, and those since."""
    events = done.schedule.story.events
    until = max((each.erased_at for each in done.erasures), default=-1)
    came = _came(done)
    mine = _customers(done)
    old: list[int] = []
    since: list[int] = []
    for number, event in enumerate(events):
        heard = came.get((event.id, event.type))
        if heard is not None and min(int(event.created) * 1000, heard) <= until:
            old += [number] if _customer(event) in mine or _names_erased(done, event) else []
        else:
            since.append(number)
    return old, since


def _came(done: Done) -> dict[tuple[str, str], int]:
    """Return when each event was received, of those that are kept."""
    table = done.deployment.table
    names = {
        ("event", CONNECTION, each.id, each.type): (each.id, each.type)
        for each in done.schedule.story.events
    }
    found = table.read(names)
    came = {
        names[name]: each["received_at"]  # type: ignore[index]
        for name, each in found.items()
        if each is not None
    }
    rows, _ = table.listed("quarantine", 100, None)
    # One that is refused each time is kept each time: the last one tells.
    told = sorted(rows, key=lambda row: row["received_date"])
    return came | {(row["event_id"], row["event_type"]): row["received_date"] for row in told}


def _recorded(done: Done) -> Counter[tuple[str, str]]:
    """Return how often each event was recorded; an erasure may take words out of it later."""
    found: Counter[tuple[str, str]] = Counter()
    for record in done.world.dynamodb.stream_records():
        keys = record["dynamodb"]["Keys"]
        if keys["sk"]["S"] == "EVENT" and record["eventName"] == "INSERT":
            _, _, event_id, event_type = keys["pk"]["S"].split("#")
            found[event_id, event_type] += 1
    return found


def _customers(done: Done) -> set[str | None]:
    """Return the customers who were never known by any other address."""
    known: dict[str | None, set[str]] = {}
    for event in done.schedule.story.events:
        known.setdefault(_customer(event), set()).update(_addresses(event))
    return {
        customer
        for customer, used in known.items()
        if customer is not None and used and all(_is_erased(done, each) for each in used)
    }


def touched(done: Done) -> set[str]:
    """Return the addresses erased, and those that a customer had who had one of these too."""
    known: dict[str | None, set[str]] = {}
    for event in done.schedule.story.events:
        known.setdefault(_customer(event), set()).update(_addresses(event))
    gone = {each for each in addresses(done.schedule.story) if _is_erased(done, each)}
    linked = gone.union(*(used for used in known.values() if used & gone))
    # As contacts are known by them: stores write capitals as people do.
    return {emails.normalise(each) or each for each in linked}


def _customer(event: story.Event) -> str | None:
    thing = event.object
    found = thing["id"] if thing.get("object") == "customer" else thing.get("customer")
    return found if isinstance(found, str) else None


def _names_erased(done: Done, event: story.Event) -> bool:
    return any(_is_erased(done, each) for each in _addresses(event))


def _names_erased_alone(done: Done, number: int) -> bool:
    return all(_is_erased(done, each) for each in _addresses(done.schedule.story.events[number]))


def _addresses(event: story.Event) -> set[str]:
    return {each for each in naming.texts_of(event.body) if "@" in each}


def _is_erased(done: Done, address: str) -> bool:
    hashes = {each for erasure in done.erasures for each in erasure.email_hashes}
    return hash_of(emails.normalise(address) or "") in hashes


def _counted(records: Mapping[Any, Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {
        name: {key: value for key, value in view.items() if key not in personal.FIELDS}
        for name, view in records.items()
    }


def _unnamed(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contact without the words that name it: whichever event came first has told them."""
    return {key: value for key, value in contact.items() if key not in ("first_name", "last_name")}


def _differing(found: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> Iterator[str]:
    for name in sorted(found.keys() | wanted.keys()):
        left, right = found.get(name) or {}, wanted.get(name) or {}
        fields = sorted(f for f in left.keys() | right.keys() if left.get(f) != right.get(f))
        if fields:
            yield f"{name}: " + ", ".join(f"{f} {left.get(f)}, not {right.get(f)}" for f in fields)
