"""API keys made and revoked with AWS credentials: the first one has nobody to ask over HTTP."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable

from infra.aws import Aws
from shared.adapters.aws import AwsClient
from shared.adapters.table import Table
from shared.api.access import SCOPES
from shared.api.keys import KeyRing, create_key, revoke_key
from shared.domain.errors import Unauthorized
from shared.domain.ports import Document

ALL_SCOPES = tuple(SCOPES)
_PAGE = 100


class Keys:
    """The keys of the stack whose table this is."""

    def __init__(self, aws: Aws, table_name: str) -> None:
        self._table = Table(table_name, AwsClient.from_environment("dynamodb", aws.environment()))

    def create(
        self, name: str, scopes: Iterable[str] = ALL_SCOPES, expires_date: int | None = None
    ) -> str:
        """Make a key and return it, for the only time. Raise Invalid for bad terms."""
        made = create_key(
            self._table, name, scopes, expires_date, _now(), lambda: secrets.token_hex(32)
        )
        return str(made["key"])

    def revoke(self, key_id: str) -> None:
        """Make a key unusable. Raise NotFound where there is none."""
        revoke_key(self._table, key_id)

    def all(self) -> list[Document]:
        """Return what is known of every key; never the keys themselves."""
        rows, cursor = self._table.listed("key", _PAGE, None)
        while cursor:
            more, cursor = self._table.listed("key", _PAGE, cursor)
            rows += more
        return rows

    def work(self, key: str) -> bool:
        """Tell whether the API accepts this key now."""
        try:
            KeyRing(self._table, cache_seconds=0, now=_now).caller(f"Bearer {key}")
        except Unauthorized:
            return False
        return True


def _now() -> int:
    return time.time_ns() // 1_000_000
