"""The Lambda of the clock: invoked every minute, done within it."""

from __future__ import annotations

import os
import time
from typing import Any

from functions.wake_due.drain import drain
from shared.adapters.aws import AwsClient
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.adapters.table_keys import DUE_SHARDS
from shared.domain import times
from shared.observability import log
from shared.settings import WakeSettings

# The next minute's invocation goes on where this one stops.
_LONGEST = 45 * times.SECOND

_settings = WakeSettings.read(os.environ)
_table = Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ))
_queue = Queue.from_environment(os.environ)


def _now() -> int:
    return time.time_ns() // 1_000_000


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Wake what is due; say how much it was."""
    del event, context
    woken = drain(
        index=_table,
        shards=DUE_SHARDS,
        queue=_queue,
        urls={
            "automations": _settings.automations_queue_url,
            "calls": _settings.calls_queue_url,
        },
        clock=_now,
        until=_now() + _LONGEST,
        log=log,
    )
    return {"woken": woken}
