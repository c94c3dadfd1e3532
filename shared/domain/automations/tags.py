"""Personalization tags: `%CONTACT_FIRST_NAME|there%`, refused when unknown, filled when sent.

A tag stands for a field as the API prints it. The fallback, which may be empty, takes the place
of a blank. Tags are replaced inside texts of parsed JSON, before it is written out, so no value
can break out of its text. Text between percent signs that is no tag's name stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.domain.fields import FIELDS

Json = Any
Printed = Mapping[str, Any]

VALUE_CHARACTERS_MAX = 1_000
_CONTACT = """contact_id email first_name last_name phone company aliases tags lists segments
    last_visit_date last_sent_date last_open_date last_click_date last_reply_date
    created_date first_order_date last_order_date customer customer_since orders_count
    revenue""".split()
_SOURCE = "first_source campaign landing_page".split()
_ITEM = "category name sku brand tag store_primary_id quantity amount".split()
_ADDRESS = """first_name last_name address_1 address_2 address_3 city province country postal phone
    company email""".split()
# Two hexadecimal digits are an octet of a URL, and no tag.
_TAG = re.compile(r"%(?![0-9A-F]{2}%)([A-Z][A-Z0-9_]+)(:[A-Za-z]+)?(?:\|([^%\r\n]*))?%")


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
    if found[2]:
        return f"%{found[1]}{found[2][:20]}%: formats are not supported yet"
    return None


def fill(payload: Json, subject: Mapping[str, Printed | None]) -> Json:
    """Return the payload with its tags replaced.

    `subject` holds `contact` and `recurring_payment` as the API prints them, None for none.
    """
    if isinstance(payload, Mapping):
        return {name: fill(each, subject) for name, each in payload.items()}
    if isinstance(payload, list):
        return [fill(each, subject) for each in payload]
    return _TAG.sub(_replacing(subject), payload) if isinstance(payload, str) else payload


def _replacing(subject: Mapping[str, Printed | None]) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        path = TAGS.get(found[1])
        if path is None:
            return found[0]
        value: Any = subject
        for name in path:
            if isinstance(value, list):
                value = value[0] if value else None
            value = value.get(name) if isinstance(value, Mapping) else None
        text = _text(value)
        return text if text.strip() else found[3] or ""

    return replace


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
