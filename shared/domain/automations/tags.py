"""Personalization tags: `%CONTACT_FIRST_NAME|there%`, refused when unknown, filled when sent.

A tag stands for a field as the API prints it; `%FIELD:local%` prints dates, money and numbers as
they are written where the reader lives. The fallback, which may be empty, takes the place of a
blank. Tags are replaced inside texts of parsed JSON, before it is written out, so no value can
break out of its text; in HTML a value is escaped, and the fallback is its author's own HTML. Text
between percent signs that is no tag's name stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from shared.domain import times
from shared.domain.changes import AMOUNTS, DATES
from shared.domain.fields import FIELDS
from shared.domain.segments.fields import FIELDS as SEGMENT_FIELDS

Json = Any
Printed = Mapping[str, Any]

VALUE_CHARACTERS_MAX = 1_000
_CONTACT = """contact_id email first_name last_name phone company aliases tags lists segments
    unsubscribed_date last_visit_date last_sent_date last_open_date last_click_date last_reply_date
    created_date first_order_date last_order_date customer customer_since orders_count
    revenue""".split()
_SOURCE = "first_source campaign landing_page".split()
_ITEM = "category name sku brand tag store_primary_id quantity amount".split()
_ADDRESS = """first_name last_name address_1 address_2 address_3 city province country postal phone
    company email""".split()
# Two hexadecimal digits are an octet of a URL, and no tag.
_TAG = re.compile(r"%(?![0-9A-F]{2}%)([A-Z][A-Z0-9_]+)(:[A-Za-z]+)?(?:\|([^%\r\n]*))?%")


_LOCAL = ":local"


class Local(Protocol):
    """How values are written where the reader lives."""

    def money(self, amount: str, currency: str) -> str:
        """Return an amount of major units, such as `19.00`, with its currency."""

    def date(self, milliseconds: int, *, civil: bool) -> str:
        """Return the day of a time; a `civil` one is a day of the calendar, midnight in UTC."""

    def number(self, value: int) -> str:
        """Return a whole number."""


def _paths() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in _CONTACT:
        yield f"CONTACT_{name}", ("contact", name)
    yield "CONTACT_ID", ("contact", "contact_id")
    for name in _SOURCE:
        yield f"CONTACT_SOURCE_{name}", ("contact", "source", name)
    for name in (*FIELDS, "contact_id"):
        yield f"RECURRING_PAYMENT_{name}", ("recurring_payment", name)
    for name in _ITEM:
        yield f"RECURRING_PAYMENT_ITEM_{name}", ("recurring_payment", "line_items", name)
    for kind in ("billing_address", "shipping_address"):
        for name in _ADDRESS:
            yield f"RECURRING_PAYMENT_{kind}_{name}", ("recurring_payment", kind, name)


TAGS: Mapping[str, tuple[str, ...]] = {tag.upper(): path for tag, path in _paths()}


def faults_of(payload: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the place and the fault of each tag that could not be filled."""
    if isinstance(payload, Mapping):
        for name, each in payload.items():
            yield from faults_of(each, f"{path}.{name}")
    elif isinstance(payload, list):
        for index, each in enumerate(payload):
            yield from faults_of(each, f"{path}[{index}]")
    elif isinstance(payload, str):
        yield from ((path, fault) for fault in map(_fault, _TAG.finditer(payload)) if fault)


def _fault(found: re.Match[str]) -> str | None:
    """Return why a tag could not be filled, None where it can."""
    if found[1] not in TAGS:
        return f"there is no tag %{found[1][:80]}%"
    if found[2] and found[2] != _LOCAL:
        return f"%{found[1]}{found[2][:20]}%: the only format there is is {_LOCAL}"
    return None


def fill(
    payload: Json,
    subject: Mapping[str, Printed | None],
    *,
    local: Local | None = None,
    escape: Callable[[str], str] = str,
) -> Json:
    """Return the payload with its tags replaced.

    `subject` holds `contact` and `recurring_payment` as the API prints them, None for none.
    Without `local` every tag prints the API's text. `escape` makes a value safe where it goes.
    """
    if isinstance(payload, str):
        return _TAG.sub(_replacing(subject, local, escape), payload)
    if isinstance(payload, Mapping):
        return {
            name: fill(each, subject, local=local, escape=escape) for name, each in payload.items()
        }
    if isinstance(payload, list):
        return [fill(each, subject, local=local, escape=escape) for each in payload]
    return payload


def _replacing(
    subject: Mapping[str, Printed | None], local: Local | None, escape: Callable[[str], str]
) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        path = TAGS.get(found[1])
        if path is None:
            return found[0]
        value: Any = subject
        for name in path:
            if isinstance(value, list):
                value = value[0] if value else None
            value = value.get(name) if isinstance(value, Mapping) else None
        if found[2] and local is not None:
            currency = (subject.get(path[0]) or {}).get("currency")
            value = _localized(path, value, currency, local)
        text = _text(value)
        return escape(text) if text.strip() else found[3] or ""

    return replace


def _localized(path: tuple[str, ...], value: Any, currency: str | None, local: Local) -> Any:
    """Return a date, an amount or a number as it is written there; anything else as it is."""
    if isinstance(value, list):
        return [
            local.money(each["amount"], each["currency"])
            if isinstance(each, Mapping) and "amount" in each
            else each
            for each in value
        ]
    if isinstance(value, str) and path[-1] in DATES:
        field = SEGMENT_FIELDS.get(".".join(path))
        return local.date(times.from_text(value), civil=field is not None and field.civil)
    if isinstance(value, str) and path[-1] in AMOUNTS and currency:
        return local.money(value, currency)
    if isinstance(value, int) and not isinstance(value, bool):
        return local.number(value)
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(_label, value))[:VALUE_CHARACTERS_MAX]
    return str(value)[:VALUE_CHARACTERS_MAX]


def _label(value: Any) -> str:
    """Return what stands for one of several: a tag's or a list's name, an amount's money."""
    if not isinstance(value, Mapping):
        return str(value)
    if "amount" in value:
        return f"{value['amount']} {value['currency']}"
    return str(value.get("tag") or value.get("list"))
