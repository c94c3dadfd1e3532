"""The dates of recurring payments, asked of the newest rows of the change log.

Bounds are wide: a row that is found here is looked at again, by the table, before anything is done.
"""

# ruff: noqa: S608  # The texts are names of fields of our own; values are bound.

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.domain.automations.dates import DATE_FIELDS
from shared.domain.ports import Name

if TYPE_CHECKING:
    from shared.adapters.duck import Session


class Dated(NamedTuple):
    """A recurring payment and one of its dates (ms); `customer_id` is the store's, if known."""

    record: Name
    value: int
    customer_id: str | None = None


class DatesOfLog:
    """One look at the log."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def between(self, field: str, first: int, last: int) -> list[Dated]:
        """Return the recurring payments whose field lies between two times, mirrors left out.

        Raise ValueError for what is no date of a recurring payment.
        """
        if field not in DATE_FIELDS:
            raise ValueError(f"{field} is no date of a recurring payment")
        return self._found(field, "TRUE", [first, last], "")

    def overdue(self, after: int, until: int, limit: int) -> list[Dated]:
        """Return active ones whose next payment was due after one time, until another."""
        return self._found(
            "next_payment_date", "r.status = 'active'", [after + 1, until], f" LIMIT {int(limit)}"
        )

    def _found(self, field: str, also: str, bounds: list[int], limit: str) -> list[Dated]:
        rows = self._session.rows(
            f'SELECT r.connection_id, r.id, r."{field}", r.store_customer_id'
            f' FROM recurring_payments r WHERE r."{field}" BETWEEN ? AND ?'
            f" AND r.mirror_of IS NULL AND {also}"
            f' ORDER BY r."{field}", r.connection_id, r.id{limit}',
            bounds,
        )
        return [
            Dated(("recurring_payment", connection_id, identity), value, customer)
            for connection_id, identity, value, customer in rows
        ]
