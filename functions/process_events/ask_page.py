"""Having a page of a connection's history fetched: where its import begins, or goes on again.

From then on each page, folded, asks for the next. Asking twice does no harm: a page is one event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.domain import contact_import, history_import
from shared.domain.ports import Reads


def ask_page(
    message: Mapping[str, Any], *, store: Reads, ask: Callable[[Mapping[str, object]], None]
) -> str:
    """Ask for the page an import waits for; return the outcome's name."""
    name = contact_import.name_of(message["job_id"])
    job = store.read([name])[name]
    call = history_import.call(job) if job is not None else None
    if call is None:
        return "ignored"
    ask(call)
    return "applied"
