"""The doors: one Lambda per `functions/ingest_<provider>` folder, found, not listed.

A new provider's door is deployed and routed by existing. Doors have concurrency of their own, so
that neither the API nor the processor can starve them, nor they the account.
"""

from __future__ import annotations

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import Functions

PREFIX = "ingest_"


class Doors(Construct):
    """Each provider's webhook Lambda, by the provider's name."""

    def __init__(
        self, scope: Construct, name: str, *, functions: Functions, concurrency: int
    ) -> None:
        super().__init__(scope, name)
        self.by_provider: dict[str, lambda_.Function] = {
            door.removeprefix(PREFIX): functions.add(
                self,
                door,
                settings=(
                    "EVENTS_QUEUE_URL",
                    "BODIES_BUCKET",
                    "PARAMETER_PREFIX",
                    "CONFIG_CACHE_SECONDS",
                ),
                memory_mb=512,
                # Providers give up after 5 to 30 s and send again.
                timeout_seconds=10,
                concurrency=concurrency,
            )
            for door in functions.named(PREFIX)
        }
