"""A store over another: what is tried there is seen there, and never reaches what lies below."""

from __future__ import annotations

import pytest

from infra.cli.overlay import Overlay
from infra.samples.stripe_lives import whole_life
from shared.domain.errors import Contended
from shared.domain.ports import Write
from tests.support.shop import Shop


def test_what_is_written_above_is_read_there_and_nowhere_else() -> None:
    shop = Shop()
    before = dict(shop.memory.documents)
    overlay = Overlay(shop.memory)
    name = ("connection", "shop")

    overlay.commit([Write(name, {"version": 2}, 1), Write(("email", "a"), {"version": 1}, 0)])
    overlay.commit([Write(("email", "a"), None, 1)])

    assert overlay.read([name, ("email", "a")]) == {name: {"version": 2}, ("email", "a"): None}
    assert shop.memory.documents == before


def test_a_version_that_is_not_the_expected_one_is_refused_as_below() -> None:
    overlay = Overlay(Shop().memory)
    name = ("connection", "shop")
    overlay.commit([Write(name, {"version": 2}, 1)])

    with pytest.raises(Contended):
        overlay.commit([Write(name, {"version": 2}, 1)])


def test_a_records_history_is_that_below_with_what_was_written_above() -> None:
    shop = Shop()
    shop.receive_all(event.body for event in whole_life(1).events)
    (record, *_) = (n for n in shop.memory.documents if n[0] == "recurring_payment")
    first, second, *rest = shop.store.history(record)
    overlay = Overlay(shop.memory)

    overlay.commit([Write(("entry", *record, first.key), None, None)])
    overlay.commit([Write(("entry", *record, second.key), {"entry": second, "version": 9}, None)])

    told = sorted(overlay.history(record), key=lambda each: each.place)
    assert told == [second, *rest]
    assert len(shop.store.history(record)) == len(rest) + 2
