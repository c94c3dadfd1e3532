"""The queues as they carry pages of history too; apart from what doors load to take an event.

A page above SQS's size travels by key, and so does a body within it that no document could hold.
A page may be stored twice: whoever reads it takes one copy.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.adapters.queue import MESSAGE_BYTES_MAX, Queue
from shared.domain.envelope import unpack
from shared.domain.history_message import PageMessage, read_page


class PageQueue(Queue):
    """The queues of a Lambda that sends or opens pages; it needs the bucket of large bodies."""

    def send_page(self, url: str, page: PageMessage) -> None:
        """Put a page of history on a standard queue. Raise AwsError."""
        # What one document cannot hold is archived by key, so it has to lie under one of its own.
        events = tuple(
            replace(each, body_key=self._keep(page.connection_id, zlib.compress(each.body)))
            if len(each.body) > MESSAGE_BYTES_MAX
            else each
            for each in page.events
        )
        packed = replace(page, events=events).packed()
        message = page.to_message(packed)
        if len(message) > MESSAGE_BYTES_MAX:
            message = page.to_message(None, self._keep(page.connection_id, packed))
        self._send(url, message, "", "")

    def open_page(self, message: Mapping[str, Any]) -> PageMessage:
        """Return the page a message holds, fetched where it or a body travelled by key.

        Raise Quarantined for no page, and AwsError.
        """
        key = message.get("body_key")
        page = read_page(message, self._bucket().get(key) if key else None)
        events = tuple(
            replace(each, body=unpack(self._bucket().get(each.body_key))) if each.body_key else each
            for each in page.events
        )
        return replace(page, events=events)

    def _keep(self, connection_id: str, packed: bytes) -> str:
        key = f"{connection_id}/{hashlib.sha256(packed).hexdigest()}"
        self._bucket().put(key, packed)
        return key
