"""The generated PayKickstart is what the documentation says, and the same every time."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from infra.samples import paykickstart as story


def test_a_life_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, again, other = story.random_life(3), story.random_life(3), story.random_life(4)

    assert [event.body for event in one.events] == [event.body for event in again.events]
    assert one.truth == again.truth
    assert [event.body for event in one.events] != [event.body for event in other.events]


def test_a_whole_life_holds_every_money_event_and_its_end() -> None:
    told = {event.type for event in story.whole_life(1).events}

    assert told == {*story.event_types()} - {
        "sales:one_time",
        "subscription-updated",
        story.UNKNOWN,
    }


def test_hash_is_the_documented_one() -> None:
    event = story.sample("refund").event
    fields = dict(parse_qsl(event.body.decode(), keep_blank_values=True))
    signature = fields.pop("hash")
    del fields["verification_code"]

    values = "|".join(fields[name] for name in sorted(fields) if fields[name] not in ("", "0"))

    assert signature == hmac.new(story.SECRET.encode(), values.encode(), hashlib.sha1).hexdigest()


def test_names_are_signed_in_the_older_alphabet_where_the_vendor_does() -> None:
    utf_8, latin_1 = story.whole_life(1).events[0], story.whole_life(1, latin_1=True).events[0]

    assert utf_8.fields == latin_1.fields
    assert utf_8.body.partition(b"&hash=")[0] == latin_1.body.partition(b"&hash=")[0]
    assert utf_8.body != latin_1.body


@pytest.mark.parametrize("event_type", story.event_types())
@pytest.mark.parametrize("at", [1_767_258_000, 1_772_355_600, 1_795_000_000])
def test_a_sample_ends_when_it_is_asked_to_and_never_later(event_type: str, at: int) -> None:
    told = story.sample(event_type, at=at)

    times = [int(dict(event.fields)["transaction_time"]) for event in (*told.before, told.event)]
    assert max(times) == times[-1]
    assert at - 5 * 86_400 < times[-1] <= at


def test_command_lists_prints_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert story.__name__ == "infra.samples.paykickstart"
    assert [story.main([]), story.main(["refund"])] == [0, 0]
    out = capsys.readouterr().out
    assert "subscription-trial-end\n" in out
    assert "event=refund&" in out

    assert story.main(["--write-fixtures", str(tmp_path / "new")]) == 0

    written = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert written == story.fixtures()
