"""The person who is told of dead letters: within a day what was wrong is mended, then redriven.

Queues keep letters for fourteen days, and the stream its records for one, while stories go on for
months: what nobody sees to until the end is lost. Whatever is redriven may meet the same faults
again, and be given up anew.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.sqs.message import Message

HOUR_MS = 3_600_000
# How long a letter lies there until somebody sees to it. A note of the stream, whose records may be
# twenty hours old, cannot wait as long; where it fails, somebody tries again an hour later.
LETTER_MS, NOTE_MS = 24 * HOUR_MS, HOUR_MS
_IN_A_ROW = 10
_NOTES = "stream-dead"


class Person:
    """Stands among the hosts, for it acts when something is there; nothing waits for it."""

    name = "person"
    hold_ms = 0

    def __init__(
        self,
        sqs: FakeSQS,
        clock: Callable[[], int],
        release: Callable[[], object],
        is_calm: Callable[[], bool],
    ) -> None:
        """`release` deploys a mended release; `is_calm` tells that no fault is to come."""
        self.errors: list[Exception] = []
        self.invocations = 0
        # What was redriven, in order, as it lay there.
        self.letters: list[Message] = []
        # How many notes of the stream were redriven, and how that is done where there is a stream.
        self.notes = 0
        self.redrive_stream: Callable[[], int] | None = None
        self._is_busy = False
        self._tried_ms = 0
        self._sqs = sqs
        self._clock = clock
        self._release = release
        self._is_calm = is_calm
        queues = sqs.queues.values()
        self._queues = [(each, each.dead_letters) for each in queues if each.dead_letters]

    def next_due_ms(self) -> int | None:
        """Return when somebody has seen to what there is, None where there is nothing.

        Once nothing goes wrong any more, what has to come to rest by itself is waited for first.
        """
        if self._is_calm():
            return None
        letters = [m.visible_at_ms for _, dead in self._queues for m in dead.messages.values()]
        dues = [min(letters) + LETTER_MS] if letters else []
        notes = self._notes()
        if notes:
            dues.append(max(min(notes), self._tried_ms) + NOTE_MS)
        return max(self._clock(), min(dues)) if dues and not self._is_busy else None

    def _notes(self) -> list[int]:
        """Return when the stream left the notes there are, where somebody can redrive them."""
        queue = self._sqs.queues.get(_NOTES)
        if queue is None or self.redrive_stream is None:
            return []
        return [note.visible_at_ms for note in queue.messages.values()]

    def invoke_once(self) -> None:
        """Mend what was wrong and redrive all there is."""
        self._release()
        self.redrive()
        if self._notes() and self.redrive_stream is not None:
            self._is_busy, self._tried_ms = True, self._clock()
            try:
                # Whoever reads that it failed runs the same command again.
                for _ in range(_IN_A_ROW):
                    self.redrive_stream()
                    if not self._notes():
                        break
            finally:
                self._is_busy = False

    def redrive(self) -> int:
        """Redrive the letters of all queues; return how many there were."""
        before = len(self.letters)
        for queue, dead in self._queues:
            dead.expire()
            self.letters += dead.messages.values()
            self._sqs.redrive(queue.spec.name)
        return len(self.letters) - before

    def waiting(self) -> tuple[str, int]:
        """Return that nothing waits: a letter is seen to when all else has come to rest."""
        return self.name, 0

    def lapse(self) -> None:
        """Nobody else is there to take over."""

    def restart(self) -> None:
        """A person keeps what it knows."""
