"""The Lambda that writes the change log: settings and clients once, then batch after batch."""

from __future__ import annotations

import os
import secrets
import time
from typing import Any

from functions.record_changes.record_batch import Recorder
from functions.record_changes.stamp import Stamp
from shared.adapters.objects import Objects
from shared.adapters.table import document_of
from shared.observability import count, log
from shared.settings import RecordSettings

_settings = RecordSettings.read(os.environ)
_objects = Objects.from_environment(_settings.log_bucket, os.environ)
_recorder = Recorder(
    objects=_objects,
    stamp=Stamp(_objects),
    read=document_of,
    chance=lambda: secrets.token_hex(4),
    log=log,
    count=count,
)


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Record the changes of a batch; answer from where the stream is to be read again."""
    del context
    return _recorder.record_batch(event["Records"], time.time_ns() // 1_000_000)
