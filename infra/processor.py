"""The processor: both queues of events in, records and changes out."""

from __future__ import annotations

from constructs import Construct

from infra.functions import Functions
from infra.queues import PROCESS_TIMEOUT_SECONDS, Queues


class Processor(Construct):
    """`process_events` with its two mappings; history may only use what live events leave free."""

    def __init__(
        self, scope: Construct, name: str, *, functions: Functions, queues: Queues
    ) -> None:
        super().__init__(scope, name)
        self.function = functions.add(
            self,
            "process_events",
            settings=(
                "TABLE_NAME",
                "EVENTS_QUEUE_URL",
                "EVENTS_DLQ_URL",
                "HISTORY_QUEUE_URL",
                "CALLS_QUEUE_URL",
                "BODIES_BUCKET",
                "LOG_BUCKET",
            ),
            memory_mb=1024,
            timeout_seconds=PROCESS_TIMEOUT_SECONDS,
        )
        self.function.add_event_source_mapping(
            "Events",
            event_source_arn=queues.events.queue_arn,
            batch_size=10,
            report_batch_item_failures=True,
        )
        self.function.add_event_source_mapping(
            "History",
            event_source_arn=queues.history.queue_arn,
            batch_size=10,
            report_batch_item_failures=True,
            # A page of history asks for the next before it is folded: so many are folded at once.
            max_concurrency=5,
        )
