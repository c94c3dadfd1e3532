"""WooCommerce's meaning: what each of its messages says, in the domain's vocabulary.

A message has no id and no time of its own. What it is about is told by a header (the topic); what
happened when, by the object inside: WooCommerce builds the body late, so one body may come under
several topics and several times over. An event is therefore known by its content alone: object,
time of modification and body. The delivery id is shared by whatever goes out in one second, and,
like the webhook's id, is not signed: neither has a say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers import woocommerce_orders as orders
from shared.providers import woocommerce_products as products
from shared.providers import woocommerce_subscriptions as subscriptions
from shared.providers.json_shapes import Json
from shared.providers.woocommerce_shapes import Event, Said, identity, moment

Reader = Callable[[Event], Said]

TOPIC_HEADER = "x-wc-webhook-topic"

MEANING: dict[str, Reader] = {
    "subscription.created": subscriptions.subscription,
    "subscription.updated": subscriptions.subscription,
    "subscription.switched": subscriptions.subscription,  # to other items; its status tells more
    "subscription.restored": subscriptions.subscription,
    "subscription.deleted": subscriptions.deleted,
    "order.created": orders.order,
    "order.updated": orders.order,
    "order.restored": orders.order,
    "order.deleted": orders.deleted,
    # Answers of the shop's API, put on the queue by call_providers.
    "fetched.subscription": subscriptions.subscription,
    "fetched.order": orders.order,
    "fetched.product": products.product,
}
_BY_ID_ALONE = frozenset({"subscription.deleted", "order.deleted"})
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Return what a message says. Raise Quarantined for one that can never be accepted.

    `headers` hold the topic; an answer of the API names its own in the body.
    """
    try:
        return _parsed(_loaded(body), headers.get(TOPIC_HEADER, ""))
    except RecursionError as error:
        raise Quarantined("bad_field", "the body is nested too deeply") from error


def fetched(kind: str, thing: Json) -> bytes:
    """Return an object the API gave as the body of an event."""
    return _canonical({"fetched": kind, "object": thing}).encode()


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(body.decode(), parse_constant=_refuse_constant)
    except ValueError as error:
        raise Quarantined("bad_field", "the body is not JSON") from error
    if not isinstance(loaded, dict):
        raise Quarantined("bad_field", "the body is not an object")
    return loaded


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _parsed(body: Json, topic: str) -> Parsed:
    thing, is_fetched = body, False
    if not topic and isinstance(body.get("fetched"), str):
        inner = body.get("object")
        topic, is_fetched = f"fetched.{body['fetched']}", True
        thing = inner if isinstance(inner, dict) else {}
    if not topic or not topic.isprintable() or len(topic) > 100:
        raise Quarantined("no_topic", f"the header {TOPIC_HEADER} does not say what happened")
    if "id" not in thing and isinstance(thing.get("code"), str) and "message" in thing:
        raise Quarantined(
            "error_body",
            "the shop sent an error instead of the object: the user who made the webhook may not "
            "read it any more; save the webhook again as a user who may",
        )
    digest = hashlib.sha256(_canonical(body).encode()).hexdigest()
    reader = MEANING.get(topic)
    if reader is None:
        return Parsed(digest[:32], topic, digest, None, None, known=False)
    own = identity(thing.get("id"), "id")
    by_id = topic in _BY_ID_ALONE
    at = None if by_id else _modified(thing)
    said = reader(Event(topic, own, at or 0, thing, is_fetched))
    stamp = "deleted" if by_id else str(thing["date_modified_gmt"])
    return Parsed(
        event_id=f"{own}-{stamp}-{digest[:32]}",
        event_type=topic,
        digest=digest,
        occurred_at=at,
        live=None,  # a shop does not say
        **said._asdict(),
    )


def _modified(thing: Json) -> int:
    """Return when the object was last modified, which is what its body tells of."""
    at = moment(thing, "date_modified_gmt")
    if at is None:
        # Older renderings have only the shop's local time, without saying what zone that is.
        raise Quarantined("bad_field", "date_modified_gmt is missing; use the webhook API wc/v3")
    return at
