"""When a delivery is attempted again, and when that ends: ten attempts over about 75 hours.

The waits are those of Standard Webhooks. Each is counted from the attempt before it, not from the
first: after an outage of our own, attempts that are overdue must not come in a burst. Nothing here
looks at an endpoint's other deliveries; whether it may be called at all is `endpoint_health`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from shared.domain import times
from shared.domain.times import HOUR, MINUTE, SECOND

# The wait before each attempt.
WAITS = (
    0,
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
ATTEMPTS_MAX = len(WAITS)
# A tenth to either side: what failed together does not come back together.
JITTER = 0.1
RETRY_AFTER_MAX = 24 * HOUR
# However much an endpoint asks for patience, its last attempt begins within this time.
LIFE_MAX = 5 * times.DAY

Meaning = Literal["delivered", "gone", "throttled", "failed"]
Outcome = Literal["delivered", "retry", "exhausted", "disable"]

_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
# The three forms of RFC 9110; the first is the one in use.
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")


class Decision(NamedTuple):
    """What becomes of a delivery after an attempt; `retry_at` (ms) is set for `retry` alone."""

    outcome: Outcome
    retry_at: int | None = None


def meaning(status: int, fault: str) -> Meaning:
    """Return what an endpoint said by `status`, or by the `fault` that left us without one.

    A redirect is a failure: following it would send signed data where nobody agreed to.
    """
    if fault or not status:
        return "failed"
    if 200 <= status < 300:
        return "delivered"
    if status == 410:
        return "gone"
    return "throttled" if status in (429, 502, 504) else "failed"


def decide(
    *,
    status: int,
    fault: str,
    attempt: int,
    first_attempt_at: int,
    now: int,
    random: Callable[[], float],
    retry_after: str = "",
) -> Decision:
    """Return what follows on attempt number `attempt` (the first is 1), which ended at `now`.

    `retry_after` is the header as it came; it puts the next attempt off, never forward.
    """
    said = meaning(status, fault)
    if said == "delivered":
        return Decision("delivered")
    if said == "gone":
        return Decision("disable")
    last_moment = first_attempt_at + LIFE_MAX
    if attempt >= ATTEMPTS_MAX or now >= last_moment:
        return Decision("exhausted")
    jitter = 1 - JITTER + 2 * JITTER * random()
    wait = max(round(WAITS[attempt] * jitter), patience(retry_after, now))
    return Decision("retry", min(now + wait, last_moment))


def patience(retry_after: str, now: int) -> int:
    """Return the ms that a `Retry-After` asks for, 0 to 24 h; 0 where it says nothing we know."""
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return min(int(text) * SECOND, RETRY_AFTER_MAX)
    for form in _DATES:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return min(max(0, int(moment.timestamp()) * SECOND - now), RETRY_AFTER_MAX)
    return 0
