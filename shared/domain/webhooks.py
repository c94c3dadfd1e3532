"""What a provider's door speaks: the request as it came, and why it may be turned away.

A provider's `verify` gets a Request, the connection's secrets and the time, and returns only for
a genuine request. It must compare in constant time, must not look into the body first, and must
never accept because something is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.errors import PaysignalError, Retryable, Unauthorized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ID_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_ID_LENGTH_MAX = 64


class InvalidSignature(Unauthorized):
    """The sender is not proved: answered 401, always with the same body; `metric` is counted."""

    def __init__(self, metric: str = "bad_signature") -> None:
        super().__init__(metric)
        self.metric = metric


class NoSecret(Retryable):
    """The connection has no usable secret: no request can be proved until somebody sets one."""


class Ping(PaysignalError):
    """A provider's unsigned greeting, to be answered 200 without any effect."""


class Request:
    """A provider's POST: header names in small letters, `body` the raw bytes off the wire."""

    __slots__ = ("body", "connection_id", "headers", "method", "query")

    def __init__(
        self,
        *,
        method: str,
        connection_id: str,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        body: bytes,
    ) -> None:
        self.method = method
        self.connection_id = connection_id
        self.headers = headers
        self.query = query
        self.body = body

    def header(self, name: str) -> str:
        """Return the header, empty where it was not sent; sent twice, both joined by a comma."""
        return self.headers.get(name, "")


def is_connection_id(text: str) -> bool:
    """Say whether `text` can name a connection: 1 to 64 letters, digits, hyphens, underscores."""
    return 0 < len(text) <= _ID_LENGTH_MAX and _ID_CHARACTERS.issuperset(text)


def usable_secrets(secrets: Mapping[str, Any], prefix: str = "") -> list[bytes]:
    """Return the signing secrets that may be used as keys. Raise NoSecret where there is none.

    HMAC takes an empty key without complaint, and then anybody can sign. A bare `prefix` is as
    empty as nothing.
    """
    listed = secrets.get("signing_secrets")
    texts = listed if isinstance(listed, list) else []
    usable = [
        text.encode()
        for text in texts
        if isinstance(text, str) and text.strip() not in ("", prefix)
    ]
    if not usable:
        raise NoSecret("the connection has no signing secret")
    return usable


def text_at(body: Mapping[str, Any], *path: str) -> str | None:
    """Return the non-empty text at `path`, or the `id` of the object there; None for all else."""
    value: Any = body
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and value else None
