"""ActiveCampaign's meaning: what its webhooks and its API's answers say of people.

A webhook is a form with PHP's keys, unsigned and without an id: its content is its key, so a copy
is known by its marker. An answer of the API comes as JSON that `call_providers` has made here, by
`fetched`. Neither speaks of money.

What a webhook says is read again through the API as far as that can tell. Of a tag it can: the
answer has the contact's tags, and whether the contact holds the tag is what the answer says. Of a
list likewise. That somebody opened, clicked or replied it cannot: no account-wide list of such acts
can be asked for, so they stand on the webhook's word alone, which whoever has the secret address
could forge. Proved is only that there is such a contact, before one is made here for its acts.

Nothing here may do I/O or read a clock: a body that cannot be read for certain raises Quarantined,
and nothing else is ever raised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain import emails, times
from shared.domain.errors import Quarantined
from shared.domain.forms import text_fields
from shared.domain.heard import ActivityKind, ActivitySaid, ContactSaid, Heard, LabelSaid
from shared.domain.observations import Parsed
from shared.domain.strict_json import NotStrictJson, parse_object

Json = Mapping[str, Any]
Form = Mapping[str, str]

# What a webhook's type means as activity; `update` tells of nothing that was done.
_ACTIVITY: dict[str, ActivityKind] = {
    "sent": "sent",
    "open": "open",
    "click": "click",
    "reply": "reply",
    "contact_tag_added": "tag_added",
    "contact_tag_removed": "tag_removed",
    "subscribe": "list_added",
    "list_add": "list_added",
    "unsubscribe": "list_removed",
}
# Types that state the person; what they leave out (a list's name) only the API tells.
_PERSON = ("subscribe", "list_add", "unsubscribe", "update")
# Types after which the API is asked: it knows better, or at least whether there is such a contact.
_REREAD = (*_PERSON, "contact_tag_added", "contact_tag_removed", "open", "click", "reply")
# Those that tell of somebody the source has, or has just been given.
_INTRODUCES = ("subscribe", "list_add", "update")
_FIELD_OF = {
    "sent": "campaign[subject]",
    "open": "campaign[subject]",
    "reply": "message[subject]",
    "click": "link[url]",
    "tag_added": "tag",
    "tag_removed": "tag",
    "list_added": "list",
    "list_removed": "list",
}
# As long as a name, a tag or a list may be.
_LONGEST = 200
_ON_THE_LIST = "1"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Return what a webhook or an answer says. Raise Quarantined for what nobody can accept."""
    del headers  # ActiveCampaign's carry nothing
    if body.startswith(b"{"):
        return _answer(body)
    try:
        form = text_fields(body)
    except ValueError as error:
        raise Quarantined("bad_form", "the body is no form") from error
    return _webhook(form)


def fetched(call: Json, found: Json, now: int) -> tuple[str, bytes]:
    """Return the id and the body of the event that tells of an answer fetched at `now` (ms).

    The time belongs to the id: the same contact fetched again later is another event.
    """
    told = {"fetched": call["object"], "of": call["id"], **found}
    if "tag" in call:
        told |= {"tag": call["tag"], "tag_at": call["tag_at"]}
    named = ["answer", now, told]
    event_id = f"fetch_{hashlib.sha256(_canonical(named).encode()).hexdigest()[:32]}"
    return event_id, _canonical({**told, "event_id": event_id}).encode()


def _webhook(form: Form) -> Parsed:
    event_type = _line(form.get("type"))
    if event_type is None:
        raise Quarantined("bad_field", "type is missing")
    digest = hashlib.sha256(_canonical(dict(form)).encode()).hexdigest()
    known = event_type in _ACTIVITY or event_type in _PERSON
    return Parsed(
        event_id=digest[:32],
        event_type=event_type,
        digest=digest,
        occurred_at=_moment(form.get("date_time")),
        live=None,
        known=known,
        heard=_heard(form, event_type) if known else None,
    )


def _heard(form: Form, event_type: str) -> Heard:
    email = emails.normalise(form.get("contact[email]"))
    if email is None:
        raise Quarantined("bad_field", "contact[email] is missing or no address")
    kind = _ACTIVITY.get(event_type)
    activity = None
    if kind is not None:
        subject = _line(form.get(_FIELD_OF[kind]))
        if kind.startswith("tag_") and subject is None:
            raise Quarantined("bad_field", "tag is missing")
        campaign = _line(form.get("campaign[name]")) or _line(form.get("campaign[id]"))
        activity = ActivitySaid(email, kind, subject, campaign)
    person = {
        name: _line(form.get(f"contact[{name}]")) for name in ("first_name", "last_name", "phone")
    }
    return Heard(
        contacts=(ContactSaid(email, person),) if event_type in _INTRODUCES else (),
        activity=activity,
        reread=_line(form.get("contact[id]")) if event_type in _REREAD else None,
    )


def _answer(body: bytes) -> Parsed:
    """Return what an answer of the API says, which `fetched` has put in one form."""
    try:
        told = parse_object(body)
        kind, event_id = told["fetched"], told["event_id"]
        asked = _asked(told)
        contacts = tuple(_contact(each, asked) for each in told.get("contacts", ()))
        if not isinstance(event_id, str):
            raise TypeError
    except (NotStrictJson, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Quarantined("bad_field", "the event is no answer of ActiveCampaign's API") from error
    return Parsed(
        event_id=event_id,
        event_type=f"fetched.{kind}",
        digest=hashlib.sha256(event_id.encode()).hexdigest(),
        occurred_at=None,
        live=None,
        heard=Heard(contacts=contacts),
    )


def _asked(told: Json) -> LabelSaid | None:
    """Return the tag an answer was asked about, as not held from the webhook's time on."""
    tag = _line(told.get("tag"))
    return LabelSaid("tag", tag, False, int(told["tag_at"])) if tag is not None else None


def _contact(told: Json, asked: LabelSaid | None) -> ContactSaid:
    person = {
        "first_name": _line(told.get("firstName")),
        "last_name": _line(told.get("lastName")),
        "phone": _line(told.get("phone")),
        "company": _line(told.get("orgname")),
    }
    tags = list(_tags(told.get("tags") or ()))
    if asked is not None and asked.label not in [each.label for each in tags]:
        tags.append(asked)
    return ContactSaid(
        email=emails.normalise(told.get("email")),
        person=person,
        labels=(*tags, *_lists(told.get("lists") or ())),
        created=_moment(told.get("cdate")),
    )


def _tags(told: Iterable[Json]) -> Iterable[LabelSaid]:
    for each in told:
        label = _line(each.get("name"))
        if label is not None:
            yield LabelSaid("tag", label, True, _moment(each.get("cdate")))


def _lists(told: Iterable[Json]) -> Iterable[LabelSaid]:
    for each in told:
        label, held = _line(each.get("name")), str(each.get("status")) == _ON_THE_LIST
        if label is not None:
            since = each.get("sdate") if held else each.get("udate")
            yield LabelSaid("list", label, held, _moment(since))


def _line(text: object) -> str | None:
    """Return a text as one line of what a name may be long; None for nothing."""
    if not isinstance(text, str):
        return None
    plain = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(plain.split())[:_LONGEST].strip() or None


def _moment(text: object) -> int | None:
    """Return a time in ms; None where none is told, or one that is none (`0000-00-00`)."""
    try:
        moment = times.from_text(text) if isinstance(text, str) else -1
    except (ValueError, OverflowError):
        return None
    return moment if 0 < moment <= times.LATEST else None
