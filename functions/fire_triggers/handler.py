"""The Lambda that reads the table's stream: settings and clients once, then batch after batch."""

from __future__ import annotations

import os
import time
from typing import Any

# The zones' own data: Lambda's image has none, and zoneinfo finds it here.
import tzdata  # type: ignore[import-untyped]  # noqa: F401

from functions.fire_triggers.read_stream import Stream
from functions.fire_triggers.write_back import WriteBack
from shared.adapters.aws import AwsClient
from shared.adapters.bus import EventBus
from shared.adapters.queue import Queue
from shared.adapters.table import Table, change_of, retagged_of
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.fire import Fire
from shared.observability import count, log
from shared.settings import FireSettings

_settings = FireSettings.read(os.environ)
_table = Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ))
_queue = Queue.from_environment(os.environ)
_configuration = Configuration(
    _table, _settings.config_cache_seconds, local=_settings.mode_local, log=log
)
_stream = Stream(
    fire=Fire(
        store=_table,
        queue=_queue,
        bus=EventBus.from_environment(_settings.bus_name, os.environ),
        configuration=_configuration,
        url=_settings.automations_queue_url,
    ),
    read=change_of,
    read_note=retagged_of,
    write_back=WriteBack(configuration=_configuration, queue=_queue, url=_settings.calls_queue_url),
    log=log,
    count=count,
)


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Look at the changes of a batch; answer from where the stream is to be read again."""
    del context
    return _stream.handle(event["Records"], time.time_ns() // 1_000_000)
