"""When each connection last sent something, as its answers show it.

Told at most once a minute by each warm Lambda, outside of every transaction and as best it can: no
event waits for it or fails because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from functions.process_events.fold_events import Work
from shared.adapters.aws import AwsError
from shared.domain import times
from shared.domain.errors import PaysignalError
from shared.domain.ports import Write, Writes


class LastSeen:
    """What this Lambda has told of connections; one for all batches while it is warm."""

    def __init__(self, store: Writes, log: Callable[..., None]) -> None:
        self._store = store
        self._log = log
        self._told: dict[str, int] = {}

    def note(self, works: Iterable[Work], now: int) -> None:
        """Keep when the connections of these messages last sent an event; `now` is in ms."""
        newest: dict[str, int] = {}
        for work in works:
            arrival = work.arrival
            # What was imported, fetched or told again was not sent just now.
            if arrival is not None and arrival.source == "live" and arrival.quarantine_id is None:
                held = newest.get(arrival.connection_id, 0)
                newest[arrival.connection_id] = max(held, arrival.received_at)
        for connection_id, received_at in newest.items():
            if now - self._told.get(connection_id, -times.MINUTE) < times.MINUTE:
                continue
            self._told[connection_id] = now
            try:
                document = {"version": 1, "last_event_date": received_at}
                self._store.commit([Write(("seen", connection_id), document, None)])
            except (PaysignalError, AwsError) as error:
                self._log("last_seen_failed", reason=str(error), connection_id=connection_id)
