"""What documents leave in the change log."""

from __future__ import annotations

from typing import Any

from infra.samples import stripe as story
from shared.domain import activity, contact_edits, contacts, deliveries, orders, origin
from shared.domain.change_log.rows import gone_row, row_of
from shared.domain.change_log.schema import DATASETS
from shared.domain.heard import ActivitySaid
from shared.domain.ports import Name
from tests.laws import words
from tests.laws.recorded import shuffled, told
from tests.support import automated
from tests.support.firing import updated
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


def test_an_entry_that_was_announced_tells_what_it_was_though_it_changes_nothing_more() -> None:
    name = ("entry", "order", "shop", "in_1", "place")
    told = updated(kind=None, money="first", late=False, announced=("status",))
    silent = updated(kind=None)

    announced = row_of(name, {"entry": told, "version": 2})
    nothing = row_of(name, {"entry": silent, "version": 2})

    assert announced is not None
    assert nothing is not None
    assert announced[1]["deleted"] is nothing[1]["deleted"] is True
    assert (announced[1]["money"], announced[1]["contact_id"]) == ("first", "c-1")
    assert announced[1]["announced"] == ["status"]
    assert nothing[1].keys().isdisjoint({"kind", "money", "contact_id"})


def _told(name: Name, document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    found = row_of(name, document)
    assert found is not None
    dataset, row = found
    assert set(DATASETS[dataset].identity) <= row.keys() <= set(DATASETS[dataset].columns)
    return dataset, row


def test_an_activity_is_a_row_of_its_address_and_its_place() -> None:
    said = ActivitySaid("ada@example.com", "visit", "/a", "tea", source="ads", automation_id="a1")
    name = activity.act_name(said.email, 1_790_000_000_000, "e-1")

    assert _told(name, activity.act(said, 1_790_000_000_000, "crm")) == (
        "activity",
        {
            "email": "ada@example.com",
            "id": "001790000000000#e-1",
            "connection_id": "crm",
            "kind": "visit",
            "subject": "/a",
            "campaign": "tea",
            "automation_id": "a1",
            "occurred_date": 1_790_000_000_000,
            "version": 2,
        },
    )


def test_spend_is_a_row_of_its_day_and_what_it_was_spent_on() -> None:
    name = ("spend", "2026-10-01", "ads", "", "USD")
    document = {"amount": 2500, "version": 3}
    row = {"date": "2026-10-01", "source": "ads", "campaign": "", "currency": "USD"}

    assert _told(name, document) == ("spend", {**row, "amount": 2500, "version": 6})
    assert gone_row(name, document) == ("spend", {**row, "version": 7, "deleted": True})


def test_a_firing_and_its_delivery_are_rows_of_their_automation() -> None:
    fired = automated.firing("rescue", 1, state="done")
    sent = deliveries.new("m1", "crm", "x", b"{}", 5, firing_id="f1", automation_id="rescue")

    firing = _told(("firing", "rescue", fired["firing_id"]), fired)
    delivery = _told(("delivery", "m1"), {**sent, "state": "dead", "tries": 10})

    assert firing == (
        "firings",
        {
            "automation_id": "rescue",
            "firing_id": fired["firing_id"],
            "contact_id": "c1",
            "state": "done",
            "record": "recurring_payment",
            "connection_id": "shop",
            "id": "sub_1",
            "at": fired["at"],
            "fired_at": fired["recorded_at"],
            "version": 2,
        },
    )
    assert delivery == (
        "deliveries",
        {
            "delivery_id": "m1",
            "automation_id": "rescue",
            "firing_id": "f1",
            "endpoint_id": "crm",
            "type": "x",
            "state": "dead",
            "created": 5,
            "tries": 10,
            "version": 2,
        },
    )


def test_labels_a_contact_has_no_longer_and_its_source_are_in_its_row() -> None:
    contact = contacts.new("c1", "ada@example.com", 1)
    contact_edits.add_labels(contact, "tag", ["VIP"], 2)
    contact_edits.remove_labels(contact, "tag", ["VIP"], 3)
    origin.stated(contact, {"first_source": "ads"}, 4)

    _, row = _told(("contact", "c1"), {**contact, "version": 1})

    assert row["former_tags"] == [{"tag": "VIP", "applied_date": 2, "removed_date": 3}]
    assert (row["tags"], row["first_source"]) == ([], "ads")


def test_documents_of_configuration_leave_no_row() -> None:
    assert row_of(("connection", "shop"), {"version": 1}) is None
    assert gone_row(("settings",), {"version": 1}) is None


def test_what_is_only_no_longer_kept_stays_in_the_log() -> None:
    """A delivery expires after 400 days; the report on automations still counts it."""
    delivery = {"version": 3, "automation_id": "a", "firing_id": "f", "state": "delivered"}

    assert row_of(("delivery", "msg_1"), delivery) is not None
    assert gone_row(("delivery", "msg_1"), delivery) is None
