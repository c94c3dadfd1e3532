"""The processor's Lambda: settings and clients once per start, then one batch after another."""

from __future__ import annotations

import os
import time
import uuid
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from functions.process_events.ask_page import ask_page
from functions.process_events.last_seen import LastSeen
from functions.process_events.messages import Messages
from functions.process_events.process_batch import Batch
from functions.process_events.verify_due import verify_due
from shared.adapters.aws import AwsClient
from shared.adapters.bodies import S3Objects
from shared.adapters.page_queue import PageQueue
from shared.adapters.table import Table
from shared.adapters.uploads import Uploads
from shared.domain import erase_job, history_import, verify
from shared.domain.contact_import import KIND
from shared.observability import count, log
from shared.settings import ProcessSettings

if TYPE_CHECKING:
    from functions.process_events.erase import Erase
    from functions.process_events.import_contacts import ContactImport

_settings = ProcessSettings.read(os.environ)
_queue = PageQueue.from_environment(os.environ, _settings.bodies_bucket)
_client = AwsClient.from_environment("dynamodb", os.environ)
_table = Table(_settings.table_name, _client)
_bodies = S3Objects.from_environment(_settings.bodies_bucket, os.environ)
_ledger = S3Objects.from_environment(_settings.log_bucket, os.environ)


@cache
def _contact_import() -> ContactImport:
    # Only for whoever imports: pydantic would double every other start.
    from functions.process_events.import_contacts import ContactImport

    return ContactImport(
        store=_table,
        files=Uploads.from_environment(_settings.bodies_bucket, os.environ),
        send=partial(_queue.send_calls, _settings.history_queue_url),
        new_id=lambda: uuid.uuid4().hex,
    )


@cache
def _erase() -> Erase:
    # Hardly ever asked for, as above.
    from functions.process_events.erase import Erase
    from functions.process_events.kept_bodies import KeptBodies
    from shared.adapters.table_walk import TableWalk

    return Erase(
        store=_table,
        walk=TableWalk(_settings.table_name, _client),
        bodies=KeptBodies(_bodies),
        ledger=_ledger,
        send=partial(_queue.send_call, _settings.history_queue_url),
        wait_seconds=2 if _settings.mode_local else erase_job.SWEEP_AFTER_SECONDS,
    )


_batch = Batch(
    messages=Messages(
        store=_table,
        queue=_queue,
        events_url=_settings.events_queue_url,
        history_url=_settings.history_queue_url,
        calls_url=_settings.calls_queue_url,
        new_id=lambda: uuid.uuid4().hex,
        others={
            KIND: lambda job, now: _contact_import().carry_out(job, now),
            erase_job.KIND: lambda job, now: _erase().carry_out(job, now),
            history_import.KIND: lambda job, _: ask_page(
                job, store=_table, ask=partial(_queue.send_call, _settings.calls_queue_url)
            ),
            verify.DUE: lambda job, now: verify_due(
                job, now, store=_table, ask=partial(_queue.send_call, _settings.calls_queue_url)
            ),
        },
    ),
    queue=_queue,
    urls={
        url.rpartition("/")[2]: url
        for url in (_settings.events_queue_url, _settings.history_queue_url)
    },
    dead_letters_url=_settings.events_dlq_url,
    last_seen=LastSeen(_table, log),
    log=log,
    count=count,
)


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Process the batch SQS hands over; answer with the messages to be tried again."""
    del context
    return _batch.handle(event["Records"], time.time_ns() // 1_000_000)
