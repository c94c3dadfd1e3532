"""Envelopes: what goes in comes out, and nothing that is not one comes out at all."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.envelope import (
    BODY_BYTES_MAX,
    EventEnvelope,
    deduplication_of,
    group_of,
    read_message,
    unpack,
)
from shared.domain.errors import Quarantined

_NAMES = st.one_of(st.none(), st.text(min_size=1, max_size=255))


@settings(deadline=None)
@given(
    body=st.binary(max_size=2_000),
    headers=st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=3),
    event_id=_NAMES,
    subject=_NAMES,
)
def test_envelope_survives_the_queue_unchanged(
    body: bytes, headers: dict[str, str], event_id: str | None, subject: str | None
) -> None:
    sent = EventEnvelope(
        provider="stripe",
        connection_id="shop",
        received_at=1_795_000_000_123,
        body=body,
        headers=headers,
        event_id=event_id,
        subject=subject,
        source="retry",
        quarantine_id="q_1",
    )

    message = sent.to_message()
    read = read_message(message)

    assert message.isascii(), "SQS refuses some characters, ASCII JSON none"
    assert isinstance(read, EventEnvelope)
    assert read.body() == body
    assert read.packed == sent.packed
    for name in ("provider", "connection_id", "received_at", "headers", "event_id", "subject"):
        assert getattr(read, name) == getattr(sent, name)
    assert (read.source, read.quarantine_id) == ("retry", "q_1")


def test_ids_no_provider_sends_are_left_to_the_processor() -> None:
    """Matrix row 22: a 3 MB id would make a message no queue takes."""
    long = "x" * 256
    sent = EventEnvelope(
        provider="stripe",
        connection_id="shop",
        received_at=0,
        body=b"{}",
        event_id=long,
        subject=long,
    )

    read = json.loads(sent.to_message())

    assert (read["event_id"], read["subject"]) == (None, None)


def test_job_is_read_as_its_fields() -> None:
    job = {"v": 1, "kind": "job", "job": "attach_contact", "email": "ada@example.com"}

    assert read_message(json.dumps(job)) == job


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "null",
        "[]",
        "{}",
        '{"v":2,"kind":"event"}',
        '{"v":1,"kind":"other"}',
        '{"v":1,"kind":"event"}',
        '{"v":1,"kind":"event","provider":"stripe","connection_id":"shop","received_at":"soon"}',
        '{"v":1,"kind":"event","provider":"stripe","connection_id":"shop","received_at":1,'
        '"body":"not base64!"}',
    ],
)
def test_message_that_is_no_envelope_is_quarantined(text: str) -> None:
    """One crafted or broken message must not fail its batch again and again (queue poisoning)."""
    with pytest.raises(Quarantined) as raised:
        read_message(text)

    assert raised.value.code == "bad_envelope"


@pytest.mark.parametrize(
    "packed",
    [None, b"", b"not zlib", zlib.compress(b"x" * 100)[:-3]],
    ids=["none", "empty", "no zlib", "cut off"],
)
def test_broken_body_is_quarantined(packed: bytes | None) -> None:
    with pytest.raises(Quarantined):
        unpack(packed)


def test_body_that_unpacks_beyond_the_doors_limit_is_quarantined_unread() -> None:
    """A bomb of 10 KB must not become 10 MB of memory."""
    assert unpack(zlib.compress(b"x" * BODY_BYTES_MAX)) == b"x" * BODY_BYTES_MAX

    with pytest.raises(Quarantined):
        unpack(zlib.compress(b"x" * (BODY_BYTES_MAX + 1)))


def test_groups_are_told_apart_by_connection_and_subject() -> None:
    groups = {
        group_of("shop", "cus_1"),
        group_of("shop", "cus_2"),
        group_of("shop2", "cus_1"),
        group_of("shopcus", "_1"),
    }

    assert len(groups) == 4
    assert all(len(group) == 40 and group.isalnum() for group in groups)


def test_identity_tells_every_part_of_a_request_apart() -> None:
    """powertools-lambda-python#2465: keys hashed from missing parts made unrelated events one."""
    identities = [
        deduplication_of("shop", {}, b"body"),
        deduplication_of("shop2", {}, b"body"),
        deduplication_of("shop", {}, b"body2"),
        deduplication_of("shop", {}, b"body", nonce="1"),
        deduplication_of("shop", {"x-topic": "a"}, b"body"),
        deduplication_of("shop", {"x-topic": "b"}, b"body"),
        deduplication_of("shop", {"x-topic": "", "a": ""}, b"body"),
        deduplication_of("shop", {"x-topica": ""}, b"body"),
        deduplication_of("shop", {"x-topic": "a", "b": ""}, b"ody"),
    ]

    assert len(set(identities)) == len(identities)


def test_identity_does_not_depend_on_the_order_of_headers() -> None:
    first = deduplication_of("shop", {"a": "1", "b": "2"}, b"body")

    assert first == deduplication_of("shop", {"b": "2", "a": "1"}, b"body")


def test_body_of_the_last_release_is_still_read() -> None:
    """Written out, not built by today's code: what lies in the queues must survive a deploy."""
    message = {
        "v": 1,
        "kind": "event",
        "provider": "stripe",
        "connection_id": "shop",
        "received_at": 1_795_000_000_000,
        "headers": {},
        "body": b64encode(zlib.compress(b'{"id":"evt_1"}')).decode(),
        "event_id": "evt_1",
        "subject": "cus_1",
        "source": "live",
    }

    read = read_message(json.dumps(message))

    assert isinstance(read, EventEnvelope)
    assert (read.body(), read.event_id) == (b'{"id":"evt_1"}', "evt_1")
