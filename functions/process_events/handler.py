"""The processor's Lambda: settings and clients once per start, then one batch after another."""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

from functions.process_events.messages import Messages
from functions.process_events.process_batch import Batch
from shared.adapters.aws import AwsClient
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.observability import count, log
from shared.settings import ProcessSettings

_settings = ProcessSettings.read(os.environ)
_queue = Queue.from_environment(os.environ, _settings.bodies_bucket)
_batch = Batch(
    messages=Messages(
        store=Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ)),
        queue=_queue,
        events_url=_settings.events_queue_url,
        history_url=_settings.history_queue_url,
        calls_url=_settings.calls_queue_url,
        new_id=lambda: uuid.uuid4().hex,
    ),
    queue=_queue,
    urls={
        url.rpartition("/")[2]: url
        for url in (_settings.events_queue_url, _settings.history_queue_url)
    },
    dead_letters_url=_settings.events_dlq_url,
    log=log,
    count=count,
)


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Process the batch SQS hands over; answer with the messages to be tried again."""
    del context
    return _batch.handle(event["Records"], time.time_ns() // 1_000_000)
