"""The Lambda that watches the dates: invoked every hour, done within a quarter of one."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

# The zones' own data: Lambda's image has none, and zoneinfo finds it here.
import tzdata  # type: ignore[import-untyped]  # noqa: F401

from functions.watch_dates.dates_of_log import DatesOfLog
from functions.watch_dates.watch import Watch
from shared.adapters.aws import AwsClient
from shared.adapters.change_log import ChangeLog
from shared.adapters.objects import Objects
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain.automations.configuration import Configuration
from shared.observability import log
from shared.settings import WatchSettings

_settings = WatchSettings.read(os.environ)
_table = Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ))
_change_log = ChangeLog(
    Objects.from_environment(_settings.log_bucket, os.environ),
    Path(tempfile.gettempdir()) / _settings.log_bucket,
    another=lambda: Objects.from_environment(_settings.log_bucket, os.environ),
)
_watch = Watch(
    store=_table,
    open_dates=lambda: DatesOfLog(_change_log.snapshot().session),
    configuration=Configuration(_table, 1, local=_settings.mode_local, log=log),
    queue=Queue.from_environment(os.environ),
    calls_url=_settings.calls_queue_url,
    history_url=_settings.history_queue_url,
    log=log,
)


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Look at the dates once; say how many were put where they wait."""
    del event, context
    return _watch.look(time.time_ns() // 1_000_000)
