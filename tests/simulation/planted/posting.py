"""Bugs of what is posted to endpoints: bodies, signatures, attempts, endpoints that are down."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from functions.process_events.process_batch import RECEIVES_MAX
from functions.run_automations.deliver import Deliver
from functions.run_automations.process_batch import Batch, Record
from shared.adapters import table, table_writes
from shared.domain import deliveries, delivery_schedule, endpoint_health
from shared.domain.delivery_schedule import Decision
from shared.domain.ports import Document, Name

Message = Mapping[str, Any]


def body_rendered_at_each_attempt(patch: pytest.MonkeyPatch) -> None:
    """Write the body anew whenever it is sent."""
    prepare = Deliver.prepare

    def rendered(self: Deliver, message: Message, now: int, monotonic: float) -> Any:
        posting = prepare(self, message, now, monotonic)
        if posting is None or posting.headers is None:
            return posting
        body = posting.delivery["body"].replace(b'{"type"', b'{"sent":%d,"type"' % now, 1)
        delivery = {**posting.delivery, "body": body}
        return posting._replace(delivery=delivery, headers=self._headers(delivery, now, monotonic))

    patch.setattr(Deliver, "prepare", rendered)


def webhook_id_made_up(patch: pytest.MonkeyPatch) -> None:
    """Give a webhook a new id with each attempt, so that nobody can know it again."""
    numbers = itertools.count()
    headers = Deliver._headers

    def fresh(self: Deliver, delivery: Document, now: int, monotonic: float) -> Any:
        known = {**delivery, "delivery_id": f"msg_{next(numbers):032x}"}
        return headers(self, known, now, monotonic)

    patch.setattr(Deliver, "_headers", fresh)


def signed_once_for_all(patch: pytest.MonkeyPatch) -> None:
    """Sign the first attempt's time for ever: a later attempt is refused as a replay."""
    headers = Deliver._headers

    def first(self: Deliver, delivery: Document, now: int, monotonic: float) -> Any:
        return headers(self, delivery, delivery["created"], monotonic)

    patch.setattr(Deliver, "_headers", first)


def sent_again_after_success(patch: pytest.MonkeyPatch) -> None:
    """Attempt whatever a message asks for, delivered or not."""
    patch.setattr(Deliver, "_is_due", lambda *_: True)


def redirect_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    """Take any answer but an error for a success, a redirect among them."""
    meaning = delivery_schedule.meaning

    def lenient(status: int, fault: str) -> Any:
        return "delivered" if 300 <= status < 400 and not fault else meaning(status, fault)

    for module in (delivery_schedule, deliveries, endpoint_health):
        patch.setattr(module, "meaning", lenient)


def no_answer_taken_for_the_end(patch: pytest.MonkeyPatch) -> None:
    """Try no more where no connection came about, as if only answers could be tried again."""
    decide = delivery_schedule.decide

    def final(*, status: int, fault: str, **about: Any) -> Decision:
        if not status:
            return Decision("exhausted")
        return decide(status=status, fault=fault, **about)

    patch.setattr(deliveries, "decide", final)


def any_refusal_taken_for_the_end(patch: pytest.MonkeyPatch) -> None:
    """Try no more after any answer but a success, as if all of them were meant for ever."""
    decide = delivery_schedule.decide

    def final(*, status: int, fault: str, **about: Any) -> Decision:
        decided = decide(status=status, fault=fault, **about)
        return Decision("exhausted") if status and decided.outcome == "retry" else decided

    patch.setattr(deliveries, "decide", final)


def waits_thirty_times_too_long(patch: pytest.MonkeyPatch) -> None:
    """Wait thirty times as long as was promised before each attempt, until its life ends."""
    waits = tuple(30 * each for each in delivery_schedule.WAITS)
    patch.setattr(delivery_schedule, "WAITS", waits)


def attempts_not_counted(patch: pytest.MonkeyPatch) -> None:
    """Forget how often was tried, and try again after a minute."""
    attempted = deliveries.attempted

    def forgetful(delivery: Document, **about: Any) -> dict[str, Any]:
        told = attempted(delivery, **about)
        if told["state"] == "pending" and len(told["attempts"]) < 20:
            told |= {"tries": 0, "next_at": about["now"] + 60_000}
        return told

    patch.setattr(deliveries, "attempted", forgetful)


def died_in_the_post(patch: pytest.MonkeyPatch) -> None:
    """Take an attempt whose worker has died for one that is under way, and leave it at that."""
    admitted = Deliver._admitted

    def trusting(
        self: Deliver, delivery: Document, endpoint: Any, stored: Any, now: int, *more: Any
    ) -> Any:
        attempt_id = f"{delivery['delivery_id']}.{delivery['turn']}"
        if (stored or {}).get("leases", {}).get(attempt_id, 0) > now:
            return None
        return admitted(self, delivery, endpoint, stored, now, *more)

    patch.setattr(Deliver, "_admitted", trusting)


def endpoints_share_a_cap(patch: pytest.MonkeyPatch) -> None:
    """Keep one health for all endpoints: a dead one closes the way to the others."""

    def shared(name: Name) -> tuple[str, str]:
        return key_of(("health", "all") if name[0] == "health" else name)

    key_of = table.key_of
    patch.setattr(table, "key_of", shared)
    patch.setattr(table_writes, "key_of", shared)


def held_firings_dropped(patch: pytest.MonkeyPatch) -> None:
    """Keep nothing of what a disabled endpoint should have been sent."""
    patch.setattr(deliveries, "held", deliveries.gone)


def disabled_endpoint_posted_to(patch: pytest.MonkeyPatch) -> None:
    """Go on posting to an endpoint that was disabled."""
    admitted = Deliver._admitted

    def regardless(
        self: Deliver, delivery: Document, endpoint: Any, stored: Any, *more: Any
    ) -> Any:
        sound = {n: v for n, v in (stored or {}).items() if n not in ("disabled_at",)}
        opened = endpoint and {**endpoint, "status": "enabled"}
        return admitted(self, delivery, opened, sound or None, *more)

    patch.setattr(Deliver, "_admitted", regardless)


def done_is_reported_failed(patch: pytest.MonkeyPatch) -> None:
    """Report a run that was carried out as failed, until SQS puts it among the dead letters."""
    handle = Batch.handle
    told: Counter[str] = Counter()

    def reported(self: Batch, records: Sequence[Record]) -> dict[str, list[dict[str, str]]]:
        answer = handle(self, records)
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for record in records:
            told[record["body"]] += '"kind":"run"' in record["body"]
            if 0 < told[record["body"]] <= RECEIVES_MAX:
                failed.add(record["messageId"])
        return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(failed)]}

    patch.setattr(Batch, "handle", reported)
