"""Whatever a shop's body holds, it is read or quarantined: nothing else is ever raised."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.samples import woocommerce as story
from shared.domain.errors import Quarantined
from shared.providers import woocommerce

_BODIES = {
    topic: story.sample(name).event.content
    for topic, name in (
        ("order.updated", "order.updated.refunded"),
        ("order.created", "order.created.renewal"),
        ("subscription.updated", "subscription.updated.on_hold"),
        ("subscription.deleted", "subscription.deleted"),
        ("fetched", "order.updated"),
    )
}
_ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "0", "-1", "9" * 5_000, "2024-02-30T00:00:00", "1.005", "\ud800", "é@"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
_LISTS = ("line_items", "meta_data", "refunds")


@st.composite
def _messages(draw: st.DrawFn) -> tuple[bytes, dict[str, str]]:
    topic = draw(st.sampled_from(sorted(_BODIES)))
    body = json.loads(json.dumps(_BODIES[topic]))
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*sorted(body), "payment_retry_date_gmt", "parent_id"]))
        rows = body.get(name)
        if name in _LISTS and rows and isinstance(rows, list) and isinstance(rows[0], dict):
            rows[0][draw(st.sampled_from(sorted(rows[0])))] = draw(_ODD)
        else:
            body[name] = draw(_ODD)
    if topic == "fetched":
        kind = draw(st.sampled_from(["order", "product", "subscription", "else"]))
        return json.dumps({"fetched": kind, "object": body}).encode(), {}
    return json.dumps(body).encode(), {woocommerce.TOPIC_HEADER: topic}


@settings(max_examples=300, deadline=None)
@given(_messages())
def test_any_body_is_read_or_quarantined(message: tuple[bytes, dict[str, str]]) -> None:
    body, headers = message

    try:
        said = woocommerce.parse(body, headers)
    except Quarantined:
        return

    assert said.event_id.isprintable()
    json.dumps([dict(order.facets) for order in said.orders])
