"""The records a note names, looked for in streams that are gone, endless, refusing or padded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.stream_notes import DAY_MS, Scene, redriven, staged


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with staged(monkeypatch) as found:
        yield found


def test_a_note_older_than_the_stream_is_kept_with_what_to_do(scene: Scene) -> None:
    (number,) = scene.write(1)
    scene.note(number, number, age_ms=DAY_MS + 60_000)

    code, told = redriven()

    assert code == 1
    assert "are gone" in told
    assert "by hand" in told
    assert scene.lambda_.invoked == []
    assert scene.notes() == 1


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ExpiredIteratorException"])
def test_records_the_stream_no_longer_has_are_told_of_alike(scene: Scene, code: str) -> None:
    (number,) = scene.write(1)
    scene.note(number, number)
    vars(scene.aws)["dynamodbstreams"] = Refusing(code)

    assert "are gone" in redriven()[1]
    assert scene.notes() == 1


class Refusing:
    """A stream that answers with an error."""

    def __init__(self, code: str) -> None:
        self._code = code

    def get_shard_iterator(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": self._code}}, "GetShardIterator")


class Padded:
    """A stream that writes its numbers with zeros before them, and knows them by no other text."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_shard_iterator(self, **asked: Any) -> Any:
        self.asked.append(asked["SequenceNumber"])
        return {"ShardIterator": "first"}

    def get_records(self, **_: Any) -> Any:
        numbers = ("00000000000000000000009", "00000000000000000000010")
        return {"Records": [{"dynamodb": {"SequenceNumber": each}} for each in numbers]}


def test_sequence_numbers_are_asked_for_as_they_are_written(scene: Scene) -> None:
    padded = Padded()
    scene.note("00000000000000000000009", "00000000000000000000010")
    vars(scene.aws)["dynamodbstreams"] = padded

    code, _ = redriven()

    assert code == 0
    assert padded.asked == ["00000000000000000000009"]
    assert len(scene.lambda_.records()) == 2


class Endless:
    """A shard that never says that it has ended, or says so at once."""

    def __init__(self, following: str | None) -> None:
        self._following = following
        self.asked = 0

    def get_shard_iterator(self, **_: Any) -> Any:
        return {"ShardIterator": "first"}

    def get_records(self, **_: Any) -> Any:
        self.asked += 1
        return {"Records": [], "NextShardIterator": self._following}


@pytest.mark.parametrize(("following", "asked"), [("next", 50), (None, 1)])
def test_a_shard_without_the_last_record_is_not_read_for_ever(
    scene: Scene, following: str | None, asked: int
) -> None:
    endless = Endless(following)
    (number,) = scene.write(1)
    scene.note(number, number)
    vars(scene.aws)["dynamodbstreams"] = endless

    code, told = redriven()

    assert (code, endless.asked) == (1, asked)
    assert "ended before the last" in told


def test_another_fault_ends_the_command_and_lets_the_note_go(scene: Scene) -> None:
    (number,) = scene.write(1)
    scene.note(number, number)
    vars(scene.aws)["dynamodbstreams"] = Refusing("AccessDeniedException")

    code, told = redriven()

    assert code == 1
    assert "AccessDenied" in told
    assert scene.notes() == 1
