"""A page of history under way from whoever fetched it to the processor.

Its objects travel as events, each with its own id and body, so that they are archived and folded
one by one. Packed, because a page is a hundred of them; above a queue's limit it travels by key.
Messages of the last release are in the queues after a deploy: fields are added, never renamed.
"""

from __future__ import annotations

import json
import zlib
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.errors import Quarantined

VERSION = 1
KIND = "page"
# A hundred of the largest objects any provider has shown, several times over.
PAGE_BYTES_MAX = 64 * 1024 * 1024
_encode = json.JSONEncoder(separators=(",", ":")).encode

Place = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PageEvent:
    """One object as an event: its id and its body, or the key a large one lies under by itself."""

    event_id: str
    body: bytes
    body_key: str | None = None


@dataclass(frozen=True, slots=True)
class PageMessage:
    """The `number`-th page of a job, fetched at `fetched_at` (ms); `page_id` names this copy.

    `phase` and `cursor` say which it is, `following` the next one's, None where nothing follows at
    all. `phases` are all of them in order, `total` is the number of objects in this page's, if that
    was told. `failure` says why there is no page.
    """

    connection_id: str
    provider: str
    job_id: str
    number: int
    page_id: str
    fetched_at: int
    phase: str
    cursor: str
    phases: tuple[str, ...] = ()
    following: Place | None = None
    total: int | None = None
    events: tuple[PageEvent, ...] = ()
    skipped: tuple[str, ...] = ()
    failure: str | None = None

    def about(self) -> dict[str, Any]:
        """Return what names the page, and may be logged."""
        named = ("connection_id", "provider", "job_id", "number")
        return {name: getattr(self, name) for name in named}

    def packed(self) -> bytes:
        """Return what the page holds, compressed."""
        content = {
            "page_id": self.page_id,
            "fetched_at": self.fetched_at,
            "phase": self.phase,
            "cursor": self.cursor,
            "phases": self.phases,
            "following": self.following,
            "total": self.total,
            "events": [_event(each) for each in self.events],
            "skipped": self.skipped,
            "failure": self.failure,
        }
        return zlib.compress(_encode(content).encode())

    def to_message(self, packed: bytes | None, body_key: str | None = None) -> str:
        """Return the text of the queue message, plain ASCII, its content in it or by key."""
        message = {"v": VERSION, "kind": KIND, **self.about()}
        if packed is None:
            return _encode({**message, "body_key": body_key})
        return _encode({**message, "body": b2a_base64(packed, newline=False).decode()})


def read_page(message: Mapping[str, Any], packed: bytes | None = None) -> PageMessage:
    """Return the page a message holds; `packed` is what lay under its key.

    Raise Quarantined for what no release of paysignal has sent.
    """
    try:
        content = json.loads(_unpacked(packed or a2b_base64(message["body"], strict_mode=True)))
        return PageMessage(
            connection_id=message["connection_id"],
            provider=message["provider"],
            job_id=message["job_id"],
            number=int(message["number"]),
            events=tuple(
                PageEvent(each["id"], each.get("body", "").encode(), each.get("body_key"))
                for each in content.pop("events")
            ),
            phases=tuple(content.pop("phases")),
            skipped=tuple(content.pop("skipped")),
            **content,
        )
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error, Base64Error) as error:
        raise Quarantined("bad_envelope", "the queue message is no page of history") from error


def _event(event: PageEvent) -> dict[str, str]:
    if event.body_key is not None:
        return {"id": event.event_id, "body_key": event.body_key}
    return {"id": event.event_id, "body": event.body.decode()}


def _unpacked(packed: bytes) -> bytes:
    reader = zlib.decompressobj()
    content = reader.decompress(packed, PAGE_BYTES_MAX)
    if not reader.eof:
        raise ValueError("the packed page is cut off or too large")
    return content
