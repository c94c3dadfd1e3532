"""Taking in what was spent: one document per day, source, campaign and currency.

An item replaces what was said of the same four before; an amount of 0 takes it back. So a table of
spend can be sent again as a whole, whenever it is known better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from functions.manage.activity_bodies import SpendItem, SpendItems
from functions.manage.contention import settled
from functions.manage.item_results import accepted, rejected
from shared.api.bodies import invalid, validated
from shared.domain import money
from shared.domain.errors import Invalid, Quarantined
from shared.domain.ports import Name, Reads, Write, Writes
from shared.domain.rendering import Json

_WRITES_MAX = 96

_Spent = tuple[int, Name, int]  # the item's place, the document's name, minor units


class Store(Reads, Writes, Protocol):
    """Where spend lies."""


def put_spend(body: SpendItems, *, store: Store) -> list[Json]:
    """Write spend; return the result of each item, in their order.

    Raise Contended where others never rest.
    """
    results: dict[int, Json] = {}
    spent: list[_Spent] = []
    for place, given in enumerate(body.items):
        try:
            spent.append((place, *_read(given)))
        except Invalid as error:
            results[place] = rejected(*error.errors)
    for start in range(0, len(spent), _WRITES_MAX):
        results |= _written(spent[start : start + _WRITES_MAX], store)
    return [results[place] for place in range(len(body.items))]


def _read(given: Any) -> tuple[Name, int]:
    """Return what an item comes to. Raise Invalid."""
    if not isinstance(given, dict):
        raise invalid(("", "is not an object"))
    item = validated(SpendItem, given)
    faults = list(item.faults())
    if faults:
        raise invalid(*faults)
    name: Name = ("spend", item.date, item.source or "", item.campaign or "", item.currency)
    return name, money.from_text(item.amount, item.currency)


def _written(spent: Sequence[_Spent], store: Store) -> dict[int, Json]:
    """Write some in one transaction; one by one where a name of theirs can never be kept."""
    try:
        return settled(lambda: _commit(spent, store))
    except Quarantined:
        if len(spent) == 1:
            return {spent[0][0]: rejected(("", "its names are longer than can be kept"))}
    return {place: told for each in spent for place, told in _written([each], store).items()}


def _commit(spent: Sequence[_Spent], store: Store) -> dict[int, Json]:
    held = store.read({name for _, name, _ in spent})
    amounts: dict[Name, int] = {n: found["amount"] for n, found in held.items() if found}
    results = {}
    for place, name, amount in spent:
        known = amounts.get(name)
        amounts[name] = amount
        status = "created" if known is None else "updated"
        results[place] = accepted("unchanged" if known == amount else status)
    writes = []
    for name, found in held.items():
        version = found["version"] if found else 0
        if found is None or found["amount"] != amounts[name]:
            writes.append(Write(name, {"amount": amounts[name], "version": version + 1}, version))
    if writes:
        store.commit(writes)
    return results
