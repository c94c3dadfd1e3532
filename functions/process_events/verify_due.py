"""A verification that its schedule asks for: begun here, and carried out page by page.

It only reports. The message names the moment it was sent, which names the job: one that comes twice
begins one job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.domain import history_import, times, verify
from shared.domain.apply import apply
from shared.domain.folding import Plan
from shared.domain.ports import Document, Reading, Store
from shared.providers.catalogue import PROVIDERS

# One that has not got on for so long (ms) has lost a message, and holds no other back.
_LOST = times.DAY

Ask = Callable[[Mapping[str, object]], None]


def verify_due(message: Mapping[str, Any], now: int, *, store: Store, ask: Ask) -> str:
    """Begin verifying a connection and ask for the first page; return the outcome's name."""
    name = ("connection", message["connection_id"])
    job_id = f"verify-{message['connection_id']}-{message.get('at', now)}"
    begun: history_import.Job | None = None

    def folding(reading: Reading) -> Plan:
        nonlocal begun
        connection = reading.get(name)
        if connection is None or not connection.get("has_api"):
            return Plan("ignored")
        provider = PROVIDERS[connection["provider"]]
        if not (provider.tells_history and provider.verifiable):
            return Plan("ignored")
        of_last = verify.job_of(connection)
        last = None if of_last is None else reading.get(of_last)
        if last is not None and last["job_id"] == job_id:
            begun = dict(last)
            return Plan("unchanged")
        if last is not None and _is_under_way(last, now):
            return Plan("ignored")  # it tells as much
        begun = verify.new(job_id, connection, now, repair=False)
        return Plan("applied", list(verify.steps(begun, connection)))

    outcome = apply(folding, Reading(), store).outcome
    # Should the worker die here, the message comes again and finds its own job.
    for call in history_import.calls(begun) if begun is not None else ():
        ask(call)
    return outcome


def _is_under_way(job: Document, now: int) -> bool:
    return job["state"] in ("queued", "running") and now - job["updated_date"] < _LOST
