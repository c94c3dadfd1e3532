"""Reports as they stood: late matches, late refunds and older history change today's alone."""

from __future__ import annotations

import json

import pytest

from functions.query.custom_routes import ask_custom_report
from functions.query.report_routes import read_report_ledger
from shared.api.route import Request
from shared.domain import times
from shared.domain.errors import BadRequest
from shared.domain.reports.catalogue import REPORTS
from tests.laws import words
from tests.support.diary import DAY, SEPTEMBER, Diary, bought, said
from tests.support.log_books import Books, ms, state


def test_a_late_refund_restates_the_present_and_leaves_what_stood() -> None:
    diary = Diary()
    diary.on(1)
    diary.hear(*bought())
    diary.on(20)
    diary.hear(words.refund("1", 3 * DAY, 400))

    then = diary.report("orders", day=10)

    assert diary.values("orders", "net", "refunds") == ["15.00", "4.00"]
    assert [then["kpis"][each]["value"] for each in ("net", "refunds")] == ["19.00", "0.00"]
    assert diary.values("orders", "net", "refunds", day=20) == ["15.00", "4.00"]
    (late,) = then["late_events"]
    assert (late["type"], late["state"], late["record_id"]) == ("order.updated", "new", "in_1")
    assert late["date"] == times.to_text(words.at(3 * DAY))
    assert late["recorded_date"] == times.to_text(words.at(20 * DAY))
    assert "refunds" in {each["field"] for each in late["changes"]}
    assert then["late_events_count"] == 1
    assert [each["code"] for each in then["notes"]] == ["as_known_at"]


def test_a_late_match_restates_reports_of_contacts_and_leaves_what_stood() -> None:
    diary = Diary(policy="match_only")
    diary.on(1)
    diary.hear(*bought())
    diary.on(20)
    diary.shop.add_contact("ada@example.com")

    then = diary.report("customers", day=10)

    assert diary.values("customers", "customers") == [1]
    assert then["kpis"]["customers"]["value"] == 0
    assert diary.values("orders", "unmatched", "net", day=10) == ["19.00", "19.00"]
    assert diary.values("orders", "unmatched", "net") == ["0.00", "19.00"]
    assert diary.values("acquisition", "new_customer_revenue", day=10) == ["0.00"]
    assert diary.values("acquisition", "new_customer_revenue") == ["19.00"]
    assert ("order.created", "amended") in said(then)
    assert {each["contact_id"] for each in then["late_events"]} == {"contact-1"}


def test_older_history_restates_the_present_and_leaves_what_stood() -> None:
    diary = Diary()
    diary.on(5)
    diary.hear(*bought("2", 4))
    diary.on(20)
    diary.hear(*bought("1", 1, known=False))

    then = diary.report("subscriptions", day=10)

    assert diary.values("subscriptions", "mrr", "new", "revenue") == ["38.00", 2, "38.00"]
    told = [then["kpis"][each]["value"] for each in ("mrr", "new", "revenue")]
    assert told == ["19.00", 1, "19.00"]
    assert ("recurring_payment.created", "new") in said(then)
    assert {each["record_id"] for each in then["late_events"]} == {"in_1", "sub_1"}


def test_the_rows_behind_a_figure_are_those_that_were_known() -> None:
    diary = Diary()
    diary.on(1)
    diary.hear(*bought())
    diary.on(20)
    diary.hear(words.refund("1", 3 * DAY, 400))
    asked = {**SEPTEMBER, "kpi": "refunds"}

    def rows(**query: str) -> int:
        request = Request(params={"report": "orders"}, query={**asked, **query})
        return len(read_report_ledger(request, diary.adapters).body["items"])

    assert rows() == 1
    assert rows(as_known_at=times.to_text(words.at(10 * DAY)) or "") == 0


def test_each_moment_has_a_tag_of_its_own_which_what_is_recorded_since_changes() -> None:
    books = _two_days()

    def tag(**query: str) -> str:
        return books.answer("orders", {"to": "2026-09-30", **query}).headers["ETag"]

    present, first = tag(), tag(as_known_at="2026-09-02T00:00:00Z")
    again, second = (tag(as_known_at=f"2026-09-0{day}T00:00:00Z") for day in (2, 3))
    books.order("2026-09-01")

    assert len({present, first, second}) == 3
    assert again == first != tag(as_known_at="2026-09-02T00:00:00Z")


def _two_days() -> Books:
    """Return books that were written on the first and second of September, an order each."""
    books = Books()
    for day in ("2026-09-01", "2026-09-02"):
        books.recorded_at = ms(day)
        books.order(day)
    return books


@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        ("2026-09-22T00:00:00Z", "lies in the future, of which nothing is known yet"),
        ("2026-09-01", "has to be a time such as 2026-11-22T08:00:00Z"),
        ("yesterday", "has to be a time such as 2026-11-22T08:00:00Z"),
        ("0001-01-01T00:00:00+23:59", "has to be a time such as 2026-11-22T08:00:00Z"),
        ("9999-12-31T23:59:59-23:59", "lies in the future, of which nothing is known yet"),
        (
            "2026-08-31T23:59:59.999Z",
            "lies before the change log begins, which is 2026-09-01T00:00:00.000Z; what was known "
            "before then is not kept",
        ),
    ],
)
def test_moments_of_which_nothing_is_kept_are_refused(moment: str, fault: str) -> None:
    with pytest.raises(BadRequest) as refused:
        _two_days().answer("orders", {"as_known_at": moment})

    assert refused.value.errors == (("as_known_at", fault),)


def test_the_first_moment_of_the_log_and_one_of_an_empty_log_are_answered() -> None:
    found = _two_days().report("orders", as_known_at="2026-09-01T00:00:00Z")

    assert (found["kpis"]["orders"]["value"], found["as_of"]) == (1, "2026-09-01T00:00:00.000Z")
    assert (found["from"], found["to"]) == ("2026-09-01", "2026-09-01"), "today was another day"
    assert Books().kpis("orders", as_known_at="2026-09-01T00:00:00Z")["orders"] == 0


def test_who_was_in_a_segment_and_what_things_were_called_is_as_it_stood() -> None:
    books = Books()
    condition = {"field": "contact.tags", "operator": "is", "value": "VIP"}
    books.segment("vip", conditions=[condition])
    for day, name, tagged in (
        ("2026-09-01", "Tea", {}),
        ("2026-09-05", "Chai", {"VIP": "2026-09-01"}),
    ):
        books.recorded_at = ms(day)
        books.product("tea", name)
        books.contact("ada", "2026-09-01", tagged=tagged)
        line = [{"store_primary_id": "tea", "amount": 5, "quantity": 1}]
        books.order("2026-09-01", 500, id="in_1", contact_id="ada", line_items=line)

    def asked(**query: str) -> tuple[int, str]:
        found = books.report("orders", to="2026-09-30", group_by="product", **query)
        return found["kpis"]["orders"]["value"], found["groups"][0]["label"]

    then = {"as_known_at": "2026-09-03T00:00:00Z"}
    assert (asked(), asked(**then)) == ((1, "Chai"), (1, "Tea"))
    assert books.kpis("orders", to="2026-09-30", segment="vip")["orders"] == 1
    assert books.kpis("orders", to="2026-09-30", segment="vip", **then)["orders"] == 0


def test_a_segment_of_the_last_days_means_those_before_the_moment() -> None:
    books = Books()
    recent = {"field": "contact.customer_since", "operator": "in_last", "value": "7 days"}
    books.segment("fresh", conditions=[recent])
    books.recorded_at = ms("2026-09-01")
    books.contact("ada", "2026-09-01")
    books.order("2026-09-01", contact_id="ada")

    asked = {"to": "2026-09-30", "segment": "fresh"}

    assert books.kpis("orders", **asked)["orders"] == 0
    assert books.kpis("orders", **asked, as_known_at="2026-09-03T00:00:00Z")["orders"] == 1


def test_every_report_and_figure_is_answered_as_it_stood() -> None:
    books = _two_days()
    books.recurring_payment("2026-09-01", state("2026-09-01"))
    then = {"as_known_at": "2026-09-01T12:00:00Z", "to": "2026-09-30"}

    for name, definition in REPORTS.items():
        found = books.report(name, **then)
        assert found["as_known_at"] == "2026-09-01T12:00:00.000Z"
        for kpi in definition.kpis:
            assert books.ledger_page(name, **then, kpi=kpi.name)["as_of"] == found["as_of"]


def test_what_is_known_by_now_is_the_present() -> None:
    books = _two_days()
    fresh = books.recurring_payment("2026-09-01", state("2026-09-01"), contact_id="ada")
    books.contact("ada", "2026-09-01", tagged={"VIP": "2026-09-02"}, first_source="ads")
    books.order("2026-09-03", 900, contact_id="ada", recurring_payment_id=fresh)
    books.order("2026-09-03", 700, contact_id="ada", back=[("refund", "2026-09-04", 300)])
    books.activity("ada@example.com", "click", "2026-09-02")
    books.spend("2026-09-02", 500, source="ads")
    books.firing("welcome", "f1", "ada", "2026-09-02", delivered=1)

    for name in REPORTS:
        present = books.report(name, to="2026-09-30")
        known = books.report(name, to="2026-09-30", as_known_at="2026-09-21T00:00:00Z")
        assert known["late_events"] == []
        told = {key: known[key] for key in present if key not in ("notes", "as_of")}
        assert told == {key: present[key] for key in told}


def test_a_custom_report_is_answered_as_it_stood_too() -> None:
    books = _two_days()

    def orders(**more: str) -> tuple[int, str]:
        asked = {"dataset": "orders", "measures": ["count"], **more}
        request = Request(raw=json.dumps(asked).encode())
        found = ask_custom_report(request, books.adapters).body
        return found["items"][0]["count"], found["as_of"]

    assert orders()[0] == 2
    assert orders(as_known_at="2026-09-01T12:00:00Z") == (1, "2026-09-01T12:00:00.000Z")
    with pytest.raises(BadRequest):
        orders(as_known_at="2026-08-01T12:00:00Z")
