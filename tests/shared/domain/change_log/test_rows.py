"""What documents leave in the change log."""

from __future__ import annotations

from typing import Any

from infra.samples import stripe as story
from shared.domain import orders
from shared.domain.change_log.rows import gone_row, row_of
from shared.domain.change_log.schema import DATASETS
from shared.domain.ports import Name
from tests.laws import words
from tests.laws.recorded import shuffled, told
from tests.support.shop import Shop


def _rows(shop: Shop) -> dict[Name, dict[str, Any]]:
    found = {name: row_of(name, held) for name, held in shop.memory.documents.items()}
    return {name: row[1] for name, row in found.items() if row is not None}


def _row(shop: Shop, name: Name) -> dict[str, Any]:
    return _rows(shop)[name]


def test_every_row_has_its_identity_and_no_column_the_schema_lacks() -> None:
    shop = told(story.random_life(3, "new").world.events)

    found = [(row_of(n, d) or ("", {})) for n, d in shop.memory.documents.items()]

    # Nobody did anything, nothing was spent, and no automation was there to fire.
    unheard = {"activity", "spend", "firings", "deliveries"}
    assert {dataset for dataset, _ in found} == {"", *DATASETS} - unheard
    for dataset, row in found:
        if dataset:
            assert set(DATASETS[dataset].identity) <= row.keys() <= set(DATASETS[dataset].columns)


def test_order_row_dates_what_went_back_and_adds_up() -> None:
    shop = Shop()
    shop.hear(words.charge("1", 0))
    shop.hear(words.refund("1", 60, 400))
    shop.hear(words.refunded("1", 90, 700))
    shop.hear(words.dispute("1", 120, 5000))

    row = _row(shop, ("order", "shop", "pi_1"))

    assert [(each["kind"], each["amount"]) for each in row["returned"]] == [
        ("refund", 400),
        ("refund", 300),
        ("dispute", 1200),
    ]
    assert [each["date"] for each in row["returned"]] == [words.at(60), words.at(90), words.at(120)]
    assert (row["refunded"], row["withheld"]) == (700, 1200)


def test_what_went_back_adds_up_in_every_life() -> None:
    for seed in range(8):
        shop = told(story.random_life(seed, "new").world.events)

        for name, row in _rows(shop).items():
            if name[0] == "order" and not row.get("deleted"):
                back = row["returned"]
                sums = [
                    sum(each["amount"] for each in back if each["kind"] == kind)
                    for kind in ("refund", "dispute")
                ]
                assert sums == [row["refunded"], row["withheld"]]
                assert row["gross"] - sum(sums) >= 0
                assert orders.net(row) == (
                    row["gross"] - sum(sums) if row["status"] in orders.BROUGHT_MONEY else 0
                )


def test_states_of_a_recurring_payment_do_not_depend_on_arrival() -> None:
    for seed in range(8):
        events = story.random_life(seed, "new").world.events
        in_order, mixed = told(events), told(shuffled(events, seed))

        for name, row in _rows(in_order).items():
            if name[0] == "recurring_payment":
                assert row["states"] == _row(mixed, name)["states"]
                assert row["states"][-1]["status"] == row["status"]
                dates = [each["date"] for each in row["states"]]
                assert dates == sorted(dates)


def test_merged_order_leaves_a_row_that_hides_it() -> None:
    shop = Shop()
    shop.hear(words.charge("1", 0))
    before = row_of(("order", "shop", "pi_1"), shop.memory.documents["order", "shop", "pi_1"])
    shop.hear(words.invoice("1", 0))
    shop.hear(words.link("1", "1", 1))

    row = _row(shop, ("order", "shop", "pi_1"))

    assert before is not None
    assert row["deleted"] is True
    assert row["merged_into"] == "in_1"
    assert row["version"] > before[1]["version"]


def test_amended_entry_is_newer_than_what_stood_there_and_its_removal_newer_still() -> None:
    shop = Shop()
    shop.hear(words.subscription("1", 10, "paused"))
    (name,) = (each for each in shop.memory.documents if each[0] == "entry")
    first = row_of(name, shop.memory.documents[name])
    shop.hear(words.subscription("1", 0, creation=True))

    amended = row_of(name, shop.memory.documents[name])
    gone = gone_row(name, shop.memory.documents[name])

    rows = [each[1] for each in (first, amended, gone) if each is not None]
    versions = [row["version"] for row in rows]
    assert versions == sorted(set(versions))
    assert [row.get("deleted") for row in rows] == [None, None, True]


def test_documents_of_configuration_leave_no_row() -> None:
    assert row_of(("connection", "shop"), {"version": 1}) is None
    assert gone_row(("settings",), {"version": 1}) is None
