"""Events that one table has and another has not, sent through the queues once more.

A pass sends what is missing and waits; another one looks again, because some were still being
folded when the one table took the place of the other. What is there already changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from infra.cli import carried_configuration, carried_over
from infra.cli.carried_over import Since
from infra.cli.running import Running
from shared.adapters.aws import AwsClient
from shared.adapters.queue import Queue
from shared.adapters.table import Table

_PASSES_MAX = 5
_POLL_SECONDS = 1.0
# In polls: a stack that never rests is looked at all the same.
_PATIENCE = 600
_TOLD_EVERY = 60
_EVENTS_TOLD_EVERY = 1_000


class Refolding:
    """The events of `source` on their way into `target`."""

    def __init__(
        self,
        running: Running,
        source: str,
        target: str,
        *,
        say: Callable[[str], None],
        sleep: Callable[[float], None],
    ) -> None:
        """Nothing is sent yet."""
        self._running = running
        self._source = source
        self._target = target
        self._say = say
        self._sleep = sleep
        client = AwsClient.from_environment("dynamodb", running.aws.environment())
        self._table = Table(target, client)

    def missing(self) -> Since:
        """Return what is missing of connections there are; of others nobody would take it."""
        aws = self._running.aws
        found = carried_over.since(aws, self._source, self._table)
        known = carried_configuration.connections_of(aws, self._target)
        gone = sorted({name[1] for name, _ in found.missing} - known)
        if gone:
            self._say(f"left out, of connections there are not: {', '.join(gone)}")
        found.missing = [each for each in found.missing if each[0][1] in known]
        return found

    def carry_out(self) -> tuple[int, int, int]:
        """Send events until a look finds none.

        Return how many those were, of how many nothing but their marker was left to carry over,
        and how many are missing still.
        """
        total, bare = 0, 0
        found = self.missing()
        for attempt in range(_PASSES_MAX):
            bare += carried_over.carry(self._running.aws, self._target, found.bare)
            if not found.missing:
                break
            total += len(found.missing) if not attempt else 0
            self._send(found)
            self._settle()
            found = self.missing()
        return total, bare, len(found.missing)

    def _send(self, found: Since) -> None:
        environ = self._running.aws.environment()
        queue = Queue.from_environment(environ, self._running.outputs["BodiesBucket"])
        for sent, (name, event) in enumerate(found.missing, 1):
            carried_over.await_answer(name, event, self._table)
            envelope = carried_over.envelope_of(name, event, found.subjects.get(name))
            kind = "History" if envelope.source == "history" else "Events"
            url = self._running.outputs[f"{kind}QueueUrl"]
            # Never the same: the queue would swallow what is sent once more within minutes.
            queue.send_event(url, envelope, f"restore~{time.time_ns()}~{'~'.join(name)}")
            if sent % _EVENTS_TOLD_EVERY == 0:
                self._say(f"{sent} of {len(found.missing)} events sent")

    def _settle(self) -> None:
        """Wait until nothing is under way in the queues."""
        quiet = 0
        for poll in range(1, _PATIENCE + 1):
            waiting = self._running.messages_waiting()
            quiet = 0 if waiting else quiet + 1
            if quiet == 2:
                return
            if poll % _TOLD_EVERY == 0:
                self._say(f"{waiting} messages wait in the queues")
            self._sleep(_POLL_SECONDS)
