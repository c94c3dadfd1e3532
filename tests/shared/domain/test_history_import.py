"""What an import leaves to webhooks: records that came to be after it had begun, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import history_import
from shared.domain.folding import Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Missing, Name, Reading, Write
from tests.fakes.memory_store import MemoryStore

BEGAN = 1_790_000_000_500
ORDER: Name = ("order", "shop", "in_1")


def _is_newer(head: dict[str, Any], *, told_at: int = BEGAN + 60_000, known: bool = False) -> bool:
    store = MemoryStore()
    if known:
        store.documents[ORDER] = {"shown": True, "version": 1}
    reading = Reading()
    reading.load(store, Missing([ORDER]))
    parsed = Parsed("fetch_1", "fetched.charge", "digest", told_at, live=True)
    plan = Plan("applied", [Write(ORDER, head, 0)])
    return history_import.is_newer({"created_date": BEGAN}, parsed, plan, reading)


@pytest.mark.parametrize(("date", "newer"), [(BEGAN - 1_000, False), (BEGAN + 1_000, True)])
def test_a_sale_is_newer_by_its_own_date(date: int, newer: bool) -> None:
    assert _is_newer({"shown": True, "date": date}) is newer


def test_a_sale_in_the_second_in_which_the_import_began_is_newer() -> None:
    assert _is_newer({"shown": True, "date": BEGAN - 500})


def test_a_record_that_is_shown_already_is_never_newer() -> None:
    assert not _is_newer({"shown": True, "date": BEGAN + 1_000}, known=True)


def test_money_given_back_is_kept_though_its_payment_has_not_been_folded_yet() -> None:
    assert not _is_newer({"shown": False, "date": None})
