"""Times as the project keeps them: integer milliseconds UTC since 1970, printed in ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Years 1970 to 9999: what `datetime` can print. Providers' simulators send worse.
LATEST = 253_402_300_799_999


def to_text(milliseconds: int | None) -> str | None:
    """Print a time as `2026-11-22T08:00:00.000Z`; nothing stays nothing."""
    if milliseconds is None:
        return None
    seconds, rest = divmod(milliseconds, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def from_text(text: str) -> int:
    """Read an ISO 8601 time; one without an offset is taken as UTC. Raise ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * SECOND + moment.microsecond // 1_000
