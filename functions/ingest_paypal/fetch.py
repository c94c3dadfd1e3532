"""One GET of one small file: no redirects, no proxy, little time and a cap on what is read.

Where to is decided by the caller, by exact rules; this must never be handed an unchecked URL.
"""

from __future__ import annotations

import http.client
import ssl
import time
from urllib.parse import urlsplit

from shared.domain.errors import Retryable

BYTES_MAX = 64 * 1024
_STEP_SECONDS = 1.5
_TOTAL_SECONDS = 3.0
_PIECE = 8 * 1024


def fetch(url: str) -> bytes:
    """Return the file's bytes. Raise Retryable for every other answer, and for none."""
    try:
        return _read(url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Retryable(f"the certificate cannot be fetched: {type(error).__name__}") from error


def _read(url: str) -> bytes:
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=_STEP_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_STEP_SECONDS
        )
    until = time.monotonic() + _TOTAL_SECONDS
    try:
        connection.request("GET", parts.path, headers={"accept": "*/*", "connection": "close"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise Retryable(f"the certificate cannot be fetched: {answer.status}")
        return _body(answer, until)
    finally:
        connection.close()


def _body(answer: http.client.HTTPResponse, until: float) -> bytes:
    found = b""
    while piece := answer.read1(_PIECE):
        found += piece
        if len(found) > BYTES_MAX:
            raise Retryable("the certificate is larger than one can be")
        if time.monotonic() > until:
            raise Retryable("the certificate takes too long")
    return found
