"""Carry an event or a job through: read what folding asks for, fold, commit, again if need be.

Used by the processor and by every door that folds at once. `Contended` from the store means that
somebody else wrote in between: everything is read anew and folded again.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.errors import Contended
from shared.domain.folding import Plan
from shared.domain.ports import Missing, Reading, Store

# More rounds of reading than any fold needs, and more rivals than a record has writers.
_ROUNDS = 20
_RIVALS = 5

Fold = Callable[[Reading], Plan]


def try_fold(fold: Fold, reading: Reading, store: Store) -> Plan:
    """Return the plan `fold` comes to, reading whatever it finds missing."""
    for _ in range(_ROUNDS):
        try:
            return fold(reading)
        except Missing as missing:
            reading.load(store, missing)
    raise AssertionError("folding asked for more reading without end")


def _nothing(plan: Plan) -> None:
    """Do nothing before a commit."""


def apply(
    fold: Fold, reading: Reading, store: Store, before: Callable[[Plan], None] = _nothing
) -> Plan:
    """Fold and commit; return the plan that was committed. Raise Contended if others never rest.

    `before` is given each plan that is about to be committed, for what must not be lost by a crash
    right after the commit.
    """
    for attempt in range(_RIVALS):
        plan = try_fold(fold, reading, store)
        before(plan)
        try:
            if plan.steps:
                store.commit(plan.steps)
        except Contended:
            reading.forget()
            if attempt == _RIVALS - 1:
                raise
            continue
        reading.wrote(plan.steps)
        return plan
    raise AssertionError("unreachable: the last attempt returns or raises")
