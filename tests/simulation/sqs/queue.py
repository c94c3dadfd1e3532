"""One queue in virtual time: visibility, order, de-duplication, and the way to the dead letters.

FIFO: while a message of a group is in flight the group gives no other, a batch may carry several
of one group in order, and a repeated de-duplication id is swallowed for five minutes. Nothing
here is random: what a standard queue may do at will (reorder, deliver twice) happens when a fault
asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.simulation.sqs.message import Message, QueueSpec

DEDUPLICATION_MS = 5 * 60 * 1000


class Queue:
    """The messages of one queue, oldest first."""

    def __init__(self, spec: QueueSpec, clock: Callable[[], int]) -> None:
        self.spec = spec
        self.messages: dict[str, Message] = {}
        self.dead_letters: Queue | None = None
        # All messages in the order the queue took them in: the ground truth of oracles.
        self.accepted: list[Message] = []
        self._clock = clock
        self._in_flight: dict[str, Message] = {}
        self._seen: dict[tuple[str, str], tuple[int, Message]] = {}

    def send(self, message: Message) -> Message:
        """Take a message in, or return the one it repeats."""
        now = self._clock()
        if self.spec.fifo:
            scope = message.group if self.spec.deduplicates_per_group else ""
            key = (scope, message.deduplication_id)
            until_ms, original = self._seen.get(key, (0, message))
            if until_ms > now:
                return original
            self._seen[key] = (now + DEDUPLICATION_MS, message)
        self.accept(message)
        return message

    def accept(self, message: Message) -> None:
        """Put a message at the end of the queue, whatever came before it."""
        self.messages[message.message_id] = message
        self.accepted.append(message)

    def receive(self, limit: int, visibility_ms: int, start: int = 0) -> list[Message]:
        """Return up to `limit` messages and hide them for `visibility_ms`.

        `start` lets a standard queue begin further back: its order is only a courtesy.
        """
        now = self._clock()
        taken = []
        for message in self._candidates(now, start):
            if self._is_dead(message):
                self._bury(message)
                continue
            taken.append(message)
            if len(taken) == limit:
                break
        for message in taken:
            message.receive_count += 1
            message.received_ms = now
            message.first_received_ms = message.first_received_ms or now
            message.visible_at_ms = now + visibility_ms
            self._in_flight[message.message_id] = message
        return taken

    def _candidates(self, now: int, start: int) -> Iterator[Message]:
        self.expire()
        if self.spec.fifo:
            yield from self._first_of_groups(now)
            return
        visible = [message for message in self.messages.values() if message.visible_at_ms <= now]
        cut = start % len(visible) if visible else 0
        yield from visible[cut:] + visible[:cut]

    def _first_of_groups(self, now: int) -> Iterator[Message]:
        blocked = {message.group for message in self._in_flight.values()}
        for message in list(self.messages.values()):
            if message.visible_at_ms > now:
                blocked.add(message.group)
            elif message.group not in blocked:
                yield message

    def expire(self) -> None:
        """Forget what is no longer in flight, and what was kept for longer than the queue keeps."""
        now = self._clock()
        for message in list(self._in_flight.values()):
            if message.visible_at_ms <= now:
                del self._in_flight[message.message_id]
        retention_ms = self.spec.retention_seconds * 1000
        oldest_ms = now - retention_ms
        for message in [m for m in self.messages.values() if m.retained_from_ms <= oldest_ms]:
            self.remove(message)

    def _is_dead(self, message: Message) -> bool:
        limit = self.spec.max_receive_count
        return limit is not None and message.receive_count >= limit

    def _bury(self, message: Message) -> None:
        """Move a message to the dead letters: a standard one keeps its age, a FIFO one starts anew.

        In a FIFO queue of dead letters the message's id becomes its de-duplication id.
        """
        self.remove(message)
        if self.dead_letters is None:
            return
        message.source_arn = self.spec.arn
        message.visible_at_ms = self._clock()
        if self.spec.fifo:
            message.deduplication_id = message.message_id
            message.retained_from_ms = self._clock()
        self.dead_letters.messages[message.message_id] = message

    def remove(self, message: Message) -> None:
        """Take a message out of the queue for good."""
        self.messages.pop(message.message_id, None)
        self._in_flight.pop(message.message_id, None)

    def in_flight(self, message: Message) -> bool:
        """Say whether a message is with a receiver right now."""
        return message.receive_count > 0 and message.visible_at_ms > self._clock()

    def next_visible_ms(self) -> int | None:
        """Return when a message can be received at the earliest, or None for an empty queue."""
        if not self.messages:
            return None
        now = self._clock()
        self.expire()
        if next(self._candidates(now, 0), None) is not None:
            return now
        later = [m.visible_at_ms for m in self.messages.values() if m.visible_at_ms > now]
        return min(later, default=None)
