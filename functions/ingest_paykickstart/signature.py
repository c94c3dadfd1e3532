"""PayKickstart's two rules: `hash`, and the older `verification_code`, both inside the form itself.

Both are an HMAC-SHA1 over the values alone, joined by `|`, with the secret of the campaign that the
form names. `hash` takes them trimmed and in the order of their names; `verification_code` takes
them, `hash` among them, in an order that PHP makes of the order sent. Either proves the form. A
newer description of the rules turns each value into ISO-8859-1 first; whichever a sender follows,
ASCII comes to the same. Neither rule covers names, empty values or the time: that a form is new is
for the processor's marker to say, never for this proof.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from shared.domain.forms import wire_fields
from shared.domain.webhooks import InvalidSignature, NoSecret, Request, text_at, usable_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fields = list[tuple[bytes, bytes]]

# Far more than PayKickstart's seventy and a checkout's own; sorting is not a stranger's to order.
_FIELDS_MAX = 1_000
_SIGNATURES = (b"hash", b"verification_code")
# What PHP takes for nothing, and what it trims.
_FALSE = (b"", b"0")
_BLANKS = b" \t\n\r\0\x0b"
# Unknown campaigns are verified all the same, with a secret nobody has.
_NOBODYS = {"signing_secrets": ["paysignal-has-no-such-campaign"]}


def verify(request: Request, secrets: Mapping[str, Any], now: int) -> None:
    """Raise InvalidSignature unless the campaign named in the form signed exactly these values.

    Two secrets may be valid while a campaign's is rotated, and each rule and form of text is tried
    with each, to the end, so that the time taken tells nothing. Raise NoSecret where the connection
    or the campaign has none that can be used. `now` has no say: no time is signed.
    """
    del now
    if request.body.count(b"&") >= _FIELDS_MAX:
        raise InvalidSignature
    # Only call_providers puts JSON on the queue. Names are not signed, so with those of its own
    # making a stolen form could be written as JSON, and pass for the API's word.
    if request.body.lstrip().startswith(b"{"):
        raise InvalidSignature("not_a_webhook")
    fields = wire_fields(request.body)
    sent = dict(fields)
    known, keys = _keys(secrets, sent.get(b"campaign_id", b""))
    genuine = False
    for form in (fields, _in_latin_1(fields)):
        for rule, told in ((_hashed, b"hash"), (_coded, b"verification_code")):
            values = rule(form)
            for key in keys:
                expected = hmac.digest(key, values, "sha1").hex().encode()
                genuine |= hmac.compare_digest(expected, sent.get(told, b""))
    if not known:
        raise InvalidSignature("unknown_campaign")
    # A name sent twice is one value to PHP and might be another to a reader behind us.
    if not genuine or len(sent) != len(fields):
        raise InvalidSignature


def _keys(secrets: Mapping[str, Any], campaign_id: bytes) -> tuple[bool, list[bytes]]:
    """Return whether the campaign is known, and the keys to try."""
    campaigns = secrets.get("campaign_secrets")
    if not isinstance(campaigns, dict) or not campaigns:
        raise NoSecret("the connection has no campaign's secret")
    listed = campaigns.get(campaign_id.decode("ascii", "replace"))
    about = _NOBODYS if listed is None else {"signing_secrets": listed}
    return listed is not None, usable_secrets(about)


def _hashed(fields: Fields) -> bytes:
    """Return what `hash` covers: trimmed values in the order of their names."""
    values = [
        (name, value.strip(_BLANKS))
        for name, value in fields
        if name not in _SIGNATURES and not _is_list(name)
    ]
    return b"|".join(value for _, value in sorted(values) if value not in _FALSE)


def _coded(fields: Fields) -> bytes:
    """Return what `verification_code` covers: values as sent, sorted by their places as text."""
    values = [
        value
        for name, value in fields
        if name != b"verification_code" and value not in _FALSE and not _is_list(name)
    ]
    return b"|".join(values[place] for place in sorted(range(len(values)), key=str))


def _is_list(name: bytes) -> bool:
    return b"[" in name


def _in_latin_1(fields: Fields) -> Fields:
    """Return the fields as `iconv('UTF-8', 'ISO-8859-1//IGNORE')` leaves them."""
    return [
        (name, value.decode("utf-8", "ignore").encode("iso-8859-1", "ignore"))
        for name, value in fields
    ]


def event_and_subject(body: Mapping[str, Any], _: Request) -> tuple[str | None, str | None]:
    """Return no id, for PayKickstart gives its events none; and the purchase it is about.

    A buyer is known by address alone, and a person's address is nothing to name a queue's group by.
    """
    return None, text_at(body, "invoice_id") or text_at(body, "transaction_id")
