"""The laws of an erasure in the middle: the person is nowhere, and all else is as it would be.

Held against the run of the same events in order in which nobody is erased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from infra.samples import stripe as story
from shared.domain import emails, personal
from shared.domain.erasure import hash_of
from tests.simulation import laws
from tests.simulation.erasures import Done, addresses, named_in, random_schedule, run
from tests.simulation.judging import hold
from tests.simulation.processor import CONNECTION
from tests.support.erasing import canaries


def judge(done: Done) -> Done:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def nobody_erased_is_named(done: Done) -> None:
    """I-19: nothing that occurred up to the erasure names its person anywhere."""
    old, since = _divided(done)
    words = {f"canary{number}x" for number in old}
    # What also names an address that nobody had erased may be told of that one's contact.
    shared = {f"canary{number}x" for number in old if not _names_erased_alone(done, number)}
    again = {each for number in since for each in named_in(done.schedule.story.events[number])}
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


def random_run(seed: int) -> Done:
    """Run the schedule of a seed with an erasure, and judge it. Raise LawBroken."""
    return judge(run(*random_schedule(seed)))


def _divided(done: Done) -> tuple[list[int], list[int]]:
    """Return the person's events that an erasure covers, and those since."""
    events = done.schedule.story.events
    until = max((each.erased_at for each in done.erasures), default=-1)
    came = _came(done)
    passed: list[int] = []
    since: list[int] = []
    for number, event in enumerate(events):
        heard = came.get((event.id, event.type))
        is_old = heard is not None and min(int(event.created) * 1000, heard) <= until
        (passed if is_old else since).append(number)
    mine = _customers(done, [events[number] for number in passed])
    old = [
        number
        for number in passed
        if _customer(events[number]) in mine or _names_erased(done, events[number])
    ]
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


def _customers(done: Done, passed: Sequence[story.Event]) -> set[str | None]:
    """Return the customers who were never known by any other address, and by theirs back then.

    Of one whose address is told only since, nobody can know what was said before.
    """
    known: dict[str | None, set[str]] = {}
    for event in done.schedule.story.events:
        known.setdefault(_customer(event), set()).update(named_in(event))
    linked = {_customer(event) for event in passed if named_in(event)}
    return {
        customer
        for customer, used in known.items()
        if customer in linked and used and all(_is_erased(done, each) for each in used)
    }


def touched(done: Done) -> set[str]:
    """Return the addresses erased, and those that a customer had who had one of these too."""
    known: dict[str | None, set[str]] = {}
    for event in done.schedule.story.events:
        known.setdefault(_customer(event), set()).update(named_in(event))
    gone = {each for each in addresses(done.schedule.story) if _is_erased(done, each)}
    linked = gone.union(*(used for used in known.values() if used & gone))
    # As contacts are known by them: stores write capitals as people do.
    return {emails.normalise(each) or each for each in linked}


def _customer(event: story.Event) -> str | None:
    thing = event.object
    found = thing["id"] if thing.get("object") == "customer" else thing.get("customer")
    return found if isinstance(found, str) else None


def _names_erased(done: Done, event: story.Event) -> bool:
    return any(_is_erased(done, each) for each in named_in(event))


def _names_erased_alone(done: Done, number: int) -> bool:
    return all(_is_erased(done, each) for each in named_in(done.schedule.story.events[number]))


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
