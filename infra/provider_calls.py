"""Calls to providers' APIs: objects and pages of history, slowly, away from the processor."""

from __future__ import annotations

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import Functions
from infra.queues import CALL_TIMEOUT_SECONDS


class ProviderCalls(Construct):
    """`call_providers` on its queue; two at once at most, out of politeness to rate limits."""

    def __init__(
        self, scope: Construct, name: str, *, functions: Functions, queue: sqs.IQueue
    ) -> None:
        super().__init__(scope, name)
        self.function = functions.add(
            self,
            "call_providers",
            settings=(
                "TABLE_NAME",
                "EVENTS_QUEUE_URL",
                "HISTORY_QUEUE_URL",
                "BODIES_BUCKET",
                "PARAMETER_PREFIX",
            ),
            memory_mb=512,
            timeout_seconds=CALL_TIMEOUT_SECONDS,
        )
        self.function.add_event_source_mapping(
            "Calls",
            event_source_arn=queue.queue_arn,
            # One message is one call, so a failure needs no list of what failed.
            batch_size=1,
            max_concurrency=2,
        )
