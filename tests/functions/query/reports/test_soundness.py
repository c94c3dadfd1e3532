"""What a report says of the log it is made of."""

from __future__ import annotations

from typing import Any, cast

from functions.query.reports.soundness import UNTIDY_MS, notes_of
from shared.adapters.change_log import Snapshot

NOW = 1_790_000_000_000


def codes(**values: Any) -> list[str]:
    snapshot = Snapshot("etag", NOW, cast(Any, None), **values)
    return [note["code"] for note in notes_of(snapshot, NOW)]


def test_a_sound_log_needs_no_word() -> None:
    assert codes() == codes(waits_since=NOW - UNTIDY_MS) == []


def test_missing_rows_and_overdue_tidying_are_told() -> None:
    assert codes(unread=2) == ["changes_missing"]
    assert codes(waits_since=NOW - UNTIDY_MS - 1) == ["log_untidy"]
