"""One stack with the doors of all providers, the processor, the callers of APIs, and `manage`.

Each of them is the Lambda's own module, executed as in a cold start. What reaches outside the
process is led to the world: AWS, time, ids, the providers' APIs and PayPal's certificates.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from shared.adapters.aws import AwsError
from shared.adapters.secrets import parameter_name
from shared.adapters.table import Table
from shared.api.access import SCOPES
from shared.api.keys import create_key
from shared.domain import directory, history_progress
from shared.domain.errors import Retryable
from shared.domain.ports import Write
from tests.simulation import providers_doors
from tests.simulation.function import Handle
from tests.simulation.gateway import Entry, Gateway
from tests.simulation.lambda_modules import execute, handle_of, open_door, sleeper
from tests.simulation.observer import Observer
from tests.simulation.providers_accounts import CREDENTIALS, Api, Network
from tests.simulation.providers_stories import Notice, Store
from tests.simulation.world import World
from tests.support.api_client import http_event
from tests.support.paypal_proof import stand_in
from tests.support.store_items import PATHS

CALLER = "call providers"
HOUR_MS = 3_600_000
_MOMENT_MS = 200
_PREFIX = "/paysignal/connections"
_CALL_PROVIDERS = "functions.call_providers.handler"
_PROCESS_EVENTS = "functions.process_events.handler"
_MANAGE = "functions.manage.handler"


class ProvidersStack:
    """One stack with the connections of a story, in a world of its own."""

    def __init__(
        self,
        world: World,
        stores: Iterable[Store],
        manners: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`manners` are those of each provider's API towards its first requests."""
        self.world = world
        self.accepted: list[Notice] = []
        # Each answer a stranger was given.
        self.strangers: list[int] = []
        self.apis = {
            store.provider: Api(store.account, (manners or {}).get(store.provider, ()))
            for store in stores
            if store.account is not None
        }
        self._ids = itertools.count(1)
        self._numbers = itertools.count(1)
        self.environ = _environ(world)
        for queue in ("events.fifo", "history"):
            world.add_host(f"process {queue}", queue, self._start_processor)
        world.add_host(CALLER, "calls", self._start_caller, batch_size=1, reports_failures=False)
        self.table = Table(world.dynamodb.schema.name, world.dynamodb)
        self._connect(stores)
        made = create_key(self.table, "simulated", SCOPES, None, world.clock(), lambda: "s" * 32)
        self._key = str(made["key"])
        self.observer = Observer(world, self._key)
        # The functions behind the gateway, as they are asked first.
        self._gateways: dict[str, Gateway] = {}
        self._managing = False

    def deliver(self, notice: Notice, after_ms: int) -> None:
        """Have a store post a notice `after_ms` from now, again and again until it is accepted."""
        self.world.schedule(after_ms, partial(self._post, notice, next(self._numbers), 0))

    def forge(self, notice: Notice, after_ms: int) -> None:
        """Have a stranger post what a store might, `after_ms` from now."""
        self.world.schedule(after_ms, partial(self._forged, notice))

    def ask(self, method: str, path: str, body: object, then: Callable[[Any], None]) -> None:
        """Ask `manage` now, again and again until it answers 2xx; `then` is given the answer."""
        self._ask(method, path, json.dumps(body), then, 0)

    def _post(self, notice: Notice, number: int, attempt: int) -> None:
        if notice.provider == "api":
            kind, item = notice.event
            body = {"items": [item]}
            self.ask("PUT", PATHS[kind], body, lambda _: self.accepted.append(notice))
            return
        answer = self._at_door(notice, f"transmission-{number}", genuine=True)
        if answer == 200:
            self.accepted.append(notice)
            return
        self._again(attempt, partial(self._post, notice, number, attempt + 1))

    def _forged(self, notice: Notice) -> None:
        answer = self._at_door(notice, f"forged-{next(self._numbers)}", genuine=False)
        self.strangers += [] if answer is None else [answer]

    def _at_door(self, notice: Notice, number: str, *, genuine: bool) -> int | None:
        """Return the status of a door's answer, None where it died."""
        request = providers_doors.post(
            notice.provider,
            notice.event,
            notice.connection_id,
            self.world.clock(),
            number=number,
            genuine=genuine,
        )
        answer = self._request(f"functions.ingest_{notice.provider}.handler", request)
        return None if answer is None else int(answer["statusCode"])

    def _request(self, handler: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """Have a function answer a request; return None where it died."""
        if handler not in self._gateways:
            start = partial(self._start_entry, handler)
            self._gateways[handler] = Gateway(handler, start, self.world)
        return self._gateways[handler].answer(event)

    def _ask(
        self, method: str, path: str, body: str, then: Callable[[Any], None], attempt: int
    ) -> None:
        if self._managing:
            # Powertools keeps the request at hand for a whole process, of which this is one.
            again = partial(self._ask, method, path, body, then, attempt)
            self.world.schedule(_MOMENT_MS, again)
            return
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        event = http_event(method, quote(path), headers, {}, body)
        self._managing = True
        try:
            answer = self._request(_MANAGE, event)
        finally:
            self._managing = False
        if answer is not None and answer["statusCode"] < 300:
            then(json.loads(answer["body"]))
            return
        self._again(attempt, partial(self._ask, method, path, body, then, attempt + 1))

    def _again(self, attempt: int, action: Callable[[], None]) -> None:
        self.world.schedule(min(HOUR_MS, 30_000 * 2**attempt), action)

    def _connect(self, stores: Iterable[Store]) -> None:
        book: dict[str, Any] | None = None
        for store in stores:
            secrets = {
                "provider": store.provider,
                **providers_doors.SECRETS.get(store.provider, {}),
            }
            if store.account is not None:
                secrets["api"] = dict(CREDENTIALS[store.provider])
            parameter = {
                "Name": parameter_name(_PREFIX, store.connection_id),
                "Value": json.dumps(secrets),
                "Type": "SecureString",
            }
            self.world.ssm.call("PutParameter", parameter)
            document = {
                "connection_id": store.connection_id,
                "provider": store.provider,
                "name": store.connection_id,
                "mode": "live",
                "contact_policy": "create",
                "has_api": store.account is not None,
                "late_match": {"policy": "fire", "duration": "PT24H"},
                "history": dict(history_progress.NONE),
                "created_date": 0,
                "version": 1,
                **store.about,
            }
            self.table.commit([Write(("connection", store.connection_id), document, 0)])
            book = directory.entered(book, document)
        self.table.commit([Write(directory.NAME, book, 0)])

    def _start_entry(self, handler: str) -> Entry:
        if handler == _MANAGE:
            module = execute(handler, self.world, self.environ)
            module.uuid = SimpleNamespace(uuid4=self._next_id)
            return module.handler  # type: ignore[no-any-return]
        # The stand-in's authority is trusted by the local stack alone.
        trusting = {"MODE_LOCAL": "1", "PAYPAL_AUTHORITY": _authority()}
        door = open_door(handler, self.world, {**self.environ, **trusting})
        if "paypal" in handler:
            certificates = door._verify.__self__._keys
            certificates._fetch, certificates._monotonic = self._certificate, self._seconds
            # The machine's own roots are slow to read, and not who signs here.
            certificates._roots = list
        return door  # type: ignore[no-any-return]

    def _start_processor(self) -> Handle:
        module = execute(_PROCESS_EVENTS, self.world, self.environ)
        module.uuid = SimpleNamespace(uuid4=self._next_id)
        module._batch._messages.store._sleep = sleeper(self.world)
        return handle_of(module)

    def _start_caller(self) -> Handle:
        module = execute(_CALL_PROVIDERS, self.world, self.environ)
        module.uuid = SimpleNamespace(uuid4=self._next_id)
        module.time.monotonic = self._seconds
        module._APIS = {
            provider: partial(
                module._APIS[provider],
                transport=Network(self.world, provider, api),
                sleep=sleeper(self.world),
                clock=self._seconds,
                monotonic=self._seconds,
            )
            for provider, api in self.apis.items()
        }
        return handle_of(module)

    def _certificate(self, url: str) -> bytes:
        """Return PayPal's certificate as its server does: a step like any other."""
        del url
        try:
            return self.world.steps.perform(
                "http", "Get", {"provider": "certificates"}, lambda: stand_in().certificate
            )
        except AwsError as error:
            raise Retryable("the certificate cannot be fetched") from error

    def _seconds(self) -> float:
        return self.world.product_clock() / 1000

    def _next_id(self) -> SimpleNamespace:
        return SimpleNamespace(hex=f"{next(self._ids):032x}")


@cache
def _authority() -> str:
    return stand_in().authority.decode()


def _environ(world: World) -> dict[str, str]:
    return {
        "TABLE_NAME": world.dynamodb.schema.name,
        "EVENTS_QUEUE_URL": world.sqs.url("events.fifo"),
        "EVENTS_DLQ_URL": world.sqs.url("events-dead.fifo"),
        "HISTORY_QUEUE_URL": world.sqs.url("history"),
        "CALLS_QUEUE_URL": world.sqs.url("calls"),
        "AUTOMATIONS_QUEUE_URL": world.sqs.url("automations"),
        "BODIES_BUCKET": "bodies",
        "LOG_BUCKET": "log",
        "BUS_NAME": "paysignal",
        "API_HOSTS": "api.example.com",
        "PARAMETER_PREFIX": _PREFIX,
        "ENDPOINT_PREFIX": "/paysignal/endpoints",
        "BACKTEST_FUNCTION": "backtest",
        "CONFIG_CACHE_SECONDS": "60",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "simulated",
        "AWS_SECRET_ACCESS_KEY": "simulated",
    }
