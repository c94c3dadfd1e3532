"""Schedules for what fires: a tale, automations, receivers with manners, and what goes wrong.

As with `schedules`, everything follows from a seed; and single faults are put at every step at
which a kind means something, of the Lambdas that fire, carry out and wake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.simulation.automation_stories import (
    SHORT_TALES,
    TALES,
    Tale,
    failing_renewal,
    many,
    short_tale,
    tale,
)
from tests.simulation.automations import FIRE, RUN, WAKE, Setup
from tests.simulation.deeds import CONTROL, EDIT, SWITCH
from tests.simulation.faults import Plan, random_plan

_WRITES = (
    *("TransactWriteItems", "PutItem", "DeleteItem", "SendMessage", "SendMessageBatch"),
    *("PutEvents", "Post", "Delete", "Poll", "GetRecords", "ChangeMessageVisibility"),
)
_ALL = (*_WRITES, "BatchGetItem", "Query", "GetParameter")
# The calls at which a kind of fault means something; the other kinds do at all of them.
MEANT = {
    "crash_before": _WRITES,
    "crash_after": _WRITES,
    "lost_reply": _WRITES,
    "resent": ("TransactWriteItems", "PutItem", "SendMessage", "SendMessageBatch", "PutEvents"),
    "conflict": ("TransactWriteItems", "PutItem", "DeleteItem"),
    "in_progress": ("TransactWriteItems",),
    "duplicate": ("Poll", "GetRecords"),
    "garbled": ("Poll", "GetRecords"),
    "blamed": ("Poll", "GetRecords"),
    "shard_split": ("GetRecords",),
    "mapping_recreated": ("GetRecords",),
    "redeploy": ("Poll", "GetRecords"),
    "dns_flip": ("Post",),
    "timeout": _WRITES,
    "switch": _WRITES,
    "deed": _WRITES,
    "partial": ("PutEvents", "SendMessageBatch", "BatchGetItem"),
}
# How often there is no weather, a drizzle, rain, a storm: one is as long as ten others.
_CLIMATE = (5, 3, 1, 1)
_STORMY = (
    *("crash_before", "crash_after", "lost_reply", "throttle", "conflict", "zombie"),
    *("switch", "switch"),
)
_STEPS_PER_EVENT = 20
CROWD = 8
# How often a tale is a long one, what fires is changed in its midst, and poison is met.
LONG = 0.05
CHANGED = 0.2
POISONED = 0.05
MINUTE_MS = 60_000
# As often as a shard is looked into.
POLLED_MS = 250
# Stories go on for months; most schedules are in more of a hurry, so that changes meet.
_HASTE = (60, 5_000, 10**9)
_RUDE = ("broken", "throttled", "moved", "slow", "hanging", "refusing", "hung_up", "cut_off")


@dataclass(frozen=True)
class AutomationSchedule:
    """A tale, when each of its events is posted (its number, and ms), and what goes wrong.

    `ordered` says that events are posted one by one, in the order in which they happened. `changes`
    are deeds that change what is effective (their names, and ms), `poison_ms` is when a record is
    written that nobody can read.
    """

    name: str
    tale: Tale
    setup: Setup
    arrivals_ms: tuple[tuple[int, int], ...]
    plan: Plan = ()
    ordered: bool = True
    changes: tuple[tuple[str, int], ...] = ()
    poison_ms: tuple[int, ...] = ()

    @property
    def ends_ms(self) -> int:
        """When the last event is posted."""
        return max(after_ms for _, after_ms in self.arrivals_ms)


def webhook(endpoint_id: str) -> dict[str, Any]:
    """Return the step that sends the standard body to an endpoint."""
    return {"type": "webhook", "endpoint_id": endpoint_id}


def on_status(
    before: str | None, after: str | None, runs: str, *steps: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an automation on a passage of the status."""
    trigger = {
        "type": "recurring_payment_updated",
        "field": "status",
        "from": before,
        "to": after,
        "runs": runs,
    }
    return {"name": f"{before} to {after}", "trigger": trigger, "steps": list(steps)}


def on_created(runs: str, currency: str | None, *steps: Mapping[str, Any]) -> dict[str, Any]:
    """Return an automation on new subscriptions, all or those in a currency."""
    trigger: dict[str, Any] = {"type": "recurring_payment_created", "runs": runs}
    if currency is not None:
        condition = {"field": "recurring_payment.currency", "operator": "is", "value": currency}
        trigger["segment"] = {"match": "all", "conditions": [condition]}
    return {"name": f"created in {currency}", "trigger": trigger, "steps": list(steps)}


PAIR: Mapping[str, Mapping[str, Any]] = {
    "rescue": on_status(None, "payment_failed", "once", webhook("crm")),
    "mirror": on_status(None, "payment_failed", "multiple", webhook("erp")),
}
MANY: Mapping[str, Mapping[str, Any]] = {
    **PAIR,
    "relief": on_status("payment_failed", "active", "multiple", webhook("crm")),
    "farewell": on_status(None, "cancelled", "multiple", webhook("erp")),
    "welcome": on_created("once", None, webhook("erp")),
    "dollars": on_created("multiple", "USD", webhook("erp")),
    "euros": on_created("multiple", "EUR", webhook("erp")),
    "patience": on_status(
        None,
        "payment_failed",
        "multiple",
        {"type": "add_tag", "tag": "STATUS: Payment failed"},
        {"type": "wait", "for": "PT5M"},
        {"type": "emit_event", "name": "still.failing"},
        {"type": "wait", "for": "P1D"},
        webhook("crm"),
    ),
}
WELL = ((), "ok")
# Both retries that SQS waits for, and one that the due-index does.
ROUGH = Setup(PAIR, {"crm": (("broken", "hung_up", "throttled"), "ok"), "erp": WELL})


def in_order(told: Tale, setup: Setup = ROUGH, every_ms: int = 10_000) -> AutomationSchedule:
    """Return the schedule without faults: each event by itself, in the order of the story."""
    arrivals = tuple((number, number * every_ms) for number in range(len(told.story.events)))
    return AutomationSchedule(f"{told.story.name} in order", told, setup, arrivals)


def at_once(told: Tale, setup: Setup = ROUGH) -> AutomationSchedule:
    """Return the schedule in which all events are posted within a moment."""
    base = in_order(told, setup, 1)
    return replace(base, name=f"{told.story.name} at once")


def crowded(manner: str) -> AutomationSchedule:
    """Return the schedule in which, at one time, much goes to one endpoint and some to another.

    `manner` is that of the first one, for ever.
    """
    to_crm = on_status(None, "payment_failed", "multiple", webhook("crm"))
    crowd = {**dict.fromkeys(("one", "two", "three"), to_crm), "mirror": PAIR["mirror"]}
    return at_once(many(CROWD), Setup(crowd, {"crm": ((), manner), "erp": WELL}))


def with_an_early_end(told: Tale, setup: Setup) -> AutomationSchedule:
    """Return the schedule in which the last event is posted ahead of the one before it."""
    base = in_order(told, setup)
    *first, before, last = base.arrivals_ms
    swapped = (*first, (before[0], last[1]), (last[0], before[1]))
    name = f"{told.story.name} with an early end"
    return replace(base, name=name, arrivals_ms=swapped, ordered=False)


def with_each_fault(
    base: AutomationSchedule, kind: str, calls: Sequence[tuple[str, str]]
) -> Iterator[AutomationSchedule]:
    """Yield the schedule with one fault of a kind at each call where it means something.

    Calls are who made them and their name, as a run has them.
    """
    ours = (FIRE, RUN, WAKE)
    for step, (actor, call) in enumerate(calls):
        is_ours = actor.removeprefix("poll ").startswith(ours)
        if is_ours and call.rpartition(".")[2] in MEANT.get(kind, _ALL):
            fault = (step, kind, 1)
            name = f"{base.name} with {fault} at {call} of {actor}"
            yield replace(base, name=name, plan=[fault])


def random_schedule(seed: int) -> AutomationSchedule:
    """Return the schedule of a seed."""
    dice = Random(f"automations/{seed}")
    told = _tale(dice)
    haste = dice.choice(_HASTE)
    lateness, repeats = dice.choice((0, 0, 0.2)), dice.choice((0, 0.1, 0.3))
    arrivals = []
    for number, at_ms in enumerate(told.story.times_ms):
        arrival = at_ms // haste + number * 10 + dice.randrange(1, 10)
        if dice.random() < lateness:
            arrival += _some_time(dice)
        arrivals.append((number, arrival))
        if dice.random() < repeats:
            arrivals.append((number, arrival + _some_time(dice)))
    steps = _STEPS_PER_EVENT * len(told.story.events)
    plan = [*random_plan(seed, steps, dice.choice((1, 3, 8))), *_weather(dice, steps)]
    setup = Setup(_automations(dice), {each: _manners(dice) for each in ("crm", "erp")})
    name = f"automations of seed {seed}: {told.story.name}"
    base = AutomationSchedule(name, told, setup, tuple(arrivals), plan, ordered=False)
    return _disturbed_by_people(base, dice)


def _disturbed_by_people(base: AutomationSchedule, dice: Random) -> AutomationSchedule:
    """Have some schedules change what fires in their midst, and some meet poison."""
    length_ms = base.ends_ms + MINUTE_MS
    if dice.random() < CHANGED:
        count = dice.choice((1, 2, 4, 8))
        begun = dice.choice(((), ((SWITCH, 0), (EDIT, 0))))
        later = ((dice.choice((SWITCH, EDIT)), dice.randrange(length_ms)) for _ in range(count))
        base = changing(base, *begun, *later)
    if dice.random() < POISONED:
        # Close to an event, so that both are read together.
        nearby = dice.choices(base.arrivals_ms, k=dice.choice((1, 1, 2)))
        times_ms = tuple(at_ms + dice.randrange(POLLED_MS) for _, at_ms in nearby)
        base = replace(base, poison_ms=times_ms)
    return base


def changing(base: AutomationSchedule, *changes: tuple[str, int]) -> AutomationSchedule:
    """Return the schedule with deeds that change what fires: their names, and when."""
    automations = {**base.setup.automations, CONTROL: MANY[CONTROL]}
    return replace(base, setup=replace(base.setup, automations=automations), changes=changes)


def _tale(dice: Random) -> Tale:
    """Return a short tale; one time in twenty a long one, or that of the single faults."""
    if dice.random() > LONG:
        return short_tale(dice.randrange(SHORT_TALES))
    return failing_renewal() if dice.random() < 0.3 else tale(dice.randrange(TALES))


def _automations(dice: Random) -> Mapping[str, Mapping[str, Any]]:
    """Return some of the automations, one time in twenty all."""
    if dice.random() < LONG:
        return MANY
    names = dice.sample(sorted(MANY), dice.choice((1, 2, 3)))
    return {name: MANY[name] for name in names}


def _manners(dice: Random) -> tuple[tuple[str, ...], str]:
    """Return a receiver: most are well in the end, some never, some say goodbye."""
    first = tuple(dice.choice(_RUDE) for _ in range(dice.choice((0, 0, 0, 1, 1, 2, 4, 9))))
    then = ("ok", "ok", "ok", "ok", "body", "body", "slow", "cut_off", "broken", "gone", "gone")
    return first, dice.choice(then)


def _weather(dice: Random, steps: int) -> Plan:
    """Return faults that come in numbers: a drizzle over all the run, or a storm in its midst."""
    kinds = dice.sample(_STORMY, dice.choice((1, 1, 2)))
    storm = (dice.randrange(steps), dice.randrange(steps, steps + 200), 1.0)
    calm, drizzle, rain = (0, 0, 0.0), (0, 2 * steps, 0.03), (0, 2 * steps, 0.1)
    ((begins, ends, density),) = dice.choices((calm, drizzle, rain, storm), _CLIMATE)
    return [
        (step, dice.choice(kinds), 1) for step in range(begins, ends) if dice.random() < density
    ]


def _some_time(dice: Random) -> int:
    """Return between a tenth of a second and three days, short and long times alike."""
    return int(100 * 10 ** (dice.random() * 6.4))
