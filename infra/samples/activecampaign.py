"""ActiveCampaign's made-up account: its contacts as API v3 tells them, and webhooks about them.

Written from the documented shapes. The account is its own truth: what an import has to come to is
read off it, not off paysignal's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

TOKEN = "paysignal-sample-token"  # noqa: S105  # a made-up one
STARTS_AT = 1_789_000_000_000
_OFFSET = timezone(timedelta(hours=-5))
KINDS = (
    "sent", "open", "click", "reply", "contact_tag_added", "contact_tag_removed", "subscribe",
    "list_add", "unsubscribe", "update", "bounce", "deal_add", "sms_reply", "forward", "share",
)  # fmt: skip


def written(milliseconds: int) -> str:
    """Return a time as ActiveCampaign writes it, with its account's offset."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).astimezone(_OFFSET)
    return moment.isoformat(timespec="seconds")


@dataclass
class Person:
    """A contact: its tags by name with the time each was applied, and its lists alike.

    A list that was left stands with a negative time.
    """

    number: int
    email: str
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    created: int = STARTS_AT
    tags: dict[str, int] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)


class Account:
    """An account's contacts, rendered as the API renders them."""

    def __init__(self, people: int = 0) -> None:
        self.people = [self._person(number) for number in range(1, people + 1)]

    def page(self, after: int, limit: int) -> dict[str, Any]:
        """Return the page that follows a contact's id, with tags and lists beside it."""
        following = [each for each in self.people if each.number > after]
        found = sorted(following, key=lambda each: each.number)[:limit]
        told = [_contact(each) for each in found]
        return {"contacts": told, **self._beside(found), "meta": {"total": str(len(following))}}

    def one(self, number: int) -> dict[str, Any] | None:
        """Return one contact with tags and lists beside it, None where there is none."""
        found = [each for each in self.people if each.number == number]
        return {"contact": _contact(found[0]), **self._beside(found)} if found else None

    def _person(self, number: int) -> Person:
        return Person(
            number,
            f"person{number}@example.com",
            f"First {number}",
            f"Last {number}",
            created=STARTS_AT + number * 1000,
            tags={"VIP": STARTS_AT + number * 2000} if number % 2 else {},
            lists={"News": STARTS_AT + number * 3000} if number % 3 else {},
        )

    def _ids(self, folder: str) -> dict[str, str]:
        named = dict.fromkeys(name for each in self.people for name in getattr(each, folder))
        return {name: str(number) for number, name in enumerate(named, 1)}

    def _beside(self, found: list[Person]) -> dict[str, Any]:
        tags, lists = self._ids("tags"), self._ids("lists")
        return {
            "contactTags": [
                {"contact": str(each.number), "tag": tags[name], "cdate": written(at)}
                for each in found
                for name, at in each.tags.items()
            ],
            "tags": [{"id": number, "tag": name} for name, number in tags.items()],
            "contactLists": [
                {
                    "contact": str(each.number),
                    "list": lists[name],
                    "status": "1" if at > 0 else "2",
                    "sdate": written(abs(at)),
                    "udate": written(abs(at)),
                }
                for each in found
                for name, at in each.lists.items()
            ],
            "lists": [{"id": number, "name": name} for name, number in lists.items()],
        }


def webhook(kind: str, person: Person, at: int, **about: str) -> bytes:
    """Return the form of a webhook about a contact; `about` are fields of the kind's own."""
    fields: Mapping[str, str] = {
        "type": kind,
        "date_time": written(at),
        "initiated_from": "admin",
        "initiated_by": "admin",
        "list": "0",
        "contact[id]": str(person.number),
        "contact[email]": person.email,
        "contact[first_name]": person.first_name,
        "contact[last_name]": person.last_name,
        "contact[phone]": person.phone,
        "contact[ip]": "203.0.113.7",
        "contact[tags]": ", ".join(person.tags),
        "customer_acct_name": "example",
        **_FIELDS.get(kind, {}),
        **about,
    }
    return urlencode(fields).encode()


# What has to have happened before.
_BEFORE = {
    "open": ("sent",),
    "click": ("sent", "open"),
    "reply": ("sent", "open"),
    "contact_tag_removed": ("contact_tag_added",),
    "unsubscribe": ("subscribe",),
}


def event_types() -> list[str]:
    """Return the kinds of webhooks there are samples of."""
    return list(KINDS)


def story(kind: str, *, seed: str | int, at: int) -> list[tuple[str, bytes]]:
    """Return the webhooks that lead to one of a kind, that one last at `at` (seconds).

    The seed says whom they are about.
    """
    number = crc32(str(seed).encode())
    person = Person(number, f"person{number}@example.com", "Ada", "Lovelace", "+15550100")
    kinds = (*_BEFORE.get(kind, ()), kind)
    return [
        (each, webhook(each, person, (at - len(kinds) + place) * 1000))
        for place, each in enumerate(kinds, 1)
    ]


_CAMPAIGN = {"campaign[id]": "12", "campaign[name]": "Spring", "campaign[subject]": "It is spring"}
_FIELDS: dict[str, dict[str, str]] = {
    "sent": _CAMPAIGN,
    "open": _CAMPAIGN,
    "click": {**_CAMPAIGN, "link[url]": "https://example.com/spring"},
    "reply": {**_CAMPAIGN, "message[subject]": "Re: It is spring"},
    "contact_tag_added": {"tag": "VIP"},
    "contact_tag_removed": {"tag": "VIP"},
    "subscribe": {"list": "1", "form[id]": "3"},
    "list_add": {"list": "1"},
    "unsubscribe": {"list": "1", "unsubscribe[reason]": "too many"},
}


def _contact(person: Person) -> dict[str, Any]:
    return {
        "id": str(person.number),
        "email": person.email,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "phone": person.phone,
        "orgname": "",
        "cdate": written(person.created),
        "udate": written(person.created),
    }
