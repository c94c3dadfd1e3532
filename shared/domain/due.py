"""What has to be woken later: entries of the due-index, which the clock drains every minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.ports import Write


def due(when: int, what: str, identity: str, sent: Mapping[str, Any]) -> Write:
    """Return the write of an entry: `sent` goes to its queue at `when` (ms).

    That is the automations' queue, or the one `sent` names under `to`: "calls". An entry of the
    same time, kind and identity takes the place of the other.
    """
    document = {"version": 1, "when": when, "what": what, "id": identity, "message": dict(sent)}
    return Write(("due", str(when), what, identity), document, None)
