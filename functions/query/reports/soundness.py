"""What readers of a report should know of the log it is made of: rows missing, tidying overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain import times

if TYPE_CHECKING:
    from shared.adapters.change_log import Snapshot

# A tail waits a quarter of an hour for the compactor; after eight of its runs it has failed.
UNTIDY_MS = 2 * times.HOUR


def notes_of(snapshot: Snapshot, now: int) -> list[dict[str, str]]:
    """Return the notes of a report that is made of a snapshot at a time (ms); none if all is well.

    Both are for the operator, too: `doctor` says the same.
    """
    notes = []
    if snapshot.unread:
        message = (
            f"{snapshot.unread} batches of recent changes are damaged and missing here. "
            "The operator brings them back with `paysignal rebuild-log`."
        )
        notes.append({"code": "changes_missing", "message": message})
    since = snapshot.waits_since
    if since is not None and since < now - UNTIDY_MS:
        message = (
            f"The change log has not been tidied since {times.to_text(since)}: this report is "
            "right and slow. The operator finds out why with `paysignal doctor`."
        )
        notes.append({"code": "log_untidy", "message": message})
    return notes
