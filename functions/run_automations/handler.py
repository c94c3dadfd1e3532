"""The Lambda of automations: settings and clients once per start, then one batch after another."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from typing import Any

# The zones' own data: Lambda's image has none, and zoneinfo finds it here.
import tzdata  # type: ignore[import-untyped]  # noqa: F401

from functions.run_automations.deliver import Deliver
from functions.run_automations.messages import Messages
from functions.run_automations.process_batch import Batch
from functions.run_automations.send_mail import SendMail
from shared.adapters.aws import AwsClient
from shared.adapters.bus import EventBus
from shared.adapters.locales import Reader
from shared.adapters.mail import Mailer
from shared.adapters.outbound import Outbound
from shared.adapters.queue import Queue
from shared.adapters.secrets import ConnectionSecrets
from shared.adapters.table import Table
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.fire import Fire
from shared.domain.automations.fire_by_date import FireByDate
from shared.observability import log
from shared.settings import RunSettings

_settings = RunSettings.read(os.environ)
_table = Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ))
_queue = Queue.from_environment(os.environ)
_bus = EventBus.from_environment(_settings.bus_name, os.environ)


def _send(message: Mapping[str, Any], delay_seconds: int) -> None:
    _queue.send_call(_settings.automations_queue_url, message, delay_seconds)


_secrets = ConnectionSecrets.from_environment(
    _settings.endpoint_prefix, _settings.config_cache_seconds, os.environ
)
_firing: dict[str, Any] = {
    "store": _table,
    "queue": _queue,
    "bus": _bus,
    "configuration": Configuration(
        _table, _settings.config_cache_seconds, local=_settings.mode_local, log=log
    ),
    "url": _settings.automations_queue_url,
}
_batch = Batch(
    messages=Messages(
        store=_table,
        deliver=Deliver(
            store=_table,
            secrets=_secrets,
            send=_send,
            random=random.random,
            log=log,
        ),
        fire=Fire(**_firing),
        by_date=FireByDate(**_firing),
        send_mail=SendMail(
            store=_table,
            secrets=_secrets,
            mailer=Mailer(),
            # The first is the name the business has given it, if it has.
            api_url=f"https://{_settings.api_hosts.partition(',')[0]}",
            log=log,
        ),
        bus=_bus,
        send=_send,
        local=_settings.mode_local,
        log=log,
        reader_of=Reader,
    ),
    outbound=Outbound(
        local=_settings.mode_local,
        # On a loopback address the receivers of this machine live beside the API.
        own_hosts=() if _settings.mode_local else _settings.api_hosts.split(","),
    ),
    queue=_queue,
    url=_settings.automations_queue_url,
    clock=lambda: time.time_ns() // 1_000_000,
    monotonic=time.monotonic,
    log=log,
)


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Process the batch SQS hands over; answer with the messages to be tried again."""
    del context
    return _batch.handle(event["Records"])
