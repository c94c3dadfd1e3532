"""Answers that are too large to be carried: kept for a day, and fetched by an address of their own.

A Lambda answers at most 6 MB. What is larger is put into the log's bucket under a name of chance,
and the caller is sent there: the address lets anybody read this one object for an hour, so it is as
secret as a key. Nothing here deletes; the bucket's lifecycle does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.api.route import Answer
from shared.domain import times

if TYPE_CHECKING:
    from functions.query.adapters import Adapters

PREFIX = "exports/"
# Of what the gateway carries, which writes bytes as base64 and quotes each quotation mark.
INLINE_BYTES_MAX = 5 * 1024 * 1024
_ENDINGS = {"application/json": "json", "text/csv": "csv"}


def sent(answer: Answer, at: Adapters) -> Answer:
    """Return an answer as it is, or where it is too large, one that says where it can be had.

    Raise AwsError where it cannot be stored.
    """
    content = _content(answer)
    if answer.status != 200 or _carried(answer, content) <= INLINE_BYTES_MAX:
        return answer
    now = at.now()
    ending = _ENDINGS.get(answer.content_type.partition(";")[0], "parquet")
    key = f"{PREFIX}{at.new_id()}.{ending}"
    at.exports.put(key, content, answer.content_type)
    url = at.exports.reading_address(key, now)
    told = {
        "url": url,
        "bytes": len(content),
        "content_type": answer.content_type,
        "expires_date": times.to_text(now + times.HOUR),
    }
    kept = {name: value for name, value in answer.headers.items() if name != "ETag"}
    return Answer(303, told, headers={**kept, "Location": url})


def _content(answer: Answer) -> bytes:
    if isinstance(answer.body, bytes):
        return answer.body
    if isinstance(answer.body, str):
        return answer.body.encode()
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()


def _carried(answer: Answer, content: bytes) -> int:
    """Return how many bytes an answer is on its way to the gateway."""
    if isinstance(answer.body, bytes):
        return len(content) * 4 // 3
    return len(content) + content.count(b'"') + content.count(b"\\") + content.count(b"\n")
