"""The emulator's journal: what outlives a kill, and what is read of it on the next start."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_what_was_written_is_read_by_another_process_in_order(journal: Journal) -> None:
    journal.turn()
    journal.write({"call": 1})
    journal.turn()
    journal.write({"call": 2})

    after_a_kill = Journal(journal.folder)

    assert list(after_a_kill.read(0)) == [{"call": 1}, {"call": 2}]
    assert list(after_a_kill.read(2)) == [{"call": 2}]


def test_a_line_cut_off_was_never_answered_and_is_passed_over(journal: Journal) -> None:
    journal.turn()
    journal.write({"call": 1})
    ((_, path),) = journal.on_disk()
    with path.open("ab") as file:
        file.write(b'{"call": 2, "bo')

    assert list(journal.read(0)) == [{"call": 1}]


def test_a_damaged_line_is_told_and_those_around_it_are_read(journal: Journal) -> None:
    journal.turn()
    journal.write({"call": 1})
    ((_, path),) = journal.on_disk()
    with path.open("ab") as file:
        file.write(b'{"call": 2, "bo\xff\n')
    journal.write({"call": 3})

    assert list(journal.read(0)) == [{"call": 1}, None, {"call": 3}]


def test_a_line_the_system_takes_in_pieces_is_written_whole(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.turn()
    whole = os.write
    monkeypatch.setattr(os, "write", lambda file, line: whole(file, line[:5]))

    journal.write({"call": "of more than five bytes"})

    assert list(journal.read(0)) == [{"call": "of more than five bytes"}]


def test_a_line_a_full_disk_takes_half_of_is_refused_and_spoils_no_other(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.turn()
    journal.write({"call": 1})
    with monkeypatch.context() as full:
        full.setattr(os, "write", half_of_it(os.write))
        with pytest.raises(OSError, match="No space left"):
            journal.write({"call": 2})

    journal.write({"call": 3})

    assert list(journal.read(0)) == [{"call": 1}, {"call": 3}]
    assert journal.entries == 2


def half_of_it(write: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    """Return what writes five bytes, and then has no space left."""
    pieces = iter([5])

    def write_half(file: int, line: bytes) -> int:
        for length in pieces:
            return write(file, line[:length])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return write_half


def test_where_no_journal_can_be_begun_the_old_one_is_written_on(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.turn()
    with monkeypatch.context() as full:
        full.setattr(os, "open", refuse)
        with pytest.raises(OSError, match="No space left"):
            journal.turn()

    journal.write({"call": 1})

    assert list(journal.read(0)) == [{"call": 1}]


def refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_journals_go_once_a_snapshot_has_what_they_have(journal: Journal) -> None:
    first = journal.turn()
    journal.write({"call": 1})
    second = journal.turn()

    journal.drop(second)

    assert (first, second) == (1, 2)
    assert [number for number, _ in journal.on_disk()] == [second]


def test_a_new_journal_follows_those_that_are_there(journal: Journal) -> None:
    journal.turn()
    journal.turn()
    journal.drop(2)

    assert Journal(journal.folder).turn() == 3


def test_a_new_journal_has_no_entries_and_a_closed_one_takes_none(journal: Journal) -> None:
    journal.turn()
    journal.write({"call": 1})
    counted = journal.entries
    journal.turn()
    fresh = journal.entries
    journal.close()
    journal.write({"call": 2})

    assert (counted, fresh, journal.entries) == (1, 0, 0)
    assert list(journal.read(0)) == [{"call": 1}]
