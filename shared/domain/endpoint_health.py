"""How an endpoint fares: how many may call it at once, when to leave it alone, when to give it up.

One small dict per endpoint (`{}` is a new or sound one), changed by `admit` before an attempt and
by `settle` after it; both are pure and return a new dict. A dead endpoint then holds no more than
a few workers for a few seconds: its circuit opens, and one probe at a time finds out whether it is
back. A delivery that is not admitted is put off, not attempted: it keeps its attempts. After five
days of failures alone the endpoint is disabled, and its firings are held, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypedDict

from shared.domain.delivery_schedule import meaning
from shared.domain.times import DAY, HOUR, MINUTE, SECOND

CONCURRENCY_MAX = 8
# Longer than an attempt can take; a worker that is silent for this long has died.
LEASE = 30 * SECOND
TROUBLES_TO_OPEN = 5
PAUSE_MIN = 30 * SECOND
PAUSE_MAX = 15 * MINUTE
RETRY_AFTER_PAUSE_MAX = HOUR
BUSY_WAIT_MIN = 2 * SECOND
BUSY_WAIT_MAX = 2 * MINUTE

FAILURES_TO_START_CLOCK = 3
SPAN_TO_START_CLOCK = 12 * HOUR
DISABLED_AFTER = 5 * DAY
WARNINGS = (90, 70, 50)

Circuit = Literal["closed", "open", "half_open"]
Reason = Literal["", "busy", "circuit_open", "disabled"]
Notice = Literal[
    "circuit_opened", "recovered", "failing_50", "failing_70", "failing_90", "disabled"
]
_WARNED: dict[int, Notice] = {50: "failing_50", 70: "failing_70", 90: "failing_90"}


class Health(TypedDict, total=False):
    """All that is remembered of an endpoint; times in ms, and nothing where all is well."""

    leases: dict[str, int]
    """Attempts under way, each with the time at which its worker is given up."""
    concurrency: int
    """How many attempts at once, where trouble has made it fewer than `CONCURRENCY_MAX`."""
    troubles: int
    """Consecutive attempts that found the endpoint down or overloaded."""
    paused_until: int
    pauses: int
    """Pauses since the endpoint last answered in peace; more make longer ones."""
    failures: int
    """Attempts since the last success; `failing_since` is when the first of them ended."""
    failing_since: int
    clock_since: int
    """When the five days began."""
    warned: int
    disabled_at: int
    disabled_for: Literal["failing", "gone"]


class Admission(NamedTuple):
    """Whether the attempt may begin; if not, when to ask again (None: not until it is enabled)."""

    admitted: bool
    health: Health
    reason: Reason = ""
    retry_at: int | None = None


class Settled(NamedTuple):
    """The endpoint after an attempt, and what its owner should hear of."""

    health: Health
    notices: tuple[Notice, ...] = ()


def circuit(health: Health, now: int) -> Circuit:
    """Return whether calls flow, are held back, or one may find out."""
    if not health.get("pauses"):
        return "closed"
    return "open" if now < health.get("paused_until", 0) else "half_open"


def admit(
    health: Health, attempt_id: str, now: int, random: Callable[[], float], deferrals: int = 0
) -> Admission:
    """Take a place for the attempt, if there is one; `settle` gives it back.

    `random` spreads those who have to wait, and who was put off before (`deferrals` times since
    its last attempt) waits longer: ten thousand must not all ask every two seconds.
    """
    if "disabled_at" in health:
        return Admission(False, health, "disabled")
    state = circuit(health, now)
    if state == "open":
        pause = health.get("paused_until", now) - now
        return Admission(False, health, "circuit_open", now + pause + round(pause * random()))
    leases = _alive(health, now)
    if attempt_id in leases:
        return Admission(False, health, "busy", leases[attempt_id])
    places = 1 if state == "half_open" else health.get("concurrency", CONCURRENCY_MAX)
    if len(leases) >= places:
        return Admission(False, health, "busy", now + _busy_wait(deferrals, random))
    return Admission(True, _with_leases(health, {**leases, attempt_id: now + LEASE}))


def settle(
    health: Health, attempt_id: str, *, status: int, fault: str, now: int, patience: int = 0
) -> Settled:
    """Return the endpoint after the attempt that ended at `now`.

    `patience` (ms) is what the answer's `Retry-After` asked for.
    """
    leases = _alive(health, now)
    leases.pop(attempt_id, None)
    known = _with_leases(health, leases)
    if "disabled_at" in known:
        return Settled(known)
    said = meaning(status, fault)
    if said == "delivered":
        return _succeeded(known)
    if said == "gone":
        return Settled(_disabled(known, "gone", now), ("disabled",))
    if not _is_trouble(status, fault):
        # It refuses what we say, but it is there: no reason to keep others waiting.
        return _failed(_at_peace(known), now)
    paused, notices = _troubled(known, said == "throttled", now, patience)
    after = _failed(paused, now)
    return Settled(after.health, notices + after.notices)


def _busy_wait(deferrals: int, random: Callable[[], float]) -> int:
    wait = min(BUSY_WAIT_MIN << min(deferrals, 10), BUSY_WAIT_MAX)
    return wait + round(wait * random())


def _is_trouble(status: int, fault: str) -> bool:
    return bool(fault) or not status or status >= 500 or status in (408, 425, 429)


def _alive(health: Health, now: int) -> dict[str, int]:
    return {name: end for name, end in health.get("leases", {}).items() if end > now}


def _with_leases(health: Health, leases: Mapping[str, int]) -> Health:
    changed: Health = {**health, "leases": dict(leases)}
    if not leases:
        del changed["leases"]
    return changed


def _succeeded(health: Health) -> Settled:
    sound: Health = {}
    if "leases" in health:
        sound["leases"] = health["leases"]
    # One more place with each success: an endpoint that comes back is not run over.
    places = health.get("concurrency", CONCURRENCY_MAX) + 1
    if places < CONCURRENCY_MAX:
        sound["concurrency"] = places
    told = health.get("troubles", 0) >= TROUBLES_TO_OPEN or "warned" in health
    return Settled(sound, ("recovered",) if told else ())


def _at_peace(health: Health) -> Health:
    calm: Health = {**health}
    calm.pop("troubles", None)
    calm.pop("paused_until", None)
    calm.pop("pauses", None)
    return calm


def _troubled(
    health: Health, throttled: bool, now: int, patience: int
) -> tuple[Health, tuple[Notice, ...]]:
    """Return the endpoint after a sign that it is down or has too much to do."""
    worse: Health = {**health, "troubles": health.get("troubles", 0) + 1}
    if throttled:
        worse["concurrency"] = max(1, health.get("concurrency", CONCURRENCY_MAX) // 2)
    dead = worse["troubles"] >= TROUBLES_TO_OPEN
    # Attempts that were under way when the pause began make it no longer.
    if circuit(health, now) == "open" or not (dead or patience):
        return worse, ()
    pauses = health.get("pauses", 0)
    pause = min(PAUSE_MIN << min(pauses, 10), PAUSE_MAX) if dead else 0
    worse["paused_until"] = now + max(pause, min(patience, RETRY_AFTER_PAUSE_MAX))
    worse["pauses"] = pauses + 1
    if dead:
        worse["concurrency"] = 1
    return worse, ("circuit_opened",) if worse["troubles"] == TROUBLES_TO_OPEN else ()


def _failed(health: Health, now: int) -> Settled:
    """Return the endpoint after one more failure in the unbroken row of them."""
    worse: Health = {**health, "failures": health.get("failures", 0) + 1}
    since = worse.setdefault("failing_since", now)
    if worse["failures"] >= FAILURES_TO_START_CLOCK and now - since >= SPAN_TO_START_CLOCK:
        worse.setdefault("clock_since", now)
    elapsed = now - worse.get("clock_since", now)
    if elapsed >= DISABLED_AFTER:
        return Settled(_disabled(worse, "failing", now), ("disabled",))
    share = elapsed * 100 // DISABLED_AFTER
    reached = next((percent for percent in WARNINGS if share >= percent), 0)
    if reached <= worse.get("warned", 0):
        return Settled(worse)
    worse["warned"] = reached
    return Settled(worse, (_WARNED[reached],))


def _disabled(health: Health, why: Literal["failing", "gone"], now: int) -> Health:
    ended: Health = {"disabled_at": now, "disabled_for": why}
    if "leases" in health:
        ended["leases"] = health["leases"]
    if "failing_since" in health:
        ended["failing_since"] = health["failing_since"]
    return ended
