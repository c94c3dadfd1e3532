"""Customers as events arrive, and what the records that are theirs show of them."""

from __future__ import annotations

from typing import Any

from shared.domain.observations import CREATED, TERMINAL, UPDATED
from tests.laws import words
from tests.laws.recorded import drifted, owners
from tests.support.shop import Shop

ADA, KING = "ada@example.com", "king@example.com"
SUBSCRIPTION = ("recurring_payment", "sub_1")


def _emails(shop: Shop) -> set[str | None]:
    views = [*shop.recurring_payments().values(), *shop.orders().values()]
    return {view["email"] for view in views}


def _expirations(shop: Shop) -> list[tuple[Any, Any]]:
    told = [
        (change.before, change.after)
        for entry in shop.history(*SUBSCRIPTION)
        for change in entry.changes
        if change.field == "payment_method_expiration"
    ]
    return [(before and before[:7], after and after[:7]) for before, after in told]


def test_record_shows_its_customers_email_and_belongs_to_that_contact() -> None:
    shop = Shop()
    shop.hear(words.customer("1", 0, ADA))

    shop.hear(words.subscription("1", 1, creation=True))

    assert _emails(shop) == {ADA}
    assert owners(shop) == {SUBSCRIPTION: ADA}


def test_email_learnt_later_reaches_every_record_of_the_customer() -> None:
    shop = Shop()
    shop.hear_all([words.subscription("1", 1), words.invoice("1", 2), words.charge("9", 90)])
    assert shop.contacts() == {}

    shop.hear(words.customer("1", 0, ADA))

    assert set(owners(shop).values()) == {ADA}
    assert len(owners(shop)) == 3
    assert drifted(shop) == []


def test_changes_recorded_while_nobody_was_known_get_the_contact() -> None:
    shop = Shop()
    shop.hear_all([words.subscription("1", 1), words.subscription("1", 9, "paused", was="active")])

    shop.hear(words.customer("1", 0, ADA))

    (contact,) = shop.contacts().values()
    told = shop.history(*SUBSCRIPTION)
    assert [each.contact_id for each in told] == [contact["contact_id"]] * 2
    assert all(each.contact_version for each in told)


def test_new_email_moves_all_records_and_both_contacts_sums_stay_right() -> None:
    shop = Shop()
    shop.hear_all(
        [
            words.customer("1", 0, ADA),
            words.subscription("1", 1, creation=True),
            words.invoice("1", 2),
            words.charge("9", 90, amount=500),
            words.charge("8", 95, customer="cus_2", email=ADA),
        ]
    )

    shop.hear(words.customer("1", 100, KING, rank=UPDATED, before={"customer": {"email": ADA}}))

    contacts = shop.contacts()
    assert contacts[KING]["revenue"] == [{"currency": "USD", "amount": 2400}]
    assert contacts[ADA]["revenue"] == [{"currency": "USD", "amount": 1900}]
    assert contacts[ADA]["customer_since"] == words.at(95)
    assert drifted(shop) == []


def test_older_news_of_a_customer_change_nothing_of_today() -> None:
    shop = Shop()
    shop.hear_all([words.customer("1", 50, KING, rank=UPDATED), words.subscription("1", 60)])

    shop.hear(words.customer("1", 0, ADA))

    assert _emails(shop) == {KING}


def test_new_email_is_no_change_anybody_is_told_of() -> None:
    shop = Shop()
    shop.hear_all([words.customer("1", 0, ADA), words.subscription("1", 1, creation=True)])

    shop.hear(words.customer("1", 9, KING, rank=UPDATED))

    assert [entry.kind for entry in shop.history(*SUBSCRIPTION)] == ["created"]


def test_card_attached_and_removed_is_told_the_same_in_either_order() -> None:
    came, went = words.card("1", 60, "pm_1", "2029-12"), words.card("1", 600, "pm_1", None)
    renewed = words.card("1", 300, "pm_1", "2031-05")
    begin = [
        words.customer("1", 0, ADA),
        words.card("1", 0, "pm_1", "2027-01"),
        words.subscription("1", 1, creation=True, payment_method="pm_1"),
    ]
    one, other = Shop(), Shop()

    one.hear_all([*begin, came, renewed, went])
    other.hear_all([went, *begin, renewed, came])

    assert _expirations(one) == [
        ("2027-01", "2029-12"),
        ("2029-12", "2031-05"),
        ("2031-05", None),
    ]
    assert _expirations(other) == _expirations(one)


def test_what_came_late_of_a_card_is_marked_so() -> None:
    shop = Shop()
    shop.hear_all(
        [
            words.card("1", 0, "pm_1", "2027-01"),
            words.subscription("1", 1, creation=True, payment_method="pm_1"),
            words.subscription("1", 99, "cancelled", payment_method="pm_1"),
        ]
    )

    shop.hear(words.card("1", 50, "pm_1", "2029-12"))

    late = [entry.event_id for entry in shop.history(*SUBSCRIPTION) if entry.late]
    assert late == ["evt_pm_1_50"]


def test_payer_of_an_order_leads_to_a_contact_where_the_store_has_no_customer() -> None:
    shop = Shop()

    shop.hear(words.charge("1", 0, customer=None, email=ADA))

    assert owners(shop) == {("order", "pi_1"): ADA}


def test_names_and_phone_fill_the_contact_even_if_no_record_changes() -> None:
    shop = Shop()
    shop.hear_all([words.customer("1", 0, ADA), words.subscription("1", 1, creation=True)])

    shop.hear(words.customer("1", 9, ADA, rank=UPDATED, first_name="Ada", phone="+44 1"))

    contact = shop.contacts()[ADA]
    assert (contact["first_name"], contact["phone"]) == ("Ada", "+44 1")


def test_job_that_finds_nothing_new_writes_nothing() -> None:
    shop = Shop()
    shop.hear_all([words.customer("1", 0, ADA), words.subscription("1", 1, creation=True)])
    commits = shop.memory.commits

    shop.outbox.jobs.append(
        {"job": "refresh_customer", "connection_id": "shop", "customer_id": "cus_1"}
    )
    shop.work_off()

    assert shop.memory.commits == commits


def test_repeated_words_of_a_customer_cost_no_write_and_no_job() -> None:
    """Every invoice names its payer; only a new word is worth telling anybody."""
    shop = Shop()
    shop.hear_all([words.customer(str(1), minute, ADA) for minute in (0, 10)])
    held = shop.memory.documents["customer", "shop", "cus_1"]
    shop.holds_jobs = True

    shop.hear(words.customer("1", 5, ADA, rank=UPDATED))

    assert shop.memory.documents["customer", "shop", "cus_1"] == held
    assert not shop.outbox.jobs


# The catalogue.


def _product(shop: Shop) -> Any:
    return shop.memory.documents["catalogue", "shop", "product", "prod_1"]["values"]["name"]


def test_catalogue_keeps_the_newest_word_in_whatever_order() -> None:
    shop = Shop()
    shop.hear_all([words.product("1", 9, "New"), words.product("1", 0, "Old")])

    assert _product(shop) == "New"


def test_equal_seconds_of_the_catalogue_are_settled_by_rank() -> None:
    made, gone = words.product("1", 0, "Made", CREATED), words.product("1", 0, "Gone", TERMINAL)
    shop = Shop()

    shop.hear(gone)
    shop.hear(words.event("created", 0, catalogue=made.catalogue))

    assert _product(shop) == "Gone"


def test_catalogue_events_touch_no_record() -> None:
    shop = Shop()
    shop.hear(words.subscription("1", 0, items=[{"store_primary_id": "prod_1"}]))
    before = {name for name in shop.memory.documents if name[0] not in ("event", "catalogue")}
    head = shop.head(*SUBSCRIPTION)
    shop.holds_jobs = True

    shop.hear(words.product("1", 9, "Renamed"))

    after = {name for name in shop.memory.documents if name[0] not in ("event", "catalogue")}
    assert (after, shop.head(*SUBSCRIPTION)) == (before, head)
    assert not shop.outbox.jobs
