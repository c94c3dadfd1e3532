"""Reports asked over HTTP, in process: a small business behind the real routes and key check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.query.routes import ROUTES
from shared.api.keys import KeyRing, create_key
from shared.api.resolver import Api
from tests.support.api_client import Reply, http_event
from tests.support.log_books import NOW, Books, state


def business() -> Books:
    """Return a month in which something of every report happened."""
    books = Books()
    books.automation("rescue", name="Rescue")
    books.contact("ada", "2026-08-02", created_date=NOW - 60 * 86_400_000, first_source="ads")
    books.recurring_payment("2026-08-02", state("2026-08-02"), contact_id="ada")
    books.contact("grace", "2026-06-01")
    books.recurring_payment("2026-06-01", state("2026-06-01"), contact_id="grace")
    books.order("2026-08-02T10:00", contact_id="ada", kind="subscription")
    books.order("2026-09-02T10:00", contact_id="ada", back=[("refund", "2026-09-03", 400)])
    books.activity("ada@example.com", "open", "2026-08-01T09:00", campaign="autumn")
    books.spend("2026-08-01", 500, source="ads")
    books.firing("rescue", "f1", "ada", "2026-08-03T09:00", delivered=1)
    return books


class ReportGateway:
    """`query` behind a gateway, over some books, with a key that may read reports alone."""

    def __init__(self, books: Books) -> None:
        self.key = create_key(
            books.store, "dashboard", ("reports:read",), None, NOW, lambda: "0" * 36
        )["key"]
        keys = KeyRing(books.store, cache_seconds=60, now=lambda: NOW)
        self._api = Api(ROUTES, books.adapters, keys=keys)

    def get(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Answer a request; it carries the key unless its headers carry something."""
        sent = {"authorization": f"Bearer {self.key}", **headers}
        answer: dict[str, Any] = self._api(http_event("GET", path, sent, query, None), None)
        told = {name.lower(): value for name, value in answer["headers"].items()}
        return Reply(answer["statusCode"], told, answer.get("body") or "")
