"""The laws of what fires: each transition once for each automation, none falsely, all told alike.

Judged by what the provider sent and what observers outside saw: receivers, the bus, the API's
lists. What must have fired is told by the story itself (`automation_oracle`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
import standardwebhooks.webhooks
from standardwebhooks import Webhook, WebhookVerificationError

from shared.adapters.documents import to_document
from tests.simulation.automation_oracle import (
    CREATED,
    facts_of_firings,
    facts_of_webhooks,
    faults_of,
    passages_on_bus,
    wanted,
)
from tests.simulation.automation_run import AutomationRun
from tests.simulation.automation_schedules import OVERLAPPING
from tests.simulation.automations import WAKE, host_of
from tests.simulation.endpoint_servers import Received
from tests.simulation.judging import hold
from tests.simulation.processor import SIGNING_SECRET

# Queues count in seconds.
ROUNDING_MS = 1_000
# What the README promises to receivers, written down here once more: the seconds before each
# attempt, a tenth more or less, and the days within which the last one begins.
WAITS_S = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS_MAX = len(WAITS_S)
JITTER = 0.1
LIFE_MAX_MS = 5 * 86_400_000
# A post that had begun before its endpoint was disabled may take this long.
UNDER_WAY_MS = 60_000


def judge(done: AutomationRun) -> AutomationRun:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def every_transition_fires_once(done: AutomationRun) -> None:
    """I-07, I-10, I-11: the firings are those of the story: none missing, none false, `once` once.

    Receivers were told the same, whatever they answered.
    """
    schedule = done.schedule
    people = {life.subscription: life.email for life in schedule.tale.lives}
    expected = wanted(schedule.tale, schedule.setup.automations)
    faults = list(faults_of(facts_of_firings(done.firings()), expected, people))
    assert not faults, f"fired: {'; '.join(faults)}"
    faults = list(faults_of(facts_of_webhooks(done.requests), expected, people))
    assert not faults, f"received: {'; '.join(faults)}"


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


def every_webhook_is_signed(done: AutomationRun) -> None:
    """I-08: the public library of Standard Webhooks accepts each attempt when it arrives.

    A worker that slept before its post is late, and its receiver may say so; it is still genuine.
    """
    overlapping = bool(done.schedule.kinds & OVERLAPPING)
    for each in done.requests:
        sent_ms = int(each.headers["webhook-timestamp"]) * 1000
        problem = _refusal(
            each, done.deployment.secrets[each.host], sent_ms if overlapping else each.at_ms
        )
        assert not problem, f"{each.message_id} is refused: {problem}"


def _refusal(request: Received, secret: str, now_ms: int) -> str:
    """Return what the library finds wrong with a request at that time, nothing where it is well."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Then:
            return cls.fromtimestamp(now_ms / 1000, tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standardwebhooks.webhooks, "datetime", Then)
        try:
            Webhook(secret).verify(request.body, dict(request.headers))
        except WebhookVerificationError as error:
            return str(error)
    return ""


def attempts_keep_the_schedule(done: AutomationRun) -> None:
    """I-08: ten attempts at most, none before its time, none after a success was recorded.

    What crashes and lost replies repeat, and workers who did not know of each other, is excused.
    """
    recorded = _recorded(done)
    overlapping = bool(done.schedule.kinds & OVERLAPPING)
    for message_id, attempts in done.webhooks().items():
        done_ms = recorded.get(message_id)
        late = [each for each in attempts if done_ms is not None and each.at_ms > done_ms]
        assert overlapping or not late, f"{message_id} was posted after it had been delivered"
        rounds = 2 if message_id in done.held else 1
        excused = len(done.schedule.plan)
        assert len(attempts) <= rounds * ATTEMPTS_MAX + excused, f"{len(attempts)} attempts"
        if done.schedule.plan or rounds > 1:
            continue
        for number, (one, two) in enumerate(pairwise(attempts), 1):
            waited = two.at_ms - one.at_ms
            # What is put off again and again is tried for the last time when its life ends.
            left = attempts[0].at_ms + LIFE_MAX_MS - one.at_ms
            wait = WAITS_S[number] * 1000 * (1 - JITTER)
            least = min(wait, left) - ROUNDING_MS
            assert waited >= least, f"{message_id}: attempt {number + 1} after {waited} ms"


def _recorded(done: AutomationRun) -> dict[str, int]:
    """Return when each delivery was first noted as delivered."""
    dynamodb = done.world.dynamodb
    found: dict[str, int] = {}
    for place, record in enumerate(dynamodb.stream_records()):
        image = record["dynamodb"].get("NewImage", {})
        if record["dynamodb"]["Keys"]["sk"]["S"] == "DELIVERY" and image:
            document = to_document(image)
            if document["state"] == "delivered":
                found.setdefault(document["delivery_id"], dynamodb.written_ms(place))
    return found


def delivered_means_accepted(done: AutomationRun) -> None:
    """I-08: what is noted as delivered was answered 2xx by its receiver, and by nothing else."""
    accepted = {each.message_id for each in done.requests if 200 <= each.status < 300}
    delivered = {each["delivery_id"] for each in done.items("DELIVERY") if _arrived(each)}
    assert delivered <= accepted, f"not accepted by anybody: {sorted(delivered - accepted)}"


def _arrived(delivery: Mapping[str, Any]) -> bool:
    return bool(delivery["state"] == "delivered")


def a_disabled_endpoint_is_left_alone(done: AutomationRun) -> None:
    """I-09: nothing is posted to an endpoint while it is disabled.

    Workers who slept before their post are excused: it was admitted before.
    """
    if done.schedule.kinds & OVERLAPPING:
        return
    closed = _closed(done)
    for each in done.requests:
        for since_ms, until_ms in closed[each.host]:
            late = since_ms + UNDER_WAY_MS < each.at_ms < until_ms
            assert not late, f"{each.host} was posted to while it was disabled"


def _closed(done: AutomationRun) -> dict[str, list[tuple[int, float]]]:
    """Return from when until when each host's endpoint was disabled, in ms."""
    dynamodb = done.world.dynamodb
    closed: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, record in enumerate(dynamodb.stream_records()):
        image = record["dynamodb"].get("NewImage", {})
        if not record["dynamodb"]["Keys"]["sk"]["S"].startswith("ENDPOINT#") or not image:
            continue
        endpoint, at_ms = to_document(image), dynamodb.written_ms(place)
        spans = closed[host_of(endpoint["endpoint_id"])]
        is_closed = bool(spans) and spans[-1][1] == float("inf")
        if endpoint["status"] == "disabled" and not is_closed:
            spans.append((at_ms, float("inf")))
        elif endpoint["status"] == "enabled" and is_closed:
            spans[-1] = (spans[-1][0], at_ms)
    return closed


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


def nobody_is_named_in_a_log(done: AutomationRun) -> None:
    """I-16, I-18: no email, no name and no secret is in what the Lambdas have said."""
    secrets = [SIGNING_SECRET, *done.deployment.secrets.values()]
    for canary in ("@example.com", "Ada", "Lovelace", *secrets):
        assert canary not in done.said, f"{canary} was logged"


LAWS: tuple[Callable[[AutomationRun], None], ...] = (
    every_transition_fires_once,
    a_firing_has_one_webhook,
    every_webhook_is_signed,
    attempts_keep_the_schedule,
    delivered_means_accepted,
    a_disabled_endpoint_is_left_alone,
    the_bus_tells_the_story,
    nothing_is_left,
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
