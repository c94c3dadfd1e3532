"""The law of joining: which accounts of money are one order does not depend on arrival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.observations import Parsed
from shared.domain.ports import Check, Document, Write
from tests.fakes.memory_store import MemoryStore
from tests.laws import words
from tests.laws.recorded import drifted, misremembered, recorded, unlike
from tests.support.shop import Shop


@st.composite
def purchases(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Invent invoices and charges of one customer, close to each other, some of them linked."""
    minutes = st.integers(0, 40)
    prices = st.sampled_from((1900, 1900, 1900, 2400))
    bills = [(str(n), draw(minutes), draw(prices)) for n in range(draw(st.integers(1, 3)))]
    paid = [(str(n), draw(minutes), draw(prices)) for n in range(draw(st.integers(1, 3)))]
    told: list[tuple[Any, ...]] = [("invoice", *bill) for bill in bills]
    told += [("charge", *each) for each in paid]
    told += [("invoice", n, max(0, at - 9), p, "failed") for n, at, p in bills if draw(_SELDOM)]
    told += [("charge", f"{n}d", at, p, "declined") for n, at, p in paid if draw(_SELDOM)]
    for bill, charge in zip(bills, draw(st.permutations(paid)), strict=False):
        if draw(st.booleans()):
            told.append(("link", bill[0], charge[0], max(bill[1], charge[1]), charge[2]))
    return told


_SELDOM = st.sampled_from((False, False, False, True))


def _event(kind: str, name: str, when: Any, *more: Any) -> Parsed:
    if kind == "link":
        return words.link(name, when, *more)
    amount, *state = more
    if kind == "invoice":
        told = state[0] if state else "paid"
        return words.invoice(name, when, amount=amount, state=told, event_name=f"in_{name}_{told}")
    return words.charge(name, when, amount=amount, status=state[0] if state else "completed")


class Announcing(MemoryStore):
    """A store that notes which creations its changes would announce to automations."""

    def __init__(self) -> None:
        super().__init__()
        self.announced: list[str] = []

    def commit(self, steps: Sequence[Write | Check]) -> None:
        was = {step.name: self.documents.get(step.name) for step in steps}
        super().commit(steps)
        for step in steps:
            if step.name[:2] != ("entry", "order") or not isinstance(step, Write):
                continue
            before, after = was[step.name], step.document
            if _announces(after) and not _announces(before):
                self.announced.append((after or {})["entry"].event_id)


def _announces(document: Document | None) -> bool:
    entry = document["entry"] if document else None
    return bool(entry and entry.kind == "created" and not entry.joined)


@given(purchases(), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_no_creation_is_announced_twice_and_every_order_is_announced(
    told: list[tuple[Any, ...]], dice: Any
) -> None:
    arriving = [_event(*each) for each in told]
    dice.shuffle(arriving)
    store = Announcing()
    shop = Shop(store=store)

    shop.hear_all(arriving)

    assert len(set(store.announced)) == len(store.announced)
    for identity in shop.orders():
        events = {entry.event_id for entry in store.history(("order", "shop", identity))}
        assert events & set(store.announced)


@given(purchases(), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_orders_are_the_same_in_whatever_order_their_accounts_arrive(
    told: list[tuple[Any, ...]], dice: Any
) -> None:
    ada = words.customer("1", 0, "ada@example.com")
    events = [ada, *(_event(*each) for each in told)]
    arriving = [*events, *dice.sample(events, 2)]
    dice.shuffle(arriving)
    one, other = Shop(), Shop()

    one.hear_all(events)
    other.hear_all(arriving)

    assert unlike(recorded(one), recorded(other)) == []
    assert drifted(one) == drifted(other) == []
    assert misremembered(one) == misremembered(other) == []
