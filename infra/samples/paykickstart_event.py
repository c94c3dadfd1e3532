"""One notification as PayKickstart would post it: a form in a fixed order, signed inside itself.

The rules of both signatures are written out here a second time, from their description alone, so
that the product's reading of them has something to be held against.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from urllib.parse import quote_plus

SECRET = "paykickstart-sample-secret-not-real"  # noqa: S105 - of this invented campaign alone


@dataclass(frozen=True)
class Event:
    """A notification: its fields in the order sent, and how its campaign signs.

    `latin_1` has the values turned into ISO-8859-1 before they are signed; `signs` names the rules
    that are used.
    """

    fields: tuple[tuple[str, str], ...]
    secret: str = SECRET
    latin_1: bool = False
    signs: tuple[str, ...] = ("hash", "verification_code")

    @property
    def type(self) -> str:
        """The event's slug."""
        return dict(self.fields)["event"]

    @property
    def id(self) -> str:
        """What names it to people: the transaction, or else the purchase."""
        told = dict(self.fields)
        return told.get("transaction_id") or told["invoice_id"]

    @property
    def body(self) -> bytes:
        """The bytes of the form, with its signatures."""
        signed = list(self.fields)
        if "hash" in self.signs:
            signed.append(("hash", self._hash()))
        if "verification_code" in self.signs:
            signed.append(("verification_code", self._code(signed)))
        pairs = (f"{quote_plus(name)}={quote_plus(value)}" for name, value in signed)
        return "&".join(pairs).encode()

    def sign(self, secret: str) -> "Event":
        """Return the notification as signed with another secret."""
        return replace(self, secret=secret)

    def redelivered(self) -> "Event":
        """Return it as it comes a second time: byte for byte the same."""
        return self

    def with_fields(self, **changed: str) -> "Event":
        """Return it with fields changed in their places, or added at the end."""
        held = dict(self.fields) | changed
        return replace(self, fields=tuple(held.items()))

    def _hash(self) -> str:
        told = {name: value.strip() for name, value in self.fields}
        kept = [told[name] for name in sorted(told) if told[name] not in ("", "0")]
        return self._mac(kept)

    def _code(self, signed: list[tuple[str, str]]) -> str:
        kept = [value for _, value in signed if value not in ("", "0")]
        places = sorted(str(place) for place in range(len(kept)))
        return self._mac([kept[int(place)] for place in places])

    def _mac(self, values: list[str]) -> str:
        joined = "|".join(values)
        raw = joined.encode("iso-8859-1", "ignore") if self.latin_1 else joined.encode()
        return hmac.new(self.secret.encode(), raw, hashlib.sha1).hexdigest()
