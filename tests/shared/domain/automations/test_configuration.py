"""The configuration as firing knows it: read seldom, parsed once, not stopped by one fault."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from shared.domain.automations.configuration import Configuration
from tests.support.firing import NOW, Desk, connection

UPDATED = {"type": "recurring_payment_updated"}


def configuration(desk: Desk, seconds: int = 60) -> Configuration:
    return Configuration(desk.store, seconds, local=False, log=desk.log)


def test_it_is_read_once_until_it_is_old() -> None:
    desk = Desk()
    held = configuration(desk)
    first = held.at(NOW)
    reads = desk.store.reads
    desk.put(("connection", "more"), {**connection(), "connection_id": "more"})

    assert held.at(NOW + 59_999) is first
    assert desk.store.reads == reads
    assert set(held.at(NOW + 60_000).connections) == {"shop", "more"}


def test_a_connection_made_just_now_is_looked_for_again() -> None:
    desk = Desk()
    held = configuration(desk)
    held.at(NOW)
    desk.put(("connection", "new"), {**connection(), "connection_id": "new"})

    assert "new" in held.at(NOW + 1_000, "new").connections
    reads = desk.store.reads
    held.at(NOW + 1_500, "nowhere")
    assert desk.store.reads == reads, "but not with every event"


def test_more_automations_than_a_page_are_all_known() -> None:
    desk = Desk()
    for number in range(450):
        desk.automate(UPDATED, f"a-{number}")

    index = configuration(desk).at(NOW).index

    assert sum(len(each) for each in index._found.values()) == 450


def test_only_what_was_edited_is_parsed_again() -> None:
    desk = Desk()
    desk.automate(UPDATED, "same")
    desk.automate(UPDATED, "edited")
    held = configuration(desk, seconds=0)
    held.at(NOW)
    before = {key[0]: each for key, each in held._parsed.items()}
    edited = {**desk.store.documents["automation", "edited"], "version": 2}
    desk.put(("automation", "edited"), edited)
    held.at(NOW + 1)
    after = {key[0]: each for key, each in held._parsed.items()}

    assert after["same"] is before["same"]
    assert after["edited"] is not before["edited"]
    assert len(held._parsed) == 2


def test_an_automation_nobody_understands_any_more_stops_no_other() -> None:
    desk = Desk()
    desk.automate(UPDATED, "good")
    bad = {**desk.store.documents["automation", "good"], "automation_id": "bad"}
    desk.put(("automation", "bad"), {**bad, "trigger": {"type": "of_old"}})

    configuration(desk).at(NOW)

    assert desk.lines == [
        {"event": "automation_unreadable", "automation_id": "bad", "paths": ["trigger.type"]}
    ]


def test_settings_say_how_long_to_settle_and_which_zone_holds() -> None:
    desk = Desk()
    assert (configuration(desk).at(NOW).settle, configuration(desk).at(NOW).zone) == (20_000, UTC)

    desk.put(("settings",), {"settle": 0, "timezone": "Europe/Paris"})

    known = configuration(desk).at(NOW)
    assert (known.settle, known.zone) == (0, ZoneInfo("Europe/Paris"))


def test_endpoints_hear_what_they_subscribed_to() -> None:
    desk = Desk()
    for name, events in (("a", []), ("b", ["*"]), ("c", ["order.created"])):
        desk.put(("endpoint", name), {"endpoint_id": name, "events": events})

    known = configuration(desk).at(NOW)

    assert known.subscribers("order.created") == ["b", "c"]
    assert known.subscribers("automation.fired") == ["b"]
