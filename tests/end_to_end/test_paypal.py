"""PayPal on the whole stack: signed by the stand-in's key, proved by its certificate, recorded."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from infra.local.stack import Endpoints
from infra.samples import paypal as story
from infra.samples.paypal_event import Event
from infra.samples.paypal_signing import signed_headers
from tests.end_to_end.conftest import Stack
from tests.end_to_end.test_stripe_to_contact import eventually

_WEBHOOK_ID = "5GP028458E2496506"


def _post(stack: Stack, connection: str, event: Event, transmission_id: str) -> int:
    endpoints = Endpoints.read(stack.local.endpoints_file)
    assert endpoints is not None
    hooks = endpoints.test_hooks["paypal"]
    headers = signed_headers(
        event.body,
        private_key=Path(hooks["private_key_file"]).read_bytes(),
        cert_url=hooks["cert_url"],
        webhook_id=_WEBHOOK_ID,
        transmission_id=transmission_id,
        at=int(time.time()),
    )
    path = f"/webhooks/paypal/{connection}"
    return stack.api.post_raw(path, event.body, {**headers, "content-type": "application/json"})


def test_paypals_story_becomes_a_subscription_with_its_orders(stack: Stack) -> None:
    connection = f"pp-{uuid.uuid4().hex[:8]}"
    body = {"provider": "paypal", "mode": "live", "webhook_id": _WEBHOOK_ID}
    stack.api.put(f"/v1/connections/{connection}", body)
    told = story.sample("PAYMENT.SALE.REFUNDED", seed=connection)
    events = [*told.before, told.event]

    statuses = {_post(stack, connection, event, str(uuid.uuid4())) for event in events}

    assert statuses == {200}
    (subscription_id,) = told.truth.subscriptions
    record = eventually(
        lambda: stack.api.find(f"/v1/recurring-payments/{connection}/{subscription_id}") or {},
        lambda found: found.get("last_payment_status") == "partially_refunded",
    )
    assert (record["status"], record["email"]) == ("active", "ada@example.com")
    assert record["cycles_completed"] == 2
    assert "unconfirmed" in record["inferred"]
