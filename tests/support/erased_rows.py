"""Rows of the change log about two people, of whom one is erased."""

from __future__ import annotations

import json
from typing import Any

from tests.functions.compact_changes.fake_merger import Row

NOW = 1_790_000_000_000
ADA, BOB = "ada@example.com", "bob@example.com"
CHANGES = json.dumps([["status", None, "active"], ["email", ADA, None], ["note", None, "VIP"]])


def act(email: str, at: int, **values: Any) -> Row:
    """Return what somebody did."""
    row = {"email": email, "id": f"{at:015d}#e", "version": 2, "recorded_at": at}
    return {**row, "kind": "open", "occurred_date": at, **values}
