"""The queues between the Lambdas, each with the dead letters of its own.

A consumer's timeout decides its queue's visibility: six times, so that a retry of Lambda's own
never meets a message that is still being worked on. Dead letters outlive the source's retention,
because a standard queue counts a message's age from its first day.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.exceptions import accept

PROCESS_TIMEOUT_SECONDS = 30
CALL_TIMEOUT_SECONDS = 60
RUN_TIMEOUT_SECONDS = 60
_VISIBILITY_PER_TIMEOUT = 6
# With fewer, a crashing consumer sends messages past their successors (measured: 1.4 % at six).
MAX_RECEIVES = 12
_KEPT = Duration.days(7)
_DEAD_KEPT = Duration.days(14)


class Queues(Construct):
    """Events in order per customer; history, calls and automations in any order."""

    def __init__(self, scope: Construct, name: str, *, key: kms.IKey | None) -> None:
        super().__init__(scope, name)
        self._key = key
        self.events_dead = self._dead("EventsDead", fifo=True)
        self.events = self._source("Events", PROCESS_TIMEOUT_SECONDS, self.events_dead, fifo=True)
        self.history_dead = self._dead("HistoryDead")
        self.history = self._source("History", PROCESS_TIMEOUT_SECONDS, self.history_dead)
        self.calls_dead = self._dead("CallsDead")
        self.calls = self._source("Calls", CALL_TIMEOUT_SECONDS, self.calls_dead)
        self.automations_dead = self._dead("AutomationsDead")
        self.automations = self._source("Automations", RUN_TIMEOUT_SECONDS, self.automations_dead)
        # Where Lambda notes which changes of the table's stream it gave up on.
        self.stream_dead = self._dead("StreamDead")
        accept(
            self.stream_dead,
            "SQS3",
            reason="It is a dead-letter queue, of the stream's mapping instead of a queue.",
        )
        self.urls = {
            "EVENTS_QUEUE_URL": self.events.queue_url,
            "EVENTS_DLQ_URL": self.events_dead.queue_url,
            "HISTORY_QUEUE_URL": self.history.queue_url,
            "HISTORY_DLQ_URL": self.history_dead.queue_url,
            "CALLS_QUEUE_URL": self.calls.queue_url,
            "CALLS_DLQ_URL": self.calls_dead.queue_url,
            "AUTOMATIONS_QUEUE_URL": self.automations.queue_url,
            "AUTOMATIONS_DLQ_URL": self.automations_dead.queue_url,
            "STREAM_DLQ_URL": self.stream_dead.queue_url,
        }

    @property
    def dead_letters(self) -> dict[str, sqs.Queue]:
        """Return the dead-letter queues by the name of their source."""
        return {
            "Events": self.events_dead,
            "History": self.history_dead,
            "Calls": self.calls_dead,
            "Automations": self.automations_dead,
            "Stream": self.stream_dead,
        }

    def _source(
        self, name: str, timeout_seconds: int, dead: sqs.Queue, *, fifo: bool = False
    ) -> sqs.Queue:
        return self._queue(
            name,
            fifo=fifo,
            kept=_KEPT,
            visibility_timeout=Duration.seconds(_VISIBILITY_PER_TIMEOUT * timeout_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=MAX_RECEIVES),
        )

    def _dead(self, name: str, *, fifo: bool = False) -> sqs.Queue:
        return self._queue(name, fifo=fifo, kept=_DEAD_KEPT)

    def _queue(
        self,
        name: str,
        *,
        fifo: bool,
        kept: Duration,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        encryption = sqs.QueueEncryption
        groups = sqs.DeduplicationScope.MESSAGE_GROUP
        limit = sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID
        return sqs.Queue(
            self,
            name,
            # One customer's events wait for each other; two customers' never do.
            fifo=True if fifo else None,
            deduplication_scope=groups if fifo else None,
            fifo_throughput_limit=limit if fifo else None,
            retention_period=kept,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
            encryption=encryption.KMS if self._key else encryption.SQS_MANAGED,
            encryption_master_key=self._key,
            enforce_ssl=True,
        )
