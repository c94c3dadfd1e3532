"""What was imported of another provider's records: whose they are, and what stays untouched.

A file of old records may be imported for any connection. The provider itself knows them better: a
record it has told of is left alone, so that neither order nor repetition of imports and events can
make the records worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.domain import orders
from shared.domain.folding import Habits
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Name, Reading, Reads
from shared.domain.records import ORDER
from shared.providers import api_store

# Whose events announce new subscriptions, as the catalogue says, which `manage` does not load.
STATES_CREATION = frozenset({"paypal", "stripe"})
_OWN_WORD = {api_store.RECURRING_PAYMENT: ("terms",), ORDER: ("document", "payment", "refund")}


def habits(provider: str) -> Habits:
    """Return how a provider's records are folded; of what is imported nothing is fetched."""
    return Habits(states_creation=provider in STATES_CREATION, fetchable=frozenset())


def providers(items: Sequence[Any], store: Reads) -> dict[str, str]:
    """Return the provider of each connection the items name, as far as there is one."""
    told = (item.get("connection_id") for item in items if isinstance(item, dict))
    names: list[Name] = [("connection", each) for each in {*told} if each and type(each) is str]
    found = store.read(names) if names else {}
    return {name[1]: held["provider"] for name, held in found.items() if held is not None}


def record_of(name: Name, parsed: Parsed, reading: Reading) -> Name:
    """Return the name of an item's record as it is now. Raise Missing for more reading.

    An order is found by any of its names, and called by the strongest of them.
    """
    if name[0] != ORDER:
        return name
    refs: list[Name] = [("ref", name[1], ref) for ref in parsed.orders[0].refs]
    reading.want(refs)
    stored = [reading.get(ref) for ref in refs]
    known = sorted({each["order_id"] for each in stored if each is not None})
    return (ORDER, name[1], known[0] if known else orders.order_id(set(parsed.orders[0].refs)))


def is_told(kind: str, head: Document | None) -> bool:
    """Tell whether a record's own provider, and not only an import, has spoken of it.

    An account of no weight only says whose the order is.
    """
    own = (each for each in _said(kind, head) if api_store.SAID not in each)
    return any(each.get("weight") != 0 for each in own)


def _said(kind: str, head: Document | None) -> Iterator[Mapping[str, Any]]:
    for name, facet in ((head or {}).get("facets") or {}).items():
        if name.partition(":")[0].startswith(_OWN_WORD[kind]):
            yield facet
