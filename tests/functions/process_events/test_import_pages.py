"""Importing contacts page by page: each page once, whoever dies, interferes or comes late."""

from __future__ import annotations

import pytest

from shared.domain import contacts
from shared.domain.errors import Contended
from tests.support.importing import HEADER, NOW, Importing, result, rows


def test_ten_thousand_rows_go_page_by_page_in_few_transactions() -> None:
    shop = Importing(HEADER + rows(10_000))

    job = shop.run()

    assert (job["state"], result(job)) == ("done", (10_000, 0, 0, 0))
    assert job["progress"]["done"] == job["progress"]["total"]
    assert shop.store.largest < 100
    assert shop.store.commits <= 50 * 5
    assert len(shop.files.reads) == 50
    assert len({email for email, _ in shop.attached}) == 10_000
    assert {delay for _, delay in shop.attached} == {30}


def test_progress_grows_from_page_to_page() -> None:
    shop = Importing(HEADER + rows(450))
    seen = []

    while shop.pages:
        shop.worker().carry_out(shop.pages.pop(0), NOW)
        seen.append((shop.job()["state"], sum(result(shop.job()))))

    assert seen == [("running", 200), ("running", 400), ("done", 450)]


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_step_changes_neither_contacts_nor_counts(after: bool) -> None:
    content = HEADER + rows(230) + "nobody,,\n" + rows(30, start=100)
    whole = Importing(content)
    expected, contacts_then = whole.run(), whole.contacts()

    for step in range(1, whole.steps + 1):
        shop = Importing(content)
        shop.dies_at = (step, after)

        assert shop.run() == expected
        assert shop.contacts() == contacts_then
        assert set(shop.attached) == set(whole.attached)


def test_every_message_delivered_twice_and_late_is_counted_once() -> None:
    shop = Importing(HEADER + rows(500))
    sent = []

    while shop.pages:
        message = shop.pages.pop(0)
        sent.append(message)
        if len(sent) < 40:
            shop.pages += [message] if len(sent) % 2 else []
        shop.worker().carry_out(message, NOW)
    for message in sent:
        assert shop.worker().carry_out(message, NOW) == "ignored"

    assert result(shop.job()) == (500, 0, 0, 0)


def test_two_workers_on_one_page_count_each_row_once() -> None:
    shop = Importing(HEADER + rows(250))
    first = dict(shop.pages[0])
    for at in range(1, 12):
        shop = Importing(HEADER + rows(250))

        def other(step: int, shop: Importing = shop, at: int = at) -> None:
            if step == at:
                shop.worker().carry_out(first, NOW)

        shop.before = other

        job = shop.run()

        assert result(job) == (250, 0, 0, 0)
        assert job["state"] == "done"


def test_a_live_event_on_a_contact_meanwhile_is_kept_and_the_row_applied_on_top() -> None:
    shop = Importing(HEADER + rows(60))
    held = contacts.new("ada", "c7@example.com", 1) | {"version": 4}
    shop.store.documents["contact", "ada"] = held
    shop.store.documents["email", "c7@example.com"] = {"contact_id": "ada", "version": 1}
    touched = []

    def live(step: int) -> None:
        if step in (6, 8):
            document = shop.store.documents["contact", "ada"]
            document |= {"version": document["version"] + 1, "orders_count": step}
            touched.append(step)

    shop.before = live

    job = shop.run()

    assert touched == [6, 8]
    assert result(job) == (59, 1, 0, 0)
    ada = shop.contact("c7@example.com")
    assert ada["orders_count"] == 8
    assert [each["tag"] for each in ada["tags"]] == ["VIP"]


def test_where_others_never_rest_the_message_comes_again() -> None:
    shop = Importing(HEADER + rows(3))

    def live(step: int) -> None:
        raise Contended("somebody was faster")

    shop.before = live

    with pytest.raises(Contended):
        shop.worker().carry_out(shop.pages[0], NOW)
    assert result(shop.job()) == (0, 0, 0, 0)


def test_what_waits_for_a_new_address_is_called_before_the_commit() -> None:
    shop = Importing(HEADER + rows(12))
    order: list[str] = []
    shop.before = lambda _: order.append("commit" if len(shop.attached) == 12 else "send")

    shop.run()

    assert order == ["send", "send", "commit"]
