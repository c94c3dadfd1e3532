"""Entry of `manage`: table, secrets and queues as this Lambda may write them, behind its routes."""

import os
import secrets
import time
import uuid

from functions.manage.adapters import Adapters
from functions.manage.outgoing import Outgoing
from functions.manage.routes import ROUTES
from shared.adapters.aws import AwsClient
from shared.adapters.invoker import Invoker
from shared.adapters.objects import Objects
from shared.adapters.queue import Queue
from shared.adapters.secret_writer import SecretWriter
from shared.adapters.table import Table
from shared.adapters.uploads import Uploads
from shared.api.keys import KeyRing
from shared.api.resolver import Api
from shared.settings import ManageSettings


def _now() -> int:
    return time.time_ns() // 1_000_000


_settings = ManageSettings.read(os.environ)
_table = Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ))

handler = Api(
    ROUTES,
    Adapters(
        store=_table,
        secrets=SecretWriter.from_environment(_settings.parameter_prefix, os.environ),
        endpoint_secrets=SecretWriter.from_environment(_settings.endpoint_prefix, os.environ),
        outbox=Outgoing(
            Queue.from_environment(os.environ, _settings.bodies_bucket),
            events_url=_settings.events_queue_url,
            history_url=_settings.history_queue_url,
            automations_url=_settings.automations_queue_url,
            local=_settings.mode_local,
        ),
        ledger=Objects.from_environment(_settings.log_bucket, os.environ),
        uploads=Uploads.from_environment(_settings.bodies_bucket, os.environ),
        backtests=Invoker.from_environment(_settings.backtest_function, os.environ),
        now=_now,
        new_id=lambda: uuid.uuid4().hex,
        new_secret=lambda: secrets.token_hex(32),
        random_bytes=secrets.token_bytes,
        local=_settings.mode_local,
    ),
    keys=KeyRing(_table, cache_seconds=_settings.config_cache_seconds, now=_now),
)
