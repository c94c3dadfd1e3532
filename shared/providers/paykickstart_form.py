"""Strict reading of PayKickstart's form: the small words in which its parser is written.

Everything is text, and what is unset is sent empty or left out: both turn into None. Ids, times and
money that are there but cannot be right quarantine the event, because a guess would end up in
somebody's revenue; what merely decorates is read leniently.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain import emails, money, times
from shared.domain.errors import Quarantined
from shared.domain.forms import text_fields
from shared.domain.observations import Address

Form = Mapping[str, str]

LONGEST_ID = 255
_LATEST_SECOND = times.LATEST // times.SECOND
# Forms older than the field have no currency: PayKickstart then billed in dollars alone.
_FORMER_CURRENCY = "USD"


def read(body: bytes) -> Form:
    """Return the fields that tell something, trimmed. Raise Quarantined for what is no form."""
    try:
        fields = text_fields(body)
    except ValueError as error:
        raise Quarantined("bad_field", "the event is not a form") from error
    trimmed = {name: value.strip() for name, value in fields.items()}
    return {name: value for name, value in trimmed.items() if value}


def identity(form: Form, name: str) -> str | None:
    """Return an id, None where it is not told. Raise Quarantined for what could not be one."""
    value = form.get(name)
    if value is None:
        return None
    # Unprintable covers control characters, and lone surrogates, which cannot be stored.
    if not value.isprintable() or len(value.encode()) > LONGEST_ID:
        raise Quarantined("bad_id", f"{name} is not an id")
    return value


def needed(form: Form, name: str) -> str:
    """Return an id. Raise Quarantined where it is missing or could not be one."""
    value = identity(form, name)
    if value is None:
        raise Quarantined("bad_field", f"{name} is missing")
    return value


def moment(form: Form, name: str) -> int | None:
    """Return a time in ms, None where it is not told. Raise Quarantined for what is none."""
    value = form.get(name)
    if value is None or value == "0":
        return None
    # str.isdigit knows digits of all scripts; more than twelve are no second of the calendar.
    is_number = value.isascii() and value.isdigit() and len(value) <= 12
    if not is_number or int(value) > _LATEST_SECOND:
        raise Quarantined("bad_field", f"{name} is not a time in seconds")
    return int(value) * times.SECOND


def currency(form: Form) -> str:
    """Return the currency in capitals. Raise Quarantined for an unknown one."""
    return money.currency(form.get("currency", _FORMER_CURRENCY))


def amount(form: Form, name: str, code: str) -> int | None:
    """Return money in minor units, None where it is not told. Raise Quarantined for nonsense."""
    value = form.get(name)
    if value is None:
        return None
    minor = money.from_text(value, code)
    if minor < 0:
        raise Quarantined("bad_amount", f"{name} is below zero")
    return minor


def asked(form: Form, code: str) -> int:
    """Return what the event says was asked for or given back. Raise Quarantined without it."""
    # What goes back may be written with a sign; the event's name says which way it went.
    unsigned = {"amount": form.get("amount", "").removeprefix("-")}
    minor = amount(unsigned if form.get("event") == "refund" else form, "amount", code)
    if minor is None:
        raise Quarantined("bad_field", "amount is missing")
    return minor


def quantity(form: Form) -> int:
    """Return how many were bought: one, where that is not told or is no number."""
    value = form.get("quantity", "")
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 10 else 1


def email(form: Form) -> str | None:
    """Return the buyer's address in its normal form; None where there is none or it is none."""
    return emails.normalise(form.get("buyer_email"))


def name(form: Form) -> tuple[str | None, str | None]:
    """Return the buyer's names; a single one splits at its first space."""
    first, last = form.get("buyer_first_name"), form.get("buyer_last_name")
    if first and not last:
        first, _, rest = first.partition(" ")
        last = rest.strip() or None
    return first, last


def address(form: Form, kind: str) -> Address | None:
    """Return the `billing` or `shipping` address; None where no place is told."""
    fields = ("address_1", "address_2", "city", "state", "zip", "country")
    place = {field: form.get(f"{kind}_{field}") for field in fields}
    if not any(place.values()):
        return None
    first, last = name(form)
    return {
        "first_name": first,
        "last_name": last,
        "address_1": place["address_1"],
        "address_2": place["address_2"],
        "city": place["city"],
        "province": place["state"],
        "country": place["country"],
        "postal": place["zip"],
        "email": email(form),
    }
