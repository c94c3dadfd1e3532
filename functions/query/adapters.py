"""What `query` reads, and how one of its routes answers a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from shared.api.route import Answer, Request
from shared.domain.ports import Document, Library, Name, Page

if TYPE_CHECKING:
    from shared.adapters.change_log import Snapshot


class Shelf(Library, Protocol):
    """The table as `query` reads it."""

    def newest(
        self, log: Name, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of a log, the newest first. Raise BadRequest for a bad cursor.

        Logs are `("firings", automation_id)`, `("runs", automation_id)`,
        `("runs_of_contact", contact_id)`, and `("deliveries", endpoint_id)` with or without a state
        behind it; those of all states come state by state. `("deliveries_in", state)` are the
        `held`, `dead` or `gone` ones of all endpoints.
        """

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        """Return the records of a store's customer, page by page, those that show nothing too."""


class Bodies(Protocol):
    """Where events' bodies lie that are too large for a document."""

    def get(self, key: str) -> bytes:
        """Return what lies under `key`. Raise AwsError."""


class Log(Protocol):
    """The change log."""

    def snapshot(self) -> Snapshot:
        """Return the log as it is now. Raise Retryable where it cannot be read just now."""


class Exports(Protocol):
    """Where answers are kept that are too large to be carried."""

    def put(self, key: str, content: bytes, content_type: str | None = None) -> None:
        """Store `content` under `key`. Raise AwsError."""

    def reading_address(self, key: str, now: int) -> str:
        """Return a URL that gives this object to anybody for an hour from `now` (ms) on."""


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """What `query` reads: the table, the change log, the generated description of the API.

    `exports` is all it writes to. `now` is the time in ms, `new_id` makes names nobody can guess.
    """

    store: Shelf
    log: Log
    exports: Exports
    bodies: Bodies
    now: Callable[[], int]
    new_id: Callable[[], str]
    openapi: Callable[[], dict[str, Any]]
    local: bool


def listed_page(
    kind: str, render: Callable[[Document], dict[str, Any]], request: Request, at: Adapters
) -> Answer:
    """Return a page of all documents of one kind. Raise BadRequest for a bad limit or cursor."""
    limit, cursor = request.page()
    found, following = at.store.listed(kind, limit, cursor)
    return Answer(200, {"items": [render(each) for each in found], "next_cursor": following})
