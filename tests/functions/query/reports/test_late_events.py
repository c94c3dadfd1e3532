"""What a report that was asked as it stood tells of what has been recorded since."""

from __future__ import annotations

from tests.laws import words
from tests.support.diary import DAY, Diary, bought, said
from tests.support.log_books import Books, ms


def test_what_happened_after_the_ranges_end_is_no_late_event_of_it() -> None:
    diary = Diary()
    diary.on(1)
    diary.hear(*bought())
    diary.on(40)
    diary.hear(words.refund("1", 40 * DAY, 400))

    then = diary.report("orders", day=10)

    assert (then["late_events"], then["late_events_count"]) == ([], 0)
    assert len(diary.report("orders", day=10, to="2026-11-30")["late_events"]) == 1


def test_an_event_told_again_is_no_late_one() -> None:
    diary = Diary()
    diary.on(1)
    diary.hear(*bought())
    diary.on(20)
    diary.hear(*bought())

    assert diary.report("orders", day=10)["late_events"] == []


def test_late_activity_spend_and_firings_restate_the_reports_that_count_them() -> None:
    books = Books()
    books.automation("welcome", name="Welcome")
    books.recorded_at = ms("2026-09-01")
    books.contact("ada", "2026-09-01")
    books.activity("ada@example.com", "open", "2026-09-01")
    books.spend("2026-09-01", 500, source="ads")
    books.recorded_at = ms("2026-09-10")
    books.contact("bob", created_date=ms("2026-08-30"))
    books.activity("ada@example.com", "click", "2026-09-01", id="late")
    books.spend("2026-09-01", 700, source="ads")
    books.firing("welcome", "f1", "ada", "2026-09-02", delivered=1)
    asked = {"since": "2026-09-01", "to": "2026-09-05"}
    then = {**asked, "as_known_at": "2026-09-06T00:00:00Z"}

    engaged, paid, fired = (
        books.report(name, **then) for name in ("engagement", "acquisition", "automations")
    )

    assert engaged["kpis"]["clicks"]["value"] == 0
    assert said(engaged) == [("activity.click", "new"), ("contact.created", "new")]
    assert paid["kpis"]["spend"]["value"] == "5.00"
    assert books.kpis("acquisition", **asked)["spend"] == "7.00"
    assert said(paid) == [("contact.created", "new"), ("spend.updated", "amended")]
    (spent,) = [each for each in paid["late_events"] if each["type"] == "spend.updated"]
    assert spent["changes"] == [{"field": "amount", "from": "5.00", "to": "7.00"}]
    assert (spent["date"], spent["record_id"]) == (
        "2026-09-01T00:00:00.000Z",
        "2026-09-01/ads//USD",
    )
    assert fired["kpis"]["fired"]["value"] == 0
    assert ("firing.created", "new") in said(fired)
    assert books.kpis("automations", **asked)["fired"] == 1
    assert said(books.report("subscriptions", **then)) == []


def test_late_events_are_those_of_the_connections_asked_and_the_newest_hundred() -> None:
    diary = Diary(connections={"other": {}})
    diary.connect("other")
    diary.on(1)
    diary.hear(*bought())
    diary.on(20)
    for number in range(2, 60):
        diary.hear(*bought(str(number), 2, known=False))

    found = diary.report("subscriptions", day=10, connection="shop")
    other = diary.report("subscriptions", day=10, connection="other")

    assert len(found["late_events"]) == 100 < found["late_events_count"]
    assert (other["late_events"], other["late_events_count"]) == ([], 0)


def test_what_was_withdrawn_since_is_told_as_it_was() -> None:
    books = Books()
    about = {
        "record": "order",
        "connection_id": "shop",
        "id": "in_1",
        "place": "1",
        "occurred_date": ms("2026-09-01"),
    }
    said_of = {"event_id": "evt_1", "event_type": "paid", "kind": "created", "changes": "[]"}
    books.recorded_at = ms("2026-09-01")
    books.order("2026-09-01", id="in_1")
    books._write("changes", {**about, **said_of, "historical": False, "late": False})
    books.recorded_at = ms("2026-09-10")
    books.order("2026-09-01", id="in_1", deleted=True)
    books._write("changes", {**about, "deleted": True})

    found = books.report("orders", to="2026-09-30", as_known_at="2026-09-05T00:00:00Z")

    assert found["kpis"]["orders"]["value"] == 1
    assert books.kpis("orders", to="2026-09-30")["orders"] == 0
    (late,) = found["late_events"]
    assert (late["type"], late["state"], late["event_id"]) == (
        "order.created",
        "withdrawn",
        "evt_1",
    )
    before = {"to": "2026-08-31", "as_known_at": "2026-09-05T00:00:00Z"}
    assert books.report("orders", **before)["late_events"] == []
