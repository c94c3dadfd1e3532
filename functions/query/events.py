"""Every recorded change in the order of recording, for whoever wants to catch up.

The order is the log's own: each row's place in the tail it was first written to, which moving into
files does not change. Tails are named by the time of their writing, but appear a little later; so
only those are told that are old enough for none to appear before them any more.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shared.adapters.cursors import FOREIGN, read_cursor, write_cursor
from shared.domain import times
from shared.domain.errors import BadRequest

if TYPE_CHECKING:
    from functions.query.adapters import Log

EVENTS_MAX = 1_000
# How long after the time in its name a tail may appear: longer than its writer may run.
_MARGIN, _LOCAL_MARGIN = 90 * times.SECOND, times.SECOND
_POSITION = re.compile(r"\d{13}-[0-9a-f]{8}-\d{6}")
_LATEST = 10**13 - 1
# A change's rows lie near each other, so of the files little more is read than the page itself and
# the neighbourhood of its changes. A row that says again what was said is no news: a batch of the
# stream may be written twice, and a restored log tells everything anew.
_PAGE = """
WITH page AS (
  SELECT * FROM history_changes WHERE position > $after AND position < $before
  ORDER BY position LIMIT $limit
), told AS (
  SELECT p.position AS place_in_log, max_by(e, e.position) AS said
  FROM page p JOIN history_changes e USING (record, connection_id, id, place)
  WHERE e.position < p.position GROUP BY p.position
)
SELECT p.*, t.said FROM page p LEFT JOIN told t ON t.place_in_log = p.position ORDER BY p.position
"""
_NEWS = ("deleted", "kind", "changes", "contact_id", "historical", "late", "joined")


def read_events(
    after: str | None, limit: int, *, log: Log, now: int, local: bool
) -> dict[str, Any]:
    """Return the changes recorded behind a cursor. Raise BadRequest for one nobody gave out.

    `now` is in ms. Raise Retryable while the log cannot be read.
    """
    position = _position(after)
    watermark = max(0, min(now - (_LOCAL_MARGIN if local else _MARGIN), _LATEST))
    rows = log.snapshot().session.dicts(
        _PAGE, {"after": position, "before": f"{watermark:013d}", "limit": limit}
    )
    last = rows[-1]["position"] if rows else position
    told = (_event(row, row["said"]) for row in rows)
    return {
        "items": [each for each in told if each is not None],
        "next_cursor": write_cursor(last) if last else None,
        "more": len(rows) == limit,
        "watermark": times.to_text(watermark),
    }


def _position(after: str | None) -> str:
    if after is None:
        return ""
    position = read_cursor(after)
    if not _POSITION.fullmatch(position):
        raise BadRequest(FOREIGN)
    return position


def _event(row: dict[str, Any], said: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a row as it is told, None where it is no news after what was said before."""
    before = None if said is None or said["deleted"] else said
    if row["deleted"]:
        if before is None:
            return None
        told, state = before, "withdrawn"
    elif said is None:
        told, state = row, "new"
    elif before is not None and all(before[name] == row[name] for name in _NEWS):
        return None
    else:
        told, state = row, "amended"
    changes = json.loads(told["changes"])
    return {
        "id": "/".join(told[name] for name in ("record", "connection_id", "id", "place")),
        "type": f"{told['record']}.{told['kind']}",
        "state": state,
        "date": times.to_text(told["occurred_date"]),
        "recorded_date": times.to_text(row["recorded_at"]),
        "connection_id": told["connection_id"],
        "record_id": told["id"],
        "contact_id": told["contact_id"],
        "event_id": told["event_id"],
        "event_type": told["event_type"],
        "changes": [{"field": f, "from": old, "to": new} for f, old, new in changes],
        "historical": told["historical"],
        "late": told["late"],
        "joined": told["joined"],
    }
