"""Taking in what people did: items judged one by one, committed some at a time.

Each item has its result, told by what was committed. Activity of an address nobody has waits for
its contact; none is made for it. Where the request breaks off, what was committed stays, and
sending all of it again is safe for items that have an id or a date.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from functions.manage.activity_bodies import ActivityItem, ActivityItems
from functions.manage.item_results import accepted, rejected
from shared.api.bodies import invalid, validated
from shared.domain import fold_activity, times
from shared.domain.apply import apply
from shared.domain.errors import Contended, Invalid, Quarantined
from shared.domain.fold_activity import ID_TAKEN, Posted
from shared.domain.folding import Plan
from shared.domain.heard import ActivitySaid
from shared.domain.ports import Reading, Store
from shared.domain.rendering import Json

# Transactions stay under 100 items.
_WRITES_MAX = 96

_Placed = tuple[int, Posted]


def post_activity(
    body: ActivityItems, *, store: Store, now: int, new_id: Callable[[], str]
) -> list[Json]:
    """Keep activities; return the result of each, in their order.

    Raise Contended where others never rest.
    """
    results: list[Json | None] = [None] * len(body.items)
    placed: list[_Placed] = []
    for place, given in enumerate(body.items):
        try:
            placed.append((place, _posted(_valid(given, now), now, new_id)))
        except Invalid as error:
            results[place] = rejected(*error.errors)
    posting = _Posting(store, now, new_id)
    for pack in _packs(placed):
        told = posting.post([each for _, each in pack])
        for (place, _), result in zip(pack, told, strict=True):
            results[place] = result
    return [each for each in results if each is not None]


def _valid(given: Any, now: int) -> ActivityItem:
    """Return an item as its model has it. Raise Invalid."""
    if not isinstance(given, dict):
        raise invalid(("", "is not an object"))
    item = validated(ActivityItem, given)
    faults = list(item.faults(now))
    if faults:
        raise invalid(*faults)
    return item


def _posted(item: ActivityItem, now: int, new_id: Callable[[], str]) -> Posted:
    stated = item.model_dump(exclude_none=True, exclude={"id"})
    digest = hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:32]
    when = item.occurred_date
    return Posted(
        said=ActivitySaid(
            item.email,
            item.kind,
            subject=item.subject,
            campaign=item.campaign,
            source=item.source,
            automation_id=item.automation_id,
        ),
        at=now if when is None else times.from_text(when),
        event_id=item.id or (digest if when is not None else new_id()),
        token=item.id,
        digest=digest,
    )


def _packs(placed: Sequence[_Placed]) -> Iterator[list[_Placed]]:
    """Yield the items of one address after another, as many as go into one transaction."""
    by_email: dict[str, list[_Placed]] = {}
    for each in placed:
        by_email.setdefault(each[1].said.email, []).append(each)
    pack: list[_Placed] = []
    for each in (each for theirs in by_email.values() for each in theirs):
        if fold_activity.writes_of([posted for _, posted in (*pack, each)]) > _WRITES_MAX:
            yield pack
            pack = []
        pack.append(each)
    if pack:
        yield pack


class _Posting:
    """The folding of one request's items, over one Reading."""

    def __init__(self, store: Store, now: int, new_id: Callable[[], str]) -> None:
        self._store = store
        self._now = now
        self._new_id = new_id
        self._reading = Reading()

    def post(self, items: Sequence[Posted]) -> list[Json]:
        """Commit items of one transaction, or fewer at a time where that does not go through."""
        outcomes: list[str] = []

        def folding(reading: Reading) -> Plan:
            nonlocal outcomes
            plan, outcomes = fold_activity.fold(items, reading, now=self._now, new_id=self._new_id)
            return plan

        try:
            apply(folding, self._reading, self._store)
        except Contended:
            if len(items) == 1:
                raise
        except Quarantined:
            if len(items) == 1:
                return [rejected(("email", "is longer than an address that can be kept"))]
        else:
            return [_result(each) for each in outcomes]
        # The more documents a transaction holds, the more rivals it has; and one item that can
        # never be kept is to be told so alone.
        half = len(items) // 2
        return [*self.post(items[:half]), *self.post(items[half:])]


def _result(outcome: str) -> Json:
    if outcome == ID_TAKEN:
        return rejected(("id", "was given to another activity of this address"))
    return accepted(outcome)
