"""API keys: made once, shown once, kept as a hash, and read back on every request.

A key is `ps_<key_id>_<secret>`. The table holds its SHA-256 (a random 256-bit secret needs no
slower hash) under which a request finds its scopes by one point read, and a second document under
the key's id for people to list and to revoke by. The key itself must never be stored or logged,
nor ever be taken from a URL: those are logged and shared.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from shared.api.access import SCOPES
from shared.domain.errors import Forbidden, Invalid, NotFound, Unauthorized
from shared.domain.ports import Document, Name, Reads, Write, Writes
from shared.domain.times import SECOND

_KEY = re.compile(r"ps_[0-9a-z]{1,32}_[0-9A-Za-z_-]{20,200}", re.ASCII)
_REMEMBERED_MAX = 1_000
_LONGEST_NAME = 200


class KeyStore(Reads, Writes, Protocol):
    """What making and revoking a key needs of the table."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the key's id, and what it may do."""

    key_id: str
    scopes: frozenset[str]

    def check(self, scope: str | None) -> None:
        """Raise Forbidden unless the caller has the scope."""
        if scope is None or scope not in self.scopes:
            raise Forbidden("The key does not have the scope this route needs.")


def create_key(
    store: Writes,
    name: str,
    scopes: Iterable[str],
    expires_date: int | None,
    now: int,
    new_secret: Callable[[], str],
) -> dict[str, Any]:
    """Make an API key and return it, for the only time, as `key` beside `key_id` and its terms.

    Used by `POST /v1/keys` and by `./paysignal keys create` and `up` (the first key has nobody to
    ask over HTTP): `store` is a `Table`, times are ms, `expires_date` None means never, and
    `new_secret` returns at least 20 characters of `[0-9A-Za-z_-]` that nobody can guess, such as
    `lambda: secrets.token_hex(32)`. Raise Invalid where a value breaks a rule.
    """
    wanted = tuple(dict.fromkeys(scopes))
    _check(name, wanted, expires_date, now)
    secret = new_secret()
    key_id = sha256(f"key_id {secret}".encode()).hexdigest()[:12]
    key = f"ps_{key_id}_{secret}"
    if not _KEY.fullmatch(key):
        raise ValueError("new_secret made a secret that no request could carry")
    digest = _digest(key)
    terms: dict[str, Any] = {
        "version": 1,
        "key_id": key_id,
        "scopes": list(wanted),
        "expires_date": expires_date,
    }
    described = {**terms, "name": name.strip(), "created_date": now, "hash": digest}
    store.commit(
        [
            Write(("key", key_id), described, 0),
            Write(("secret", digest), terms, 0),
        ]
    )
    return {**described, "key": key}


def revoke_key(store: KeyStore, key_id: str) -> None:
    """Make a key unusable, at once or when caches forget it. Raise NotFound where there is none."""
    name: Name = ("key", key_id)
    key = store.read([name])[name]
    if key is None:
        raise NotFound("There is no such key.")
    store.commit([Write(("secret", key["hash"]), None, None), Write(name, None, None)])


class KeyRing:
    """The keys of recent callers, remembered for as long as configuration may be stale."""

    def __init__(self, store: Reads, *, cache_seconds: int, now: Callable[[], int]) -> None:
        """Read keys from `store`; `now` returns ms."""
        self._store = store
        self._cache = cache_seconds * SECOND
        self._now = now
        self._remembered: dict[str, tuple[int, Document | None]] = {}

    def caller(self, authorization: str | None) -> Caller:
        """Return who sent this `Authorization` header. Raise Unauthorized for anybody else.

        The key comes by itself (`Bearer`), or as the password of any user (`Basic`): that is what
        spreadsheets can send.
        The answer is the same for a missing, malformed, unknown and expired key.
        """
        key = _sent(authorization or "")
        known = self._terms(_digest(key)) if _KEY.fullmatch(key) else None
        expires = known["expires_date"] if known else None
        if known is None or (expires is not None and expires <= self._now()):
            raise Unauthorized("A valid API key is needed: Authorization: Bearer <key>.")
        return Caller(known["key_id"], frozenset(known["scopes"]))

    def _terms(self, digest: str) -> Document | None:
        # Unknown keys are remembered too, or guessing them would become a flood of reads.
        now = self._now()
        read_at, known = self._remembered.get(digest, (None, None))
        if read_at is not None and now < read_at + self._cache:
            return known
        name: Name = ("secret", digest)
        known = self._store.read([name])[name]
        if len(self._remembered) >= _REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[digest] = (now, known)
        return known


def _check(name: str, scopes: tuple[str, ...], expires_date: int | None, now: int) -> None:
    errors = []
    if not name.strip() or len(name) > _LONGEST_NAME:
        errors.append(("name", f"has to be 1 to {_LONGEST_NAME} characters"))
    if not scopes or not set(scopes) <= set(SCOPES):
        errors.append(("scopes", f"has to be one or more of {', '.join(SCOPES)}"))
    if expires_date is not None and expires_date <= now:
        errors.append(("expires_date", "has to lie in the future"))
    if errors:
        raise Invalid("The key cannot be made like this.", tuple(errors))


def _sent(authorization: str) -> str:
    """Return the key a header carries, empty where it carries none."""
    scheme, _, sent = authorization.strip().partition(" ")
    sent = sent.strip()
    if scheme.lower() == "bearer":
        return sent
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(sent, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
