"""A batch of the stream: what is looked at, what waits, and from where it is read again."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.automations.happening import Happening
from shared.domain.errors import Retryable
from tests.support.firing import NOW, Desk, updated
from tests.support.stream import stream_record

FAILED = ("status", "active", "payment_failed")


class Firing:
    """Notes what happens; fails for the records named."""

    def __init__(self, **failing: Exception) -> None:
        self.seen: list[Happening] = []
        self._failing = failing

    def change(self, happening: Happening, now: int) -> list[str]:
        self.seen.append(happening)
        if happening.record[2] in self._failing:
            raise self._failing[happening.record[2]]
        return ["firing-1"]


def record(record_id: str, sequence: int, **images: Any) -> dict[str, Any]:
    name = ("entry", "recurring_payment", "shop", record_id, f"place-{sequence}")
    new = images.get("new", {"entry": updated(FAILED)})
    return stream_record(name, images.get("old"), new, NOW, sequence)


def answer(*sequences: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": each} for each in sequences]}


def test_each_change_is_looked_at_with_what_it_was_before() -> None:
    desk, fire = Desk(), Firing()
    old = {"entry": updated(FAILED, contact_id=None)}

    told = desk.stream(fire).handle([record("a", 1), record("b", 2, old=old)], NOW)

    assert told == answer()
    assert [each.record[2] for each in fire.seen] == ["a", "b"]
    assert [each.before is None for each in fire.seen] == [True, False]
    assert fire.seen[0].written_at == NOW
    assert fire.seen[1].before == old["entry"]
    assert desk.counted == ["Firings", "Firings"]
    assert "example.com" not in repr(desk.lines)


def test_what_is_no_change_is_passed_over() -> None:
    desk, fire = Desk(), Firing()
    contact = stream_record(("contact", "c-1"), None, {"version": 1}, NOW, 1)

    told = desk.stream(fire).handle([contact, record("a", 2, new=None)], NOW)

    assert (told, fire.seen) == (answer(), [])


def test_the_lowest_failure_is_named_and_the_others_are_gone_through() -> None:
    desk = Desk()
    fire = Firing(b=Retryable("the table is busy"), c=KeyError("a fault of ours"))
    batch = [
        record("a", 99),
        record("b", 100),
        record("c", 101),
        record("b", 102),
        record("d", 9999),
    ]

    told = desk.stream(fire).handle(batch, NOW)

    assert told == answer("100")
    assert [each.record[2] for each in fire.seen] == ["a", "b", "c", "d"], "b waits for itself"
    failed = [each for each in desk.lines if each["event"] == "change_failed"]
    assert [each["reason"] for each in failed] == ["the table is busy", "KeyError"]


def test_an_image_nobody_can_read_hides_no_other() -> None:
    desk, fire = Desk(), Firing()
    broken = record("a", 1)
    broken["dynamodb"]["NewImage"]["d"] = {"B": "!"}

    told = desk.stream(fire).handle([broken, record("b", 2)], NOW)

    assert told == answer("1")
    assert [each.record[2] for each in fire.seen] == ["b"]


@pytest.mark.parametrize("count", [1, 100])
def test_a_batch_where_nothing_fails_names_nothing(count: int) -> None:
    batch = [record(f"sub_{number}", number) for number in range(count)]

    assert Desk().stream(Firing()).handle(batch, NOW) == answer()
