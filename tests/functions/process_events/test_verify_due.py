"""The schedule has a connection verified, unless it is being verified or nobody can be asked."""

from __future__ import annotations

from typing import Any

import pytest

from functions.process_events.verify_due import verify_due
from shared.domain import times, verify
from shared.domain.ports import Write
from tests.fakes.memory_store import MemoryStore

NOW = 1_900_000_000_000
CONNECTION = {"connection_id": "shop", "provider": "stripe", "has_api": True, "version": 1}


def _store(**about: Any) -> MemoryStore:
    store = MemoryStore()
    store.commit([Write(("connection", "shop"), {**CONNECTION, **about}, 0)])
    return store


def _due(store: MemoryStore, at: int) -> tuple[str, list[Any]]:
    asked: list[Any] = []
    message = {"job": verify.DUE, "connection_id": "shop", "at": at}
    return verify_due(message, at, store=store, ask=asked.append), asked


@pytest.mark.parametrize(
    "about", [{"has_api": False}, {"provider": "api"}, {"provider": "activecampaign"}]
)
def test_whom_nobody_can_ask_for_payments_is_not_verified(about: dict[str, Any]) -> None:
    assert _due(_store(**about), NOW) == ("ignored", [])


@pytest.mark.parametrize(
    ("later", "outcome"), [(23 * times.HOUR, "ignored"), (25 * times.HOUR, "applied")]
)
def test_one_under_way_is_not_begun_again_unless_it_is_lost(later: int, outcome: str) -> None:
    store = _store()
    _due(store, NOW)

    again, asked = _due(store, NOW + later)

    assert again == outcome
    assert len(asked) == (outcome == "applied")


def test_one_that_failed_is_begun_anew() -> None:
    store = _store()
    _due(store, NOW)
    store.documents["job", f"verify-shop-{NOW}"]["state"] = "failed"

    outcome, ((call),) = _due(store, NOW + times.HOUR)

    assert outcome == "applied"
    assert call["job_id"] == f"verify-shop-{NOW + times.HOUR}"
