"""Having pages of a connection's history fetched: where its import begins, or goes on again.

From then on each page asks for the next. Asking twice does no harm: of a page one copy is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.domain import history_import
from shared.domain.ports import Reads


def ask_page(
    message: Mapping[str, Any], *, store: Reads, ask: Callable[[Mapping[str, object]], None]
) -> str:
    """Ask for the pages an import waits for; return the outcome's name."""
    name = history_import.name_of(message["job_id"])
    job = store.read([name])[name]
    calls = history_import.calls(job) if job is not None else []
    for call in calls:
        ask(call)
    return "applied" if calls else "ignored"
