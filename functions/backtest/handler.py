"""The Lambda that does backtests: invoked with `{"job_id": …}`, without anybody waiting for it."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

# The zones' own data: Lambda's image has none, and zoneinfo finds it here.
import tzdata  # type: ignore[import-untyped]  # noqa: F401

from functions.backtest.work import Work
from shared.adapters.aws import AwsClient
from shared.adapters.change_log import ChangeLog
from shared.adapters.objects import Objects
from shared.adapters.table import Table
from shared.observability import log
from shared.settings import BacktestSettings

# So much before its end a Lambda has still time to say so.
_SPARE_MS = 30_000


def _bucket() -> Objects:
    return Objects.from_environment(_settings.log_bucket, os.environ)


def _now() -> int:
    return time.time_ns() // 1_000_000


_settings = BacktestSettings.read(os.environ)
_work = Work(
    store=Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ)),
    log=ChangeLog(_bucket(), Path(tempfile.gettempdir()) / _settings.log_bucket, another=_bucket),
    clock=_now,
    local=_settings.mode_local,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one backtest."""
    left = int(context.get_remaining_time_in_millis())
    state = _work.do(str(event["job_id"]), _now() + left - _SPARE_MS)
    log("backtest", job_id=event["job_id"], state=state)
    return {"state": state}
