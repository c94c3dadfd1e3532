"""The business's settings: one document, and what holds where it says nothing.

`settle` is in seconds: how long the first burst of events about a new subscription is waited for
before triggers look at it. `email` is who emails are from, None while none may be sent.
"""

from __future__ import annotations

from typing import Any

from shared.domain.fields import FIELDS
from shared.domain.ports import Document, Name

NAME: Name = ("settings",)
SETTLE_SECONDS_MAX = 900
_SETTLE_SECONDS, _SETTLE_SECONDS_LOCAL = 20, 2


def effective(document: Document | None, *, local: bool) -> dict[str, Any]:
    """Return all settings, the defaults filled in; `local` runs settle sooner."""
    defaults = {
        "timezone": "UTC",
        "currency": "USD",
        "locale": "en-US",
        "widget": list(FIELDS[:5]),
        "settle": _SETTLE_SECONDS_LOCAL if local else _SETTLE_SECONDS,
        "email": None,
    }
    stored = document or {}
    return {
        name: default if stored.get(name) is None else stored[name]
        for name, default in defaults.items()
    }
