"""The laws of what providers tell: each genuine notice counts once, whatever its API is like.

A run must come to what the same notices come to in order, which in turn is the story's own truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.adapters.aws import AwsError
from shared.domain.errors import Retryable
from shared.domain.ports import Name
from shared.providers.catalogue import PROVIDERS
from tests.simulation.judging import hold
from tests.simulation.oracle import Outcome, differences, without
from tests.simulation.providers_doors import SIGNING_SECRET, WEBHOOK_ID
from tests.simulation.providers_run import ProvidersRun, expected
from tests.simulation.providers_stack import CALLER
from tests.simulation.providers_stories import LATER_MS, Notice, Story
from tests.simulation.world import World
from tests.support.stripe_answers import SECRET_KEY

_REFUSALS = (401, 503)
_CANARIES = ("@example.com", "Ada", "Lovelace", "Grace", SIGNING_SECRET, WEBHOOK_ID, SECRET_KEY)


def judge(done: ProvidersRun) -> ProvidersRun:
    """Hold a run to the laws; return it. Raise LawBroken."""
    return hold(done, LAWS)


def every_notice_counts_once(done: ProvidersRun) -> None:
    """I-02, I-03, I-23: what was answered 2xx is recorded or refused, and nothing else is."""
    accepted = {name for each in done.stack.accepted if (name := marker_of(each)) is not None}
    live = {name for name in done.events if not name[2].startswith("fetch_")}
    rows = done.found.quarantine
    refused = {("event", row["connection_id"], row["event_id"], row["event_type"]) for row in rows}
    lost = accepted - live - refused
    assert not lost, f"lost: {sorted(lost)}"
    wanted = {n for n in expected(done.schedule.story).events if not n[2].startswith("fetch_")}
    assert live == wanted, f"never sent, or given up: {sorted(live ^ wanted)}"
    assert not rows, f"refused: {sorted((row['code'], row['reason']) for row in rows)}"


def marker_of(notice: Notice) -> Name | None:
    """Return the name of the event a notice is recorded as; None where receipt is part of it."""
    if notice.provider == "api":
        return None
    headers = getattr(notice.event, "meaning", {})
    parsed = PROVIDERS[notice.provider].parse(notice.event.body, headers)
    return ("event", notice.connection_id, parsed.event_id, parsed.event_type)


def nobody_else_is_let_in(done: ProvidersRun) -> None:
    """I-01: whoever proves nothing is refused, and where nothing can be proved now as well."""
    assert set(done.stack.strangers) <= set(_REFUSALS), f"answered {done.stack.strangers}"


def the_outcome_is_that_of_a_run_in_order(done: ProvidersRun) -> None:
    """Laws (a) and (b) of the design, I-04, I-05 and I-12, with every provider."""
    story = done.schedule.story
    wanted = expected(story).found
    found = list(differences(untimely(done.found, story), untimely(wanted, story)))
    assert not found, "; ".join(found)


def untimely(found: Outcome, story: Story) -> Outcome:
    """Return an outcome without what is of the time at which an API was asked.

    Those are the passages it has told of, and when the store last touched a record.
    """
    if not story.asks:
        return found
    histories = {
        name: [told for told in history if told[0] < story.begins_ms - LATER_MS // 2]
        for name, history in found.histories.items()
    }
    return replace(found, histories=histories, records=without(found, "store_modified_date"))


def what_is_to_be_confirmed_is(done: ProvidersRun) -> None:
    """I-01: an event that its provider's API has to confirm counts when it has, then for good."""
    wanted = expected(done.schedule.story).events
    found = {
        name: (event["outcome"], wanted[name]["outcome"])
        for name, event in done.events.items()
        if name in wanted and event["outcome"] != wanted[name]["outcome"]
    }
    assert not found, f"is and should be: {found}"


def nothing_is_left(done: ProvidersRun) -> None:
    """I-20: no message waits, and none lies among the dead letters after their redrive."""
    nothing_waits(done.world)


def nothing_waits(world: World) -> None:
    """Raise AssertionError where a queue holds a message, or a function failed unexpectedly."""
    left = {name: len(queue.messages) for name, queue in world.sqs.queues.items()}
    assert not any(left.values()), f"left: {left}"
    for host in world.hosts:
        # A provider that is busy, or AWS, may be tried again; nothing else is to fail there.
        passing = (Retryable, AwsError) if host.name == CALLER else ()
        raised = [error for error in host.errors if not isinstance(error, passing)]
        assert not raised, f"{host.name} raised {raised}"


def nobody_is_named_in_a_log(done: ProvidersRun) -> None:
    """I-18: no email, no name and no secret is in what the Lambdas have said."""
    named = [canary for canary in _CANARIES if canary in done.said]
    assert not named, f"{named} were logged"


LAWS: tuple[Callable[[ProvidersRun], None], ...] = (
    every_notice_counts_once,
    nobody_else_is_let_in,
    the_outcome_is_that_of_a_run_in_order,
    what_is_to_be_confirmed_is,
    nothing_is_left,
    nobody_is_named_in_a_log,
)
