"""The law of automations that come, go and are edited while changes come in.

Each of them shadows one that is always there and has the same trigger: whenever the bus tells that
this one fires for a change, the change was looked at, and so is known what must have held then.
A function keeps what it has read of the configuration for a minute. So what was effective all
through the minute before a change was looked at has fired; what was not, all the while it may have
been looked at, has not; and in between it may be either way, which is all the slack there is. What
was written before an automation was made never sets it off, however late it is looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tests.simulation.automation_met import AFTERMATH_MS
from tests.simulation.automation_oracle import facts_of_firings, facts_of_webhooks
from tests.simulation.automation_run import AutomationRun
from tests.simulation.automations import RUN
from tests.simulation.deeds import CONTROL

CACHE_MS = 60_000
# Between the look and what is told of it, where nothing goes wrong.
BETWEEN_MS = 5_000
# The stream tells times in whole seconds.
GRAIN_MS = 1_000
# As far as two readings of clocks that jump may be apart.
SKEW_MS = 100_000

Change = tuple[str, str]  # a subscription, and when it changed


def what_is_effective_fires(done: AutomationRun) -> None:
    """I-07: automations fire for what is looked at while they are effective, and for nothing else.

    Receivers were told the same.
    """
    looks, writings = _looks(done), _writings(done)
    for automation_id, log in done.deployment.changed.items():
        rows = [each for each in done.firings() if each["automation_id"] == automation_id]
        fired = {_change(each) for each in rows}
        assert len(fired) == len(rows), f"{automation_id} fired twice for a change"
        unseen = fired - looks.keys()
        assert not unseen, f"{automation_id} fired for what was no change: {sorted(unseen)}"
        for change, times in looks.items():
            wanted = _wanted(done, log, times)
            made = log[0][0]
            if any(at_ms < made for at_ms in writings[change]):
                old = all(at_ms + GRAIN_MS <= made for at_ms in writings[change])
                wanted = False if old else None
            told = f"{automation_id} for {change}, looked at {times}; effective: {log}"
            assert wanted is None or wanted == (change in fired), told
        posted = [each for each in done.requests if _is_of(each.body, automation_id)]
        assert facts_of_webhooks(posted) == facts_of_firings(rows), f"{automation_id}: not as told"


def _looks(done: AutomationRun) -> dict[Change, list[int]]:
    """Return when each change was looked at for the automation that is always there.

    That is done by the stream's reader; what is told again by others was not looked at again.
    """
    found: dict[Change, list[int]] = defaultdict(list)
    for event in done.world.events.taken:
        detail = event.detail
        if event.by == RUN or event.detail_type != "automation.fired":
            continue
        if detail["automation_id"] == CONTROL:
            found[_key(detail["store_recurring_payment_id"], detail["firing_id"])].append(
                event.at_ms
            )
    return found


def _writings(done: AutomationRun) -> dict[Change, list[int]]:
    """Return when each change was written, and amended."""
    found: dict[Change, list[int]] = defaultdict(list)
    for record_id, entry, at_ms in done.writings():
        found[record_id, f"{max(0, entry.at):015d}"].append(at_ms)
    return found


def _change(firing: dict[str, object]) -> Change:
    record = firing["recurring_payment"]
    assert isinstance(record, dict)
    return _key(record["store_recurring_payment_id"], str(firing["firing_id"]))


def _key(subscription: str, firing_id: str) -> Change:
    """Firings of one change have ids that begin with its time and differ by automation."""
    return subscription, firing_id.partition("-")[0]


def _wanted(
    done: AutomationRun, log: Sequence[tuple[int, bool]], times: Sequence[int]
) -> bool | None:
    """Return whether a change that was looked at then must have fired; None where it may have."""
    skew = SKEW_MS if done.met.all(("clock_jump",)) else 0
    slack = CACHE_MS + BETWEEN_MS + skew
    for at_ms in times:
        since_ms = at_ms - slack - (AFTERMATH_MS if done.met.before(at_ms) else 0)
        if _all_through(log, since_ms, at_ms, effective=True):
            return True
    # What a fault has interrupted was looked at before, and is looked at afterwards.
    first, last = min(times), max(times)
    since_ms = first - slack - (AFTERMATH_MS if done.met.before(first) else 0)
    until_ms = last + (AFTERMATH_MS if done.met.all() else 0)
    given_up = done.given_up or done.dead
    return (
        False if not given_up and _all_through(log, since_ms, until_ms, effective=False) else None
    )


def _all_through(
    log: Sequence[tuple[int, bool]], since_ms: int, until_ms: int, *, effective: bool
) -> bool:
    """Tell whether it was so, and nothing else, in all that time."""
    before = next((was for at_ms, was in reversed(log) if at_ms <= since_ms), False)
    meanwhile = {is_so for at_ms, is_so in log if since_ms < at_ms <= until_ms}
    return {before, *meanwhile} == {effective}


def _is_of(body: bytes, automation_id: str) -> bool:
    return f'"automation":{{"id":"{automation_id}"'.encode() in body.replace(b" ", b"")
