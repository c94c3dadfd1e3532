"""Entry of `query`: the table and the change log, behind the API's reading routes."""

import json
import os
import secrets
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

# The zones' own data: Lambda's image has none, and zoneinfo finds it here.
import tzdata  # type: ignore[import-untyped]  # noqa: F401

from functions.query.adapters import Adapters
from functions.query.routes import ROUTES
from shared.adapters.aws import AwsClient
from shared.adapters.bodies import S3Objects
from shared.adapters.change_log import ChangeLog
from shared.adapters.objects import Objects
from shared.adapters.table import Table
from shared.adapters.uploads import Uploads
from shared.api.keys import KeyRing
from shared.api.resolver import Api
from shared.settings import QuerySettings


@cache
def _openapi() -> dict[str, Any]:
    """Return the description that was generated into this asset."""
    text = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _now() -> int:
    return time.time_ns() // 1_000_000


def _bucket() -> Objects:
    return Objects.from_environment(_settings.log_bucket, os.environ)


_settings = QuerySettings.read(os.environ)
_table = Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ))

handler = Api(
    ROUTES,
    Adapters(
        store=_table,
        log=ChangeLog(
            _bucket(),
            Path(tempfile.gettempdir()) / _settings.log_bucket,
            another=_bucket,
        ),
        exports=Uploads.from_environment(_settings.log_bucket, os.environ),
        bodies=S3Objects.from_environment(_settings.bodies_bucket, os.environ),
        now=_now,
        new_id=lambda: secrets.token_hex(16),
        openapi=_openapi,
        local=_settings.mode_local,
    ),
    keys=KeyRing(_table, cache_seconds=_settings.config_cache_seconds, now=_now),
)
