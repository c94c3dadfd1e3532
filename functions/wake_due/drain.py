"""Draining the due-index: send, then delete; bounded, and safe to be cut off anywhere.

What is sent twice, because we died before the delete, its receiver knows by its turn. What falls
due before the next minute is sent now with a delay, so that nothing waits for the clock. One part
of the index that cannot be read does not keep the others from being drained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from shared.adapters.aws import AwsError
from shared.domain import times
from shared.domain.errors import PaysignalError, Retryable
from shared.domain.ports import DueIndex, Write

# The schedule comes every minute; a little more than that leaves no gap.
AHEAD = 65 * times.SECOND
_AT_ONCE = 10


class Sender(Protocol):
    """What waking asks of the queue."""

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        """Put up to ten messages on the queue, each after so many seconds."""


def drain(
    *,
    index: DueIndex,
    shards: int,
    queue: Sender,
    urls: Mapping[str, str],
    clock: Callable[[], int],
    until: int,
    log: Callable[..., None],
) -> int:
    """Wake what is due, in turn from each part of the index, until `until` (ms) at the latest.

    `urls` are the queues by the name a message gives under `to`; without one it is "automations".
    Return how many were woken. Raise Retryable at the end where a part could not be drained.
    """
    left, failed, woken = list(range(shards)), 0, 0
    while left and clock() < until:
        for shard in list(left):
            try:
                found = _some(index, shard, queue, urls, clock())
            except (PaysignalError, AwsError) as error:
                log("wake_failed", shard=shard, reason=str(error))
                found, failed = 0, failed + 1
            woken += found
            if found < _AT_ONCE:
                left.remove(shard)
    log("woken", count=woken, left=len(left))
    if failed:
        raise Retryable("a part of the due-index could not be drained")
    return woken


def _some(index: DueIndex, shard: int, queue: Sender, urls: Mapping[str, str], now: int) -> int:
    """Wake up to ten of one part; return how many."""
    found = index.due(shard, now + AHEAD, _AT_ONCE)
    if not found:
        return 0
    calls: dict[str, list[tuple[Mapping[str, Any], int]]] = {}
    for _, each in found:
        message = dict(each["message"])
        delay = max(0, -(-(each["when"] - now) // times.SECOND))
        calls.setdefault(urls[message.pop("to", "automations")], []).append((message, delay))
    for url, some in calls.items():
        queue.send_calls(url, some)
    index.commit([Write(name, None, None) for name, _ in found])
    return len(found)
