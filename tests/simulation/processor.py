"""The product in a simulated world: Stripe's door and the processor, on fakes.

A cold start executes a Lambda's own module anew, with AWS clients, clock and ids of the world in
place of the real ones. Nothing of the product is replaced by a double: what runs here is what is
deployed, down to the adapters.
"""

from __future__ import annotations

import itertools
import json
from functools import partial
from types import SimpleNamespace
from typing import Any

from infra.samples import stripe as story
from shared.adapters.secrets import parameter_name
from shared.adapters.table import Table
from shared.domain.ports import Write
from tests.simulation import deeds
from tests.simulation.function import Handle
from tests.simulation.gateway import Gateway
from tests.simulation.lambda_modules import execute, handle_of, open_door, sleeper
from tests.simulation.world import World

CONNECTION = "shop"
SIGNING_SECRET = "whsec_simulated"
HOUR_MS = 3_600_000
_PREFIX = "/paysignal/connections"
_HANDLER = "functions.process_events.handler"
_DOOR = "functions.ingest_stripe.handler"


class Deployment:
    """One stack with one Stripe connection, in a world of its own."""

    def __init__(
        self,
        world: World,
        *,
        policy: str = "create",
        mode: str = "live",
        has_api: bool = False,
        late_match: str = "fire_if_newer_than",
    ) -> None:
        self.world = world
        self.accepted: list[story.Event] = []
        # What the door answered to requests that Stripe had not sent, status by status.
        self.forgeries: list[int] = []
        self._ids = itertools.count(1)
        self.environ = {
            "TABLE_NAME": world.dynamodb.schema.name,
            "EVENTS_QUEUE_URL": world.sqs.url("events.fifo"),
            "EVENTS_DLQ_URL": world.sqs.url("events-dead.fifo"),
            "HISTORY_QUEUE_URL": world.sqs.url("history"),
            "CALLS_QUEUE_URL": world.sqs.url("calls"),
            "BODIES_BUCKET": "bodies",
            "LOG_BUCKET": "log",
            "PARAMETER_PREFIX": _PREFIX,
            "CONFIG_CACHE_SECONDS": "60",
        }
        for queue in ("events.fifo", "history"):
            world.add_host(f"process {queue}", queue, self.cold_start)
        self.table = Table(world.dynamodb.schema.name, world.dynamodb)
        document = {
            "connection_id": CONNECTION,
            "provider": "stripe",
            "mode": mode,
            "contact_policy": policy,
            "has_api": has_api,
            "late_match": {"policy": late_match, "duration": "PT24H"},
            "version": 1,
        }
        self.table.commit([Write(("connection", CONNECTION), document, 0)])
        self._store_secrets()
        self.door = Gateway("ingest_stripe", partial(open_door, _DOOR, world, self.environ), world)
        deeds.offer(self, ("connection", CONNECTION))

    def cold_start(self) -> Handle:
        """Execute the Lambda's module as a new execution environment does; return its handler."""
        module = execute(_HANDLER, self.world, self.environ)
        module.uuid = SimpleNamespace(uuid4=self._next_id)
        module._batch._messages.store._sleep = sleeper(self.world)
        return handle_of(module)

    def deliver(self, event: story.Event, after_ms: int) -> None:
        """Have Stripe post an event `after_ms` from now, again and again until it is accepted."""
        self.world.schedule(after_ms, partial(self._post, event, 0))

    def forge(self, event: story.Event, after_ms: int, secret: str, age_ms: int = 0) -> None:
        """Have somebody else post an event, as signed with a secret `age_ms` ago."""
        self.world.schedule(after_ms, partial(self._forge, event, secret, age_ms))

    def _forge(self, event: story.Event, secret: str, age_ms: int) -> None:
        answer = self.door.answer(self._request(event, secret, age_ms))
        if answer is not None:
            self.forgeries.append(answer["statusCode"])

    def _post(self, event: story.Event, attempt: int) -> None:
        answer = self.door.answer(self._request(event))
        if answer is not None and answer["statusCode"] == 200:
            self.accepted.append(event)
            return
        wait_ms = min(HOUR_MS, 30_000 * 2**attempt)
        self.world.schedule(wait_ms, partial(self._post, event, attempt + 1))

    def _request(
        self, event: story.Event, secret: str = SIGNING_SECRET, age_ms: int = 0
    ) -> dict[str, Any]:
        at = (self.world.clock() - age_ms) // 1000
        return {
            "requestContext": {"http": {"method": "POST"}},
            "pathParameters": {"connection_id": CONNECTION},
            "headers": {
                "content-type": "application/json",
                "stripe-signature": event.sign(secret, at),
            },
            "body": event.body.decode(),
        }

    def _store_secrets(self) -> None:
        secrets = {"provider": "stripe", "signing_secrets": [SIGNING_SECRET]}
        parameter = {
            "Name": parameter_name(_PREFIX, CONNECTION),
            "Value": json.dumps(secrets),
            "Type": "SecureString",
        }
        self.world.ssm.call("PutParameter", parameter)

    def _next_id(self) -> SimpleNamespace:
        return SimpleNamespace(hex=f"{next(self._ids):032x}")
