"""The laws of what fires: each transition once for each automation, none falsely, all told alike.

Judged by what the provider sent and what observers outside saw: receivers, the bus, the API's
lists. What must have fired is told by the story itself (`automation_oracle`).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.automation_changes import what_is_effective_fires
from tests.simulation.automation_oracle import (
    CREATED,
    facts_of_firings,
    facts_of_webhooks,
    faults_of,
    passages_on_bus,
    wanted,
)
from tests.simulation.automation_run import AutomationRun
from tests.simulation.automation_webhook_laws import (
    a_delivery_is_given_up_last,
    a_disabled_endpoint_is_left_alone,
    a_receiver_that_gets_well_is_told,
    attempts_keep_the_schedule,
    every_webhook_is_signed,
    webhooks_come_in_time,
)
from tests.simulation.automations import WAKE
from tests.simulation.judging import hold
from tests.simulation.processor import SIGNING_SECRET

# A message is given up after twelve receives that have failed, a stream's record after ten retries.
FAULTS_TO_GIVE_UP = 10
# A shard is looked into four times a second; ten retries of poison take six minutes; a fault costs
# a timeout and the longest wait between two tries.
LOOK_MS, STUCK_MS, FAULT_MS = 60_000, 400_000, 300_000


def judge(done: AutomationRun) -> AutomationRun:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def every_transition_fires_once(done: AutomationRun) -> None:
    """I-07, I-10, I-11: the firings are those of the story: none missing, none false, `once` once.

    Receivers were told the same, whatever they answered.
    """
    schedule = done.schedule
    people = {life.subscription: life.email for life in schedule.tale.lives}
    changed = done.deployment.changed
    expected = wanted(schedule.tale, schedule.setup.automations)
    for said, seen in (
        ("fired", facts_of_firings(done.firings())),
        ("received", facts_of_webhooks(done.requests)),
    ):
        # Those that come and go have a law of their own.
        lasting = Counter(
            {fact: count for fact, count in seen.items() if fact.automation not in changed}
        )
        faults = list(faults_of(lasting, expected, people))
        assert not faults, f"{said}: {'; '.join(faults)}"


def a_firing_has_one_webhook(done: AutomationRun) -> None:
    """I-08: one webhook-id for each firing, and the very same bytes under it at each attempt."""
    ids: dict[str, set[str]] = defaultdict(set)
    for message_id, attempts in done.webhooks().items():
        bodies = {each.body for each in attempts}
        assert len(bodies) == 1, f"{message_id} had {len(bodies)} bodies"
        assert len({each.host for each in attempts}) == 1, f"{message_id} went to two receivers"
        ids[json.loads(bodies.pop())["data"]["firing_id"]].add(message_id)
    several = {firing: found for firing, found in ids.items() if len(found) > 1}
    assert not several, f"several ids for one firing: {several}"


def delivered_means_accepted(done: AutomationRun) -> None:
    """I-08: what is noted as delivered was answered 2xx by its receiver, and by nothing else."""
    accepted = {each.message_id for each in done.requests if 200 <= each.status < 300}
    delivered = {each["delivery_id"] for each in done.items("DELIVERY") if _arrived(each)}
    assert delivered <= accepted, f"not accepted by anybody: {sorted(delivered - accepted)}"


def _arrived(delivery: Mapping[str, Any]) -> bool:
    return bool(delivery["state"] == "delivered")


def the_bus_tells_the_story(done: AutomationRun) -> None:
    """I-07, I-10: each transition under one id, none that never was.

    Where events came in order and nothing was given up, they are told in order as well.
    """
    sent = [event.id for event in done.schedule.tale.story.events]
    arrived = [event.id for event in done.deployment.accepted]
    ordered = done.schedule.ordered and arrived == sent and not (done.given_up or done.dead)
    told = passages_on_bus(done.world.events.taken)
    for life in done.schedule.tale.lives:
        lived, heard = [CREATED, *life.passages], told.pop(life.subscription, [])
        if ordered:
            assert heard == lived, f"{life.subscription}: {heard}, not {lived}"
        # Stripe says of an end that it came, not what was before: told early, that is a guess.
        ends, wanted_ends = ([after for _, after in each] for each in (heard, lived))
        assert sorted(ends) == sorted(wanted_ends), f"{life.subscription}: {heard}, not {lived}"
    assert not told, f"nobody lived {told}"
    fired = {e.detail["id"] for e in done.world.events.taken if e.detail_type == "automation.fired"}
    listed = {each["firing_id"] for each in done.firings()}
    assert fired == listed, f"fired on the bus alone, or not there: {sorted(fired ^ listed)}"


def nothing_is_left(done: AutomationRun) -> None:
    """I-09, I-20: all has come to an end, and what was held went out when its endpoint was back."""
    waiting = {name: len(queue.messages) for name, queue in done.world.sqs.queues.items()}
    assert not any(waiting.values()), f"left in queues: {waiting}"
    assert not done.world.left(), f"left: {done.world.left()}"
    for run_document in done.items("RUN"):
        assert run_document["state"] == "done", f"a run is {run_document['state']}"
    states = {each["firing_id"]: each["state"] for each in done.firings()}
    assert set(states.values()) <= {"done"}, f"firings: {states}"
    deliveries = {each["delivery_id"]: each["state"] for each in done.items("DELIVERY")}
    ended = {"delivered", "dead", "gone"}
    assert set(deliveries.values()) <= ended, f"deliveries: {deliveries}"
    unsent = [each for each in done.held if deliveries[each] != "delivered"]
    assert not unsent, f"held, and not sent when it could be: {unsent}"
    # The clock's function says so where it could not drain all; the next minute makes up for it.
    hosts = [host for host in done.world.hosts if host.name != WAKE]
    raised = [error for host in hosts for error in host.errors]
    assert not raised, f"a handler raised {raised}"


def changes_are_told_in_time(done: AutomationRun) -> None:
    """I-07, I-22: what is written is looked at soon, whatever else lies in its shard.

    Poison is tried again until the stream gives up on it, with what was read together with it.
    """
    poison = len(done.schedule.poison_ms)
    if done.given_up > poison:
        return  # What was given up was looked at when somebody had it come again.
    written = _written(done)
    told: dict[tuple[str, str], int] = {}
    for event in done.world.events.taken:
        if event.detail_type.startswith("recurring_payment."):
            detail = event.detail
            key = (detail["store_recurring_payment_id"], detail["event_id"])
            told.setdefault(key, event.at_ms)
    for key, at_ms in told.items():
        since_ms = max(each for each in written[key] if each <= at_ms)
        faults = done.met.felt(since_ms, at_ms)
        most = LOOK_MS + STUCK_MS * poison * (1 + faults) + FAULT_MS * faults
        assert at_ms - since_ms <= most, f"{key} was told after {at_ms - since_ms} ms"


def _written(done: AutomationRun) -> dict[tuple[str, str], list[int]]:
    """Return when each entry of a record's history was written, by record and event."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for record_id, entry, at_ms in done.writings():
        found[record_id, entry.event_id].append(at_ms)
    return found


def nothing_is_given_up_lightly(done: AutomationRun) -> None:
    """I-20, I-22: nobody gives up on what few faults were met by, nor on all for one poison."""
    met = done.met.all()
    assert not done.dead or met >= FAULTS_TO_GIVE_UP, f"{done.dead} dead letters by {met} faults"
    notes = done.given_up - len(done.schedule.poison_ms)
    if done.world.steps.took["mapping_recreated"]:
        notes = 0  # it begins with records that are too old for it, and had been read before
    assert notes <= 0 or met >= FAULTS_TO_GIVE_UP, f"{notes} notes of the stream by {met} faults"


def nobody_is_named_in_a_log(done: AutomationRun) -> None:
    """I-16, I-18: no email, no name and no secret is in what the Lambdas have said."""
    secrets = [SIGNING_SECRET, *done.deployment.secrets.values()]
    for canary in ("@example.com", "Ada", "Lovelace", *secrets):
        assert canary not in done.said, f"{canary} was logged"


LAWS: tuple[Callable[[AutomationRun], None], ...] = (
    every_transition_fires_once,
    what_is_effective_fires,
    a_firing_has_one_webhook,
    every_webhook_is_signed,
    attempts_keep_the_schedule,
    webhooks_come_in_time,
    a_delivery_is_given_up_last,
    a_receiver_that_gets_well_is_told,
    delivered_means_accepted,
    a_disabled_endpoint_is_left_alone,
    the_bus_tells_the_story,
    nothing_is_left,
    changes_are_told_in_time,
    nothing_is_given_up_lightly,
    nobody_is_named_in_a_log,
)


def delays(calm: AutomationRun, rude: AutomationRun, host: str) -> list[int]:
    """Return by how many ms a run's webhooks reached a receiver later than another run's.

    I-21 asks it of two runs that differ in the manners of another receiver alone.
    """
    before, after = (
        {
            found: min(each.at_ms for each in attempts)
            for found, attempts in done.webhooks().items()
            if attempts[0].host == host
        }
        for done in (calm, rude)
    )
    assert before.keys() == after.keys(), f"not told of the same: {before.keys() ^ after.keys()}"
    return sorted(after[found] - before[found] for found in before)
