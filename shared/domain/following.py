"""What follows from a fold: the jobs and calls among its messages, as the queues take them.

Whoever folds sends these, the processor as much as the API for its stores. Jobs are sent twice:
now, and once more a little later, when the indexes by which they find records have followed the
table. Sending any of them twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Messages = Iterable[Mapping[str, Any]]


def jobs_of(messages: Messages) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield each job that is due now, with the subject it has to stay behind."""
    for message in messages:
        if message["to"] == "jobs":
            yield _about(message), message.get("subject")


def copies_of(messages: Messages) -> Iterator[dict[str, Any]]:
    """Yield each job once more, for later, as a queue takes it that carries other things too."""
    for job, _ in jobs_of(messages):
        yield {"kind": "job", **job, "again": True}


def calls_of(messages: Messages) -> Iterator[dict[str, Any]]:
    """Yield what is asked of providers."""
    for message in messages:
        if message["to"] == "calls":
            yield _about(message)


def _about(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != "to"}
