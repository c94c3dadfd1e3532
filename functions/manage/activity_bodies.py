"""What people did and what was spent, as bodies state it: one closed model per kind of item."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from functions.manage.item_results import Fault
from functions.manage.store_bodies import Amount, Currency, Time
from shared.api.bodies import Body, Email, Line, LongLine
from shared.domain import money, times
from shared.domain.errors import Quarantined
from shared.domain.heard import LABELLED, ActivityKind

ITEMS_MAX = 500
_LABEL_LONGEST = 200
# Clocks differ; what lies further ahead would outdo all that really happens until then.
_AHEAD = 5 * times.MINUTE


def _day(text: str) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day") from None
    return found.isoformat()


class ActivityItem(Body):
    """What somebody did, or was sent."""

    email: Email
    kind: ActivityKind
    subject: LongLine | None = Field(
        default=None,
        description="The message's subject, the link that was clicked, the page of a visit; the "
        "tag or the list where it is about one, which it then has to name.",
    )
    campaign: Line | None = None
    source: Line | None = Field(
        default=None, description="Where a visit came from. A contact's first visit is kept."
    )
    automation_id: Line | None = Field(
        default=None, description="The automation whose message it was, for its report."
    )
    occurred_date: Time | None = Field(default=None, description="Now where omitted.")
    id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")] | None = Field(
        default=None,
        description="Your own, one for each activity of an address. What is sent again under it "
        "changes nothing. Without one, all that is stated makes an item the same.",
    )

    def faults(self, now: int) -> Iterator[Fault]:
        """Yield what is wrong between fields, each a path and a message."""
        if self.kind in LABELLED:
            if self.subject is None:
                yield "subject", f"has to name the {LABELLED[self.kind][0]}"
            elif len(self.subject) > _LABEL_LONGEST:
                yield "subject", f"is longer than {_LABEL_LONGEST} characters"
        if self.source is not None and self.kind != "visit":
            yield "source", "is for visits alone"
        if self.occurred_date and times.from_text(self.occurred_date) > now + _AHEAD:
            yield "occurred_date", "lies in the future"


class ActivityItems(Body):
    """Items, each judged by itself."""

    items: Annotated[list[Any], Field(max_length=ITEMS_MAX)]


class ActivityBody(ActivityItems):
    """What people did."""

    items: Annotated[list[ActivityItem], Field(max_length=ITEMS_MAX)]


class SpendItem(Body):
    """What a source or campaign cost on a day of the business's timezone."""

    date: Annotated[
        str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day)
    ] = Field(json_schema_extra={"format": "date"})
    source: Line | None = None
    campaign: Line | None = None
    amount: Amount
    currency: Currency

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong between fields, each a path and a message."""
        try:
            money.from_text(self.amount, self.currency)
        except Quarantined:
            yield "amount", f"is not an amount of {self.currency}"


class SpendItems(Body):
    """Items, each judged by itself."""

    items: Annotated[list[Any], Field(max_length=ITEMS_MAX)]


class SpendBody(SpendItems):
    """What was spent."""

    items: Annotated[list[SpendItem], Field(max_length=ITEMS_MAX)]
