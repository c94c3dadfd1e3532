"""The message an event travels in, from its door through the queues to the processor.

It carries the untouched body (compressed), the headers that carry meaning, and what the door read
in passing; never a secret, never a signature. All other meaning is the processor's. Messages of
the last release are still in the queues after a deploy, so fields are added, never renamed.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping

from shared.domain.errors import Quarantined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
# The header of an answer that tells when (ms) what it was asked for has happened.
ASKED_AT = "asked-at"
BODY_BYTES_MAX = 4 * 1024 * 1024
# Longer ids are nothing a provider sends; the processor finds them in the body if it must.
_NAME_CHARACTERS_MAX = 255
# Enough to tell events of a day apart: two of a hundred million are alike once in four thousand.
RECEIPT_CHARACTERS = 16
_encode = json.JSONEncoder(separators=(",", ":")).encode


class EventEnvelope:
    """One provider event under way; `received_at` in ms, `packed` the zlib of the raw body.

    A door gives the raw `body`; a reader of the queue gives `packed`, or the `body_key` under
    which that lies in the bucket. A retry of a quarantined event names the row it is to clear by
    `quarantine_id`.
    """

    __slots__ = (
        "_body",
        "body_key",
        "connection_id",
        "event_id",
        "headers",
        "packed",
        "provider",
        "quarantine_id",
        "received_at",
        "source",
        "subject",
    )

    def __init__(
        self,
        *,
        provider: str,
        connection_id: str,
        received_at: int,
        body: bytes | None = None,
        packed: bytes | None = None,
        body_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        event_id: str | None = None,
        subject: str | None = None,
        source: str = "live",
        quarantine_id: str | None = None,
    ) -> None:
        self.provider = provider
        self.connection_id = connection_id
        self.received_at = received_at
        self._body = body
        self.packed = packed if body is None else zlib.compress(body)
        self.body_key = body_key
        self.headers = dict(headers or {})
        self.event_id = event_id
        self.subject = subject
        self.source = source
        self.quarantine_id = quarantine_id

    def body(self) -> bytes:
        """Return the raw body. Raise Quarantined where it is missing, broken or too large."""
        if self._body is None:
            self._body = unpack(self.packed)
        return self._body

    def to_message(self, body_key: str | None = None) -> str:
        """Return the text of the queue message, plain ASCII; with `body_key`, by that key alone."""
        message = {
            "v": VERSION,
            "kind": "event",
            "provider": self.provider,
            "connection_id": self.connection_id,
            "received_at": self.received_at,
            "headers": self.headers,
            "event_id": _short(self.event_id),
            "subject": _short(self.subject),
            "source": self.source,
        }
        if self.quarantine_id is not None:
            message["quarantine_id"] = self.quarantine_id
        if body_key or self.packed is None:
            message["body_key"] = body_key or self.body_key
        else:
            message["body"] = b2a_base64(self.packed, newline=False).decode()
        return _encode(message)


def unpack(packed: bytes | None) -> bytes:
    """Return the raw body. Raise Quarantined where it is missing, broken or above 4 MB."""
    reader = zlib.decompressobj()
    try:
        body = reader.decompress(packed or b"", BODY_BYTES_MAX + 1)
    except zlib.error as error:
        raise Quarantined("bad_envelope", "the packed body is broken") from error
    if len(body) > BODY_BYTES_MAX or not reader.eof:
        raise Quarantined("bad_envelope", "the packed body is cut off or too large")
    return body


def read_message(text: str) -> EventEnvelope | dict[str, Any]:
    """Return a queue message: an event's envelope, or a job or page of history as a plain dict.

    Raise Quarantined for what no release of paysignal has sent: no retry will make it readable.
    """
    try:
        message = json.loads(text)
        kind, version = message["kind"], message["v"]
        if version == VERSION and kind in ("job", "page"):
            return dict(message)
        if version != VERSION or kind != "event":
            raise ValueError(kind)
        packed = message.get("body")
        return EventEnvelope(
            provider=message["provider"],
            connection_id=message["connection_id"],
            received_at=int(message["received_at"]),
            packed=None if packed is None else a2b_base64(packed, strict_mode=True),
            body_key=message.get("body_key"),
            headers=message.get("headers"),
            event_id=message.get("event_id"),
            subject=message.get("subject"),
            source=message.get("source", "live"),
            quarantine_id=message.get("quarantine_id"),
        )
    except (ValueError, KeyError, TypeError, Base64Error) as error:
        raise Quarantined("bad_envelope", "the queue message is not an envelope") from error


def group_of(connection_id: str, subject: str) -> str:
    """Return the queue's message group: events of one subject stay in order, others pass them."""
    return hashlib.sha256(f"{connection_id}\0{subject}".encode()).hexdigest()[:40]


def deduplication_of(
    connection_id: str, headers: Mapping[str, str], body: bytes, nonce: str = ""
) -> str:
    """Return the queue's de-duplication id: same connection, meaning and body, same id.

    Providers reuse event ids for different bodies, so the id has no say. Each part is preceded by
    its length, else two different requests could be put together to one text. A retry or a redrive
    passes a `nonce`, or the queue would swallow it.
    """
    texts = [connection_id]
    for name in sorted(headers):
        texts += name, headers[name]
    parts = [text.encode("utf-8", "surrogatepass") for text in (*texts, "", nonce)]
    parts.append(body)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def receipt_of(connection_id: str, headers: Mapping[str, str], body: bytes) -> str:
    """Return what a door's log and an audit know an event by: no word of it can be read back."""
    return deduplication_of(connection_id, headers, body)[:RECEIPT_CHARACTERS]


def _short(name: str | None) -> str | None:
    return name if name is not None and len(name) <= _NAME_CHARACTERS_MAX else None
