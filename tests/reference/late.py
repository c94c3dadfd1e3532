"""What a written business hears late: refunds, matches, older orders, tags; recorded later on.

What was known before it stays in the log, for reports as they stood.
"""

from __future__ import annotations

import random
from dataclasses import replace

from tests.fakes.memory_store import MemoryStore
from tests.reference.books import Sale
from tests.reference.written import Written, order_row, settle, sums_of

# The versions of what stands already, and of what replaces it.
_ROW_VERSION, _DOCUMENT_VERSION = 4, 2


def amended(held: Written, seed: int) -> Written:
    """Return a business after late news; its rows and documents are those that are new."""
    dice = random.Random(f"late/{seed}")
    later = replace(held, store=MemoryStore(), rows=[])
    ids = [name[1] for name in held.store.documents if name[0] == "contact"]
    later.sales = [_changed(sale, later, ids, dice) for sale in held.sales]
    older = replace(
        held.sales[0] if held.sales else _SALE, id="older", at=held.days.start + 1, back=()
    )
    if dice.random() < 0.5:
        older = replace(older, status="completed", contact=dice.choice(ids), plan=None)
        later.sales.append(_told(older, later))
    for name, document in held.store.documents.items():
        later.store.documents[name] = document
        if name[0] != "contact":
            continue
        fresh = {"tag": "Reader", "applied_date": held.days.moment()}
        others = [each for each in document["tags"] if each["tag"] != fresh["tag"]]
        tags = [] if dice.random() < 0.3 else [*others, fresh]
        news = {"tags": tags, "version": _DOCUMENT_VERSION, **sums_of(name[1], later)}
        later.store.documents[name] = {**document, **news}
    settle(later)
    return later


_SALE = Sale("older", 0, "completed", "USD", 1_234, None, None)


def _changed(sale: Sale, later: Written, ids: list[str], dice: random.Random) -> Sale:
    """Refund an order, or let it match, as events do that come late."""
    if sale.contact is None and sale.plan is None and dice.random() < 0.7:
        return _told(replace(sale, contact=dice.choice(ids)), later)
    if sale.status == "completed" and dice.random() < 0.5:
        back = ((later.days.moment(sale.at), sale.gross, "refund"),)
        return _told(replace(sale, status="refunded", back=back), later)
    return sale


def _told(sale: Sale, later: Written) -> Sale:
    later.rows.append(("orders", {**order_row(sale), "version": _ROW_VERSION}))
    return sale
