"""The Lambda that calls providers: a message is an object to fetch, a page, or news to write back.

Whatever may pass (a busy API, a key to be mended) is raised, so that the queue tries again and in
the end shows the message among its dead letters.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from functions.call_providers.fetch_object import PAGE, Answer, Api, fetch_object, read_call
from functions.call_providers.fetch_page import Answer as PageAnswer
from functions.call_providers.fetch_page import fetch_page
from functions.call_providers.write_back import Report, carry_out
from shared.adapters.aws import AwsClient
from shared.adapters.page_queue import PageQueue
from shared.adapters.secrets import ConnectionSecrets
from shared.adapters.table import Table
from shared.domain import write_back
from shared.observability import count, log
from shared.providers.activecampaign_api import ActiveCampaignApi
from shared.providers.paykickstart_api import PayKickstartApi
from shared.providers.paypal_api import PayPalApi
from shared.providers.stripe_api import StripeApi
from shared.providers.woocommerce_api import WooCommerceApi
from shared.settings import CallSettings

# Calls are rare, and a new key has to work at once.
_KEYS_CACHE_SECONDS = 1
# Outcomes that nobody has to look at.
_DONE = ("fetched", "written", "write_back_off")
_APIS: dict[str, Callable[..., Api]] = {
    "activecampaign": ActiveCampaignApi,
    "paykickstart": PayKickstartApi,
    "paypal": PayPalApi,
    "stripe": StripeApi,
    "woocommerce": WooCommerceApi,
}

_settings = CallSettings.read(os.environ)
_secrets = ConnectionSecrets.from_environment(
    _settings.parameter_prefix, _KEYS_CACHE_SECONDS, os.environ
)
_table = Table(_settings.table_name, AwsClient.from_environment("dynamodb", os.environ))
_queue = PageQueue.from_environment(os.environ, _settings.bodies_bucket)


@lru_cache(maxsize=16)
def _api(provider: str, **credentials: str) -> Api:
    """Return the provider's client, kept while the Lambda is warm: connections are dear."""
    return _APIS[provider](**credentials)


def _account(**credentials: str) -> ActiveCampaignApi:
    """Return the one client of an account, for reading and writing share its requests a second."""
    api = _api("activecampaign", **credentials)
    if not isinstance(api, ActiveCampaignApi):
        raise TypeError("only ActiveCampaign is written to")
    return api


def handler(event: dict[str, Any], context: object) -> None:
    """Fetch what each message of the batch asks for. Raise what may pass."""
    del context
    for record in event["Records"]:
        answer = _answer(record)
        log("call_answered", **answer.about())
        if answer.outcome not in _DONE:
            count("CallsUnanswered", **answer.about())


def _answer(record: Mapping[str, Any]) -> Answer | PageAnswer | Report:
    call, now, monotonic = read_call(record["body"]), time.time_ns() // 1_000_000, time.monotonic()
    if call["object"] == PAGE:
        return fetch_page(
            call,
            secrets=_secrets,
            api_of=_api,
            queue=_queue,
            history_url=_settings.history_queue_url,
            now=now,
            monotonic=monotonic,
            receives=int(record["attributes"]["ApproximateReceiveCount"]),
            new_id=lambda: uuid.uuid4().hex,
        )
    if call["object"] == write_back.OBJECT:
        return carry_out(
            call,
            store=_table,
            secrets=_secrets,
            client_of=_account,
            now=now,
            monotonic=monotonic,
        )
    return fetch_object(
        call,
        secrets=_secrets,
        api_of=_api,
        queue=_queue,
        events_url=_settings.events_queue_url,
        now=now,
        monotonic=monotonic,
    )
