"""What a contact source says: who people are, which tags and lists they have, what they did.

The vocabulary of ActiveCampaign and its like, beside that of payments in `observations`. Nothing
here fires an automation: such events change contacts, never a recurring payment or an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LabelKind = Literal["tag", "list"]
ActivityKind = Literal[
    "visit", "sent", "open", "click", "reply", "tag_added", "tag_removed", "list_added",
    "list_removed",
]  # fmt: skip
# Of an activity about a tag or list: what it is, and whether the contact has it from then on.
LABELLED: Mapping[str, tuple[LabelKind, bool]] = {
    "tag_added": ("tag", True),
    "tag_removed": ("tag", False),
    "list_added": ("list", True),
    "list_removed": ("list", False),
}


@dataclass(frozen=True, slots=True)
class LabelSaid:
    """A tag or list a contact has (`held`) or has no longer, since `date` in ms if that is told."""

    kind: LabelKind
    label: str
    held: bool
    date: int | None


@dataclass(frozen=True, slots=True)
class ContactSaid:
    """A person as the source keeps them: names that fill blanks, and labels.

    `created` is since when the source knows them, in ms.
    """

    email: str | None
    person: Mapping[str, str | None]
    labels: tuple[LabelSaid, ...] = ()
    created: int | None = None


@dataclass(frozen=True, slots=True)
class ActivitySaid:
    """What somebody did, or was sent, at the time of the event.

    `subject` is the tag, the list, the link, the page of a visit or the message's subject.
    `source` is where a visit came from, `automation_id` the automation whose doing it was.
    """

    email: str
    kind: ActivityKind
    subject: str | None = None
    campaign: str | None = None
    source: str | None = None
    automation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """All that an event of a contact source says.

    `reread` is the source's id of a contact who is to be read again through its API, because the
    event does not tell all or proves too little.
    """

    contacts: tuple[ContactSaid, ...] = ()
    activity: ActivitySaid | None = None
    reread: str | None = None
