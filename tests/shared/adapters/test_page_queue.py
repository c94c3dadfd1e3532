"""Pages of history on their queue, and the detour of what is large through the bucket."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.page_queue import PageQueue
from shared.adapters.queue import MESSAGE_BYTES_MAX
from shared.domain.envelope import read_message
from shared.domain.errors import Quarantined
from shared.domain.history_message import PageEvent, PageMessage, read_page
from tests.shared.adapters.test_queue import FakeBucket, FakeSqs

_URL = "https://sqs.eu-central-1.amazonaws.com/111122223333/history"
_PAGE = PageMessage(
    connection_id="shop",
    provider="stripe",
    job_id="job-1",
    number=7,
    page_id="page-1",
    fetched_at=1_795_000_000_000,
    phase="orders",
    cursor="in_1",
    phases=("customers", "orders"),
    following={"phase": "orders", "cursor": "in_2"},
    total=12,
    events=(PageEvent("fetch_1", b'{"id":"in_2"}'),),
    skipped=("in_3",),
)


def noise(size: int, seed: int = 1) -> bytes:
    """Return ASCII that cannot be packed to much less."""
    return random.Random(seed).randbytes(size // 2).hex().encode()


def sent(page: PageMessage, bucket: FakeBucket | None = None) -> tuple[str, PageQueue]:
    sqs = FakeSqs()
    queue = PageQueue(sqs, bucket)
    queue.send_page(_URL, page)
    (payload,) = sqs.sent
    assert set(payload) == {"QueueUrl", "MessageBody"}
    return payload["MessageBody"], queue


def opened(text: str, queue: PageQueue) -> PageMessage:
    message = read_message(text)
    assert isinstance(message, dict)
    return queue.open_page(message)


def test_a_page_travels_as_one_message_and_is_read_as_it_was() -> None:
    text, queue = sent(_PAGE)

    assert opened(text, queue) == _PAGE
    assert text.isascii()


def test_a_page_above_the_queues_limit_goes_through_the_bucket() -> None:
    bucket = FakeBucket()
    events = tuple(PageEvent(f"fetch_{n}", noise(MESSAGE_BYTES_MAX // 4, n)) for n in range(10))
    page = replace(_PAGE, events=events)

    text, queue = sent(page, bucket)

    assert len(text) < 1_000
    assert len(bucket.objects) == 1
    assert all(key.startswith("shop/") for key in bucket.objects)
    assert opened(text, queue) == page


def test_an_object_no_document_could_hold_lies_by_itself() -> None:
    bucket = FakeBucket()
    large = PageEvent("fetch_9", noise(MESSAGE_BYTES_MAX + 2))
    page = replace(_PAGE, events=(*_PAGE.events, large))

    text, queue = sent(page, bucket)

    (key,) = bucket.objects
    assert len(text) < MESSAGE_BYTES_MAX
    small, read = opened(text, queue).events
    assert (small.body_key, read.body_key) == (None, key)
    assert read.body == large.body


def test_a_failure_travels_as_well() -> None:
    page = replace(_PAGE, events=(), following=None, failure="The provider refuses the key.")

    text, queue = sent(page)

    assert opened(text, queue).failure == "The provider refuses the key."


@pytest.mark.parametrize(
    "changed",
    [{"body": "AAAA"}, {"body": None}, {"body": "not base64!"}, {"number": "x"}, {"job_id": ...}],
)
def test_what_no_release_has_sent_is_refused(changed: dict[str, Any]) -> None:
    text, _ = sent(_PAGE)
    message = {**json.loads(text), **changed}
    if changed.get("job_id") is ...:
        del message["job_id"]

    with pytest.raises(Quarantined, match="no page of history"):
        read_page(message)


def test_a_page_cut_off_is_refused() -> None:
    text, _ = sent(_PAGE)

    with pytest.raises(Quarantined):
        read_page(json.loads(text), _PAGE.packed()[:-5])
