"""The other half of the product in a simulated world: what fires, what is carried out, the clock.

`fire_triggers` on the shards of the table's stream, `run_automations` on its queue and `wake_due`
by the minute, each by its own Lambda module; endpoints and automations are made by the use cases
of `manage`, as by its API. Receivers are servers of the simulated internet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from functions.manage.automations import put_automation
from functions.manage.deliveries import release
from functions.manage.endpoints import put_endpoint
from functions.manage.outgoing import Outgoing
from shared.adapters.documents import Item
from shared.adapters.queue import Queue
from shared.adapters.secret_writer import SecretWriter
from shared.adapters.table_keys import DUE_SHARDS, due_partition
from tests.simulation import deeds
from tests.simulation.automation_met import Met
from tests.simulation.endpoint_servers import Internet, Server, Uplink
from tests.simulation.function import Handle
from tests.simulation.lambda_modules import execute, handle_of, sleeper
from tests.simulation.minute_host import MinuteHost
from tests.simulation.processor import Deployment
from tests.simulation.stream import Stream
from tests.simulation.stream_host import StreamHost
from tests.simulation.stream_redrive import redrive_stream
from tests.simulation.world import World

FIRE, RUN, WAKE = "fire_triggers", "run_automations", "wake_due"
# How the keys of records begin whose history nobody can read.
POISON = "RECURRING_PAYMENT#shop#poison"
_PREFIX = "/paysignal/endpoints"
# So long ago was made what is there from the beginning.
_MADE_MS = 3_600_000


@dataclass(frozen=True)
class Setup:
    """What a person has set up: automations by id, and the receivers of each endpoint by id.

    A receiver is told by its manners: those towards its first requests, and those ever after.
    """

    automations: Mapping[str, Mapping[str, Any]]
    endpoints: Mapping[str, tuple[tuple[str, ...], str]]


class AutomatedDeployment(Deployment):
    """One whole stack, from the door to the endpoints."""

    def __init__(self, world: World, setup: Setup) -> None:
        super().__init__(world, late_match="fire")
        self.environ |= {
            "AUTOMATIONS_QUEUE_URL": world.sqs.url("automations"),
            "BUS_NAME": "paysignal",
            "API_HOSTS": "api.example.com",
            "ENDPOINT_PREFIX": _PREFIX,
            "CONFIG_CACHE_SECONDS": "60",
        }
        self.secrets: dict[str, str] = {}
        self.internet = Internet(
            world,
            [Server(host_of(each), *manners) for each, manners in setup.endpoints.items()],
        )
        self.met = Met(world)
        # When each automation that people bring and change in the middle came to be effective, or
        # ceased to be.
        self.changed: dict[str, list[tuple[int, bool]]] = {}
        self.stream = Stream(world.dynamodb)
        self.fires: list[StreamHost] = []
        self._add_hosts()
        world.person.redrive_stream = self.redrive_stream
        self.put_endpoints(setup.endpoints)
        for automation_id, body in setup.automations.items():
            made = world.clock() - _MADE_MS
            put_automation(automation_id, dict(body), store=self.table, now=made)
        deeds.offer_edits(self, setup.automations)

    def _add_hosts(self) -> None:
        world = self.world
        for number, shard in enumerate(self.stream.shards):
            name = f"{FIRE} {number}"
            host = StreamHost(
                name, self.stream, shard, self._start_fire, world.steps, world.clock, world.sqs
            )
            self.fires.append(host)
            world.hosts.append(host)
        world.add_host(RUN, "automations", self._start_run)
        parts = [due_partition(shard) for shard in range(DUE_SHARDS)]
        world.hosts.append(
            MinuteHost(WAKE, parts, self._start_wake, world.steps, world.clock, world.dynamodb)
        )

    def put_endpoints(self, endpoint_ids: Iterable[str], status: str = "enabled") -> None:
        """Have a person make endpoints, or enable them again; what they hold is sent."""
        for each in endpoint_ids:
            _, releases, shown = put_endpoint(
                each,
                {"url": f"https://{host_of(each)}/hooks", "events": [], "status": status},
                store=self.table,
                secrets=SecretWriter(self.world.ssm, _PREFIX),
                now=self.world.clock(),
                random_bytes=lambda size, seed=each: hashlib.sha512(seed.encode()).digest()[:size],  # type: ignore[misc]
                own_host="api.example.com",
                local=False,
            )
            self.secrets.setdefault(host_of(each), shown.get("secret", ""))
            if releases:
                self._release(each)

    def _release(self, endpoint_id: str) -> None:
        """Have what an endpoint held sent, as `manage` does when it is enabled again."""
        sqs = self.world.sqs
        outgoing = Outgoing(
            Queue(sqs),
            events_url=self.environ["EVENTS_QUEUE_URL"],
            history_url=self.environ["HISTORY_QUEUE_URL"],
            automations_url=self.environ["AUTOMATIONS_QUEUE_URL"],
            local=False,
        )
        release(endpoint_id, store=self.table, queue=outgoing, now=self.world.clock())

    def offer_changes(self) -> None:
        """Offer what changes what fires: automations that come and go, a segment that is edited."""
        deeds.offer_changes(self, self.changed)

    def poison(self, number: int) -> None:
        """Write an entry of a record's history that nothing of ours can read."""
        key = {"pk": {"S": f"{POISON}{number}"}, "sk": {"S": "AT#unreadable"}}
        table = self.world.dynamodb
        table.call("PutItem", {"TableName": table.schema.name, "Item": key})

    def redrive_stream(self) -> int:
        """Have `paysignal redrive stream` hand over what the mapping gave up on."""
        return redrive_stream(self.world, self.stream, self._start_fire)

    def _start_fire(self) -> Handle:
        module = execute(f"functions.{FIRE}.handler", self.world, self.environ)
        module._table._sleep = sleeper(self.world)
        module._stream._read = partial(self._read, module._stream._read)
        return handle_of(module)

    def _read(self, read: Callable[[Item], Any], image: Item) -> Any:
        """Read an image of the stream; by the calm a release knows to leave poison out."""
        mended = self.world.steps.calm or self.world.disturbances.releases
        if mended and image["pk"]["S"].startswith(POISON):
            return None
        return read(image)

    def _start_run(self) -> Handle:
        uplink = Uplink(self.internet)
        module = execute(f"functions.{RUN}.handler", self.world, self.environ, uplink.outbound)
        module._table._sleep = sleeper(self.world)
        # Posts side by side in virtual time, for threads know the real one alone.
        module._batch._side_by_side = uplink.side_by_side
        return handle_of(module)

    def _start_wake(self) -> Handle:
        module = execute(f"functions.{WAKE}.handler", self.world, self.environ)
        module._table._sleep = sleeper(self.world)
        return handle_of(module)


def host_of(endpoint_id: str) -> str:
    """Return the host an endpoint's receiver has."""
    return f"{endpoint_id}.example.com"
