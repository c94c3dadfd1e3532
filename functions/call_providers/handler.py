"""The Lambda that calls providers: one message is one object to fetch.

Whatever may pass (a busy API, a key to be mended) is raised, so that the queue tries again and in
the end shows the message among its dead letters.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from functions.call_providers.fetch_object import Api, fetch_object
from shared.adapters.queue import Queue
from shared.adapters.secrets import ConnectionSecrets
from shared.observability import count, log
from shared.providers.activecampaign_api import ActiveCampaignApi
from shared.providers.paykickstart_api import PayKickstartApi
from shared.providers.paypal_api import PayPalApi
from shared.providers.stripe_api import StripeApi
from shared.providers.woocommerce_api import WooCommerceApi
from shared.settings import CallSettings

# Calls are rare, and a new key has to work at once.
_KEYS_CACHE_SECONDS = 1
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
_queue = Queue.from_environment(os.environ)


@lru_cache(maxsize=16)
def _api(provider: str, **credentials: str) -> Api:
    """Return the provider's client, kept while the Lambda is warm: connections are dear."""
    return _APIS[provider](**credentials)


def handler(event: dict[str, Any], context: object) -> None:
    """Fetch what each message of the batch asks for. Raise what may pass."""
    del context
    for record in event["Records"]:
        answer = fetch_object(
            record["body"],
            secrets=_secrets,
            api_of=_api,
            queue=_queue,
            events_url=_settings.events_queue_url,
            now=time.time_ns() // 1_000_000,
            monotonic=time.monotonic(),
        )
        log("call_answered", **answer.about())
        if answer.outcome != "fetched":
            count("CallsUnanswered", **answer.about())
