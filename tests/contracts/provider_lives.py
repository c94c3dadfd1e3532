"""A provider's letters, whole lives of them, and the books a life must come to."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Letter:
    """One event as the parser gets it: the raw body, and the headers that carry meaning."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Books:
    """What a life must come to, as the world that made it up says.

    Recurring payments by id with their status, orders by id with gross and refunded in minor units,
    and addresses that must have a contact.
    """

    recurring_payments: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    contacts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Life:
    """All letters of a life in the order they were meant to come in, and its books."""

    letters: Sequence[Letter]
    books: Books


def shuffled(letters: Sequence[Letter], seed: int) -> list[Letter]:
    """Return the letters in a random order, some of them twice."""
    dice = random.Random(seed)
    order = [*letters, *dice.sample(list(letters), min(8, len(letters)))]
    dice.shuffle(order)
    return order
