"""One attempt over a network that is none, of a body that is signed: what tests of it share."""

from __future__ import annotations

import os
import time
from typing import Any

from shared.adapters.outbound import Attempted, Outbound
from shared.domain import standard_webhooks
from tests.support.wires import URL, Clock, Network, ScriptedWire

SECRET = standard_webhooks.new_secret(os.urandom)
BODY = '{"type":"recurring_payment.updated","data":{"name":"Zoë"}}'.encode()


def signed(body: bytes = BODY) -> dict[str, str]:
    """Return the headers of a body, signed at this moment."""
    now = int(time.time() * 1_000)
    headers = standard_webhooks.headers([SECRET], "msg_1", now, body)
    return {"content-type": "application/json", **headers}


def over(network: Network, **options: Any) -> Outbound:
    """Return what posts over a network."""
    return Outbound(
        resolve=network.resolve, connect=network.connect, secure=network.secure, **options
    )


def attempt(*parts: bytes, url: str = URL, clock: Clock | None = None) -> Attempted:
    """Post the body to an endpoint that answers in these parts."""
    network = Network(wire=lambda: ScriptedWire(parts))
    return over(network, clock=clock or Clock()).post(url, signed(), BODY)
