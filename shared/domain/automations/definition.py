"""An automation as it was understood: what sets it off, and the steps it takes then.

Immutable, and made by `parse` and `steps` alone, from a body somebody sends or from a stored
document; whatever looks at automations looks at these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.domain.segments.evaluate import Predicate

RECURRING_PAYMENT_CREATED = "recurring_payment_created"
RECURRING_PAYMENT_UPDATED = "recurring_payment_updated"
ORDER_CREATED = "order_created"
RECURRING_PAYMENT_DATE = "recurring_payment_date"
TRIGGERS = (
    RECURRING_PAYMENT_CREATED,
    RECURRING_PAYMENT_UPDATED,
    ORDER_CREATED,
    RECURRING_PAYMENT_DATE,
)
# What outbound events of ours are called; nobody else's may be.
CHANGES = frozenset({"recurring_payment.created", "recurring_payment.updated", "order.created"})
FIRED = "automation.fired"
DATE_CAME = "recurring_payment.date"
OWN_EVENTS = CHANGES | {FIRED, DATE_CAME}

# What a trigger asks of the value before or after; None where any will do.
Matches = Callable[[Any], bool] | None


@dataclass(frozen=True, slots=True)
class Offset:
    """How far from a date: whole days by the clock of the business's zone, and `exact` ms."""

    days: int = 0
    exact: int = 0


@dataclass(frozen=True, slots=True)
class Trigger:
    """What sets an automation off.

    `field` is None for any; an address's own field is `billing_address.city`. Of a trigger by date
    it is the date, and `offset` how far from it. `history_from` (ms) lets imported history fire
    from that time on, None lets it be silent.
    """

    type: str
    field: str | None = None
    before: Matches = None
    after: Matches = None
    once: bool = False
    skips_late: bool = False
    history_from: int | None = None
    segment: Predicate | None = None
    offset: Offset = Offset()

    @property
    def by_date(self) -> bool:
        """Whether a date sets it off, and no change."""
        return self.type == RECURRING_PAYMENT_DATE

    @property
    def settles(self) -> bool:
        """Whether it is asked only when the first burst of events about a record is over."""
        waits = (RECURRING_PAYMENT_CREATED, ORDER_CREATED)
        return self.segment is not None and self.type in waits


@dataclass(frozen=True, slots=True)
class Automation:
    """An automation but for its steps; `created` tells two of one id apart, one deleted before.

    `edited` (ms) is when somebody last said what it is, or switched it on or off.
    """

    automation_id: str
    name: str
    enabled: bool
    revision: int
    created: int | None
    on_edit: str
    trigger: Trigger
    edited: int = 0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Send a webhook to an endpoint; `payload` with tags, None for the standard body."""

    path: str
    endpoint_id: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Email:
    """Send an email to the contact; texts with tags, of which one is there at least."""

    path: str
    from_name: str | None
    subject: str
    text: str | None
    html: str | None


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Put an event of the user's own name on the bus; `payload` with tags, None for ids alone."""

    path: str
    name: str
    payload: Any


@dataclass(frozen=True, slots=True)
class ChangeTag:
    """Add a tag to the contact, or remove it."""

    path: str
    tag: str
    adds: bool


@dataclass(frozen=True, slots=True)
class ChangeSegment:
    """Add the contact to a static segment, made if need be, or remove it."""

    path: str
    segment_id: str
    adds: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for `length` ms, or until so far from a date of the recurring payment."""

    path: str
    length: int | None
    until: str | None
    offset: Offset


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of a branch, taken by who meets its segment; None for everybody."""

    segment: Predicate | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """Take the first way that is open; the last one, `else`, is open to everybody."""

    path: str
    arms: tuple[Arm, ...]


Step = Webhook | Email | EmitEvent | ChangeTag | ChangeSegment | Wait | Branch
