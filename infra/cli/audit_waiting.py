"""What the queues and their dead letters hold, for an audit to compare.

Dead letters are looked at and let go again. What a queue still works on cannot be: it is counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from infra.cli.audit_balance import Waiting
from infra.cli.audit_kept import Receipts
from infra.cli.dead_letters import DeadLetters
from infra.cli.running import Running

_HIDDEN_SECONDS = 60


def events_waiting(
    running: Running, receipts: Receipts, now: int, unsettled_from: int | None
) -> Waiting:
    """Return what the queue of events and its dead letters hold; those stay where they are."""

    def told(body: str) -> Iterable[str]:
        receipt = receipts.of_message(body)
        return () if receipt is None else (receipt,)

    count = _count(running, "EventsQueueUrl")
    dead, unseen = _dead(running, "EventsDlqUrl", now, told)
    return Waiting(count, dead, unseen, unsettled_from)


def firings_waiting(running: Running, now: int) -> Waiting:
    """Return what the queue of automations holds, and what its dead letters are about."""

    def told(body: str) -> Iterable[str]:
        return _named(body, "firing_id", "delivery_id", "mail_id")

    count = _count(running, "AutomationsQueueUrl")
    return Waiting(count, *_dead(running, "AutomationsDlqUrl", now, told))


def still_asked(running: Running, now: int) -> Waiting:
    """Return what providers were to be asked for and will be by a redrive, by its id."""
    return Waiting(0, *_dead(running, "CallsDlqUrl", now, lambda body: _named(body, "id")))


def given_up(running: Running) -> int:
    """Return how many batches of changes the readers of the table's stream have given up on."""
    return DeadLetters(running.aws.sqs, running.outputs["StreamDlqUrl"]).lying()


def _count(running: Running, output: str) -> int:
    names: Any = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    url = running.outputs[output]
    told = running.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(map(int, told["Attributes"].values()))


def _dead(
    running: Running, output: str, now: int, told: Callable[[str], Iterable[str]]
) -> tuple[frozenset[str], int]:
    """Return what dead letters tell of themselves, and how many could not be looked at."""
    letters = DeadLetters(running.aws.sqs, running.outputs[output])
    lying = letters.lying()
    if not lying:
        return frozenset(), 0
    seen, names = 0, set[str]()
    try:
        for letter in letters.take(before=now, limit=None, seconds=_HIDDEN_SECONDS):
            seen += 1
            names.update(told(letter.body))
    finally:
        letters.let_go()
    return frozenset(names), max(0, lying - seen)


def _named(body: str, *keys: str) -> Iterator[str]:
    """Yield the ids that a message is about."""
    try:
        said = json.loads(body)
    except ValueError:
        return
    if isinstance(said, dict):
        yield from (str(said[key]) for key in keys if said.get(key))
