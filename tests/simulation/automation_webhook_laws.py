"""The laws of webhooks in time: signed, neither early nor late, and given up last of all.

A post is what its worker began, seen or not by a receiver. What excuses one are faults that were
met when it could feel them (`automation_met`), never those that were planned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
import standardwebhooks.webhooks
from standardwebhooks import Webhook, WebhookVerificationError

from shared.adapters.documents import to_document
from tests.simulation.automation_met import AFTERMATH_MS
from tests.simulation.automation_run import AutomationRun
from tests.simulation.automations import host_of
from tests.simulation.endpoint_servers import Received, Tried

# Queues count in seconds.
ROUNDING_MS = 1_000
# What the README promises to receivers, written down here once more: the seconds before each
# attempt, a tenth more or less, and the days within which the last one begins.
WAITS_S = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS_MAX = len(WAITS_S)
JITTER = 0.1
LIFE_MAX_MS = 5 * 86_400_000
# A post takes 15 seconds at most, and one that had begun before its endpoint was disabled ends
# within this time; the clock's function comes every minute.
UNDER_WAY_MS = 60_000
LATE_MS = 90_000
# What a receiver that throttles asks for.
PATIENCE_MS = 120_000
# By how much a fault may put off what comes next: the longest backoff and a visibility timeout.
FAULT_MS = 900_000 + 360_000
# An endpoint that fails is left alone for a quarter of an hour, and whoever comes meanwhile comes
# back within twice that.
PAUSE_MS = 1_800_000
# As far as two readings of clocks that jump may be apart.
SKEW_MS = 100_000
# With these, a worker may post what another one has posted meanwhile.
OVERLAPPING = frozenset({"zombie", "pause", "interleave", "switch"})
# Manners with which a receiver has taken what it was sent.
WELL = frozenset({"ok", "body", "slow", "cut_off"})


def every_webhook_is_signed(done: AutomationRun) -> None:
    """I-08: the public library of Standard Webhooks accepts each attempt when it arrives.

    A worker that slept before its post is late, and its receiver may say so; it is still genuine.
    """
    for each in done.requests:
        sent_ms = int(each.headers["webhook-timestamp"]) * 1000
        slept = done.met.before(each.at_ms, OVERLAPPING)
        problem = _refusal(
            each, done.deployment.secrets[each.host], sent_ms if slept else each.at_ms
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
    closed = _closed(done)
    for message_id, tries in done.tries().items():
        _ends_with_success(done, tries, recorded.get(message_id))
        rounds = 2 if message_id in done.held else 1
        excused = done.met.felt(tries[0].at_ms, tries[-1].at_ms)
        assert len(tries) <= rounds * ATTEMPTS_MAX + excused, f"{len(tries)} attempts"
        for number, (one, two) in enumerate(_open(tries, closed), 1):
            if done.met.felt(one.at_ms, two.at_ms):
                continue
            # An attempt that nobody could record is made again: it is not counted.
            lost = done.met.felt(tries[0].at_ms, one.at_ms)
            wait = WAITS_S[min(max(1, number - lost), ATTEMPTS_MAX - 1)] * 1000 * (1 - JITTER)
            # What is put off again and again is tried for the last time when its life ends.
            left = tries[0].at_ms + LIFE_MAX_MS - one.at_ms
            waited = two.at_ms - one.at_ms
            least = min(wait, left) - ROUNDING_MS - _skew(done)
            assert waited >= least, f"{message_id}: attempt {number + 1} after {waited} ms"


def _ends_with_success(done: AutomationRun, tries: Sequence[Tried], done_ms: int | None) -> None:
    for each in tries:
        late = done_ms is not None and each.at_ms > done_ms
        excused = late and done.met.before(each.at_ms, OVERLAPPING)
        assert excused or not late, f"{each.message_id} was posted after it had been delivered"


def webhooks_come_in_time(done: AutomationRun) -> None:
    """I-08, I-20: no attempt comes later than its wait, or what its receiver has asked for.

    Faults that were met meanwhile may put it off, each by a backoff; and others that failed at the
    same endpoint, each by a pause. What lay among the dead letters came when a person had it come.
    """
    closed = _closed(done)
    made = {each["delivery_id"]: each for each in done.items("DELIVERY")}
    for message_id, tries in done.tries().items():
        delivery = made[message_id]
        if done.parked & {message_id, delivery["firing_id"]}:
            continue
        begun = Tried(delivery["created"], tries[0].host, message_id)
        for number, (one, two) in enumerate(_open([begun, *tries], closed)):
            waited = two.at_ms - one.at_ms
            most = _longest(done, number, one, two)
            assert waited <= most, f"{message_id}: attempt {number + 1} after {waited} ms"


def _longest(done: AutomationRun, number: int, one: Tried, two: Tried) -> float:
    """Return how long the attempt after `number` others may be waited for, in ms."""
    first, then = done.schedule.setup.endpoints[one.host.partition(".")[0]]
    asked = PATIENCE_MS if "throttled" in (*first, then) else 0
    wait = max(WAITS_S[min(number, ATTEMPTS_MAX - 1)] * 1000 * (1 + JITTER), asked)
    others = [
        each.at_ms
        for each in done.deployment.internet.tried
        if each.host == one.host and each.message_id != one.message_id and each.at_ms < two.at_ms
    ]
    pauses = 1 + sum(at_ms >= one.at_ms for at_ms in others) if others else 0
    faults = done.met.felt(one.at_ms, two.at_ms)
    return wait + LATE_MS + _skew(done) + pauses * PAUSE_MS + faults * FAULT_MS


def _open(
    tries: Sequence[Tried], closed: Mapping[str, list[tuple[int, float]]]
) -> Iterator[tuple[Tried, Tried]]:
    """Yield every two attempts in a row until their endpoint is disabled."""
    until_ms = min((since_ms for since_ms, _ in closed[tries[0].host]), default=float("inf"))
    for one, two in pairwise(tries):
        if two.at_ms > until_ms:
            return
        yield one, two


def _skew(done: AutomationRun) -> int:
    return SKEW_MS if done.met.all(("clock_jump",)) else 0


def a_delivery_is_given_up_last(done: AutomationRun) -> None:
    """I-08: dead is what was tried ten times on record, or for five days; gone what a 410 ended."""
    tries, life = done.tries(), LIFE_MAX_MS - LATE_MS - _skew(done)
    gone = {each.message_id for each in done.requests if each.status == 410}
    for delivery in done.items("DELIVERY"):
        identity, rows = delivery["delivery_id"], delivery["attempts"]
        begun = len(tries.get(identity, ()))
        assert len(rows) <= begun, f"{identity}: {len(rows)} attempts on record, {begun} made"
        if delivery["state"] == "dead":
            lived = rows[-1]["at"] - rows[0]["at"]
            tried = f"{identity} is dead after {len(rows)} attempts in {lived} ms"
            assert len(rows) >= ATTEMPTS_MAX or lived >= life, tried
        assert delivery["state"] != "gone" or identity in gone, f"{identity} is gone, without 410"


def a_receiver_that_gets_well_is_told(done: AutomationRun) -> None:
    """I-08: whoever refuses fewer attempts than there are and is well then has what was sent.

    And what a receiver has taken is known to have arrived, unless its answer was lost.
    """
    tries = done.tries()
    taken = [each for each in done.requests if 200 <= each.status < 300]
    for delivery in done.items("DELIVERY"):
        if delivery["state"] == "delivered":
            continue
        identity, endpoint_id = delivery["delivery_id"], delivery["endpoint_id"]
        first, then = done.schedule.setup.endpoints[endpoint_id]
        began_ms = min((each.at_ms for each in tries.get(identity, ())), default=0)
        misses = len(first) + done.met.count(began_ms - AFTERMATH_MS, done.world.clock())
        well = then in WELL and misses < ATTEMPTS_MAX
        assert not well, f"{identity} is {delivery['state']}, though {endpoint_id} got well"
        for each in taken:
            lost = done.met.felt(each.at_ms, each.at_ms)
            known = each.message_id != identity or lost
            assert known, f"{identity} is {delivery['state']}, though it was taken"


def a_disabled_endpoint_is_left_alone(done: AutomationRun) -> None:
    """I-09: nothing is posted to an endpoint while it is disabled.

    Workers who slept before their post are excused: it was admitted before.
    """
    closed = _closed(done)
    for each in done.deployment.internet.tried:
        for since_ms, until_ms in closed[each.host]:
            late = since_ms + UNDER_WAY_MS < each.at_ms < until_ms
            excused = late and done.met.before(each.at_ms, OVERLAPPING)
            assert excused or not late, f"{each.host} was posted to while it was disabled"


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
