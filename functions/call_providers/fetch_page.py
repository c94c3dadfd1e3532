"""Fetch one page of a provider's history and put it on the history queue, object by object.

What comes back is a page in any case: the objects as events, or why there are none, because the
job that asked waits for an answer. Only what may pass is raised, for the queue to try again; and
when the queue is about to give up, that is told as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from shared.domain.envelope import BODY_BYTES_MAX
from shared.domain.errors import PaysignalError, Quarantined
from shared.domain.history_message import PageEvent, PageMessage, Place
from shared.domain.history_pages import BEGINNING, Page, TellsHistory
from shared.providers.api_calls import KeyRefused

# The queue's own limit less one, so that giving up is ours to tell.
_RECEIVES_MAX = 11

Json = Mapping[str, Any]


class Secrets(Protocol):
    """Where a connection's API key lies."""

    def read(self, connection_id: str, now: float) -> Json | None:
        """Return the connection's secrets, None where there is no such connection."""


class ApiOf(Protocol):
    """Builds a provider's client from what a connection keeps under `api`."""

    def __call__(self, provider: str, **credentials: str) -> object:
        """Return the client."""


class Sender(Protocol):
    """The way back."""

    def send_page(self, url: str, page: PageMessage) -> None:
        """Put a page on a queue."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call for a page: `fetched`, or `refused` with the reason told to the job."""

    outcome: str
    page: PageMessage

    def about(self) -> dict[str, Any]:
        """Return what may be logged: ids, codes and counts."""
        return {"outcome": self.outcome, **self.page.about(), "objects": len(self.page.events)}


def fetch_page(
    call: Json,
    *,
    secrets: Secrets,
    api_of: ApiOf,
    queue: Sender,
    history_url: str,
    now: int,
    monotonic: float,
    receives: int,
    new_id: Callable[[], str],
) -> Answer:
    """Answer one call for a page; `now` is in ms. Raise Retryable while trying again may help."""
    bare = PageMessage(
        connection_id=call["connection_id"],
        provider=call["provider"],
        job_id=call["job_id"],
        number=int(call["number"]),
        page_id=new_id(),
        fetched_at=now,
        phase=call["phase"],
        cursor=call["cursor"],
    )
    try:
        api = _api(call, secrets, api_of, monotonic)
        page = _fetched(bare, call, api, now)
    except Quarantined as error:
        page = replace(bare, failure=error.reason)
    except KeyRefused as error:
        # Not tried again: whoever waits for the import should know at once what to mend.
        page = replace(bare, failure=str(error))
    except Exception as error:  # the edge: whatever it was, the job must not wait for ever
        if receives < _RECEIVES_MAX:
            raise
        page = replace(bare, failure=_reason(error))
    queue.send_page(history_url, page)
    return Answer("refused" if page.failure else "fetched", page)


def _reason(error: Exception) -> str:
    """Return what may be said of a failure: our own words, and nothing quoted."""
    if isinstance(error, PaysignalError):
        return str(error)
    return f"the page could not be read ({type(error).__name__}): start it again to go on"


def _api(call: Json, secrets: Secrets, api_of: ApiOf, monotonic: float) -> TellsHistory:
    """Return the connection's client. Raise Quarantined where there is none to ask."""
    held = secrets.read(call["connection_id"], monotonic)
    if held is None or held.get("disabled"):
        raise Quarantined("no_connection", "the connection was removed or is disabled")
    credentials = held.get("api")
    if not credentials:
        raise Quarantined("no_api_key", "the connection has no API credentials: PUT its `api`")
    api = api_of(call["provider"], **credentials)
    if not isinstance(api, TellsHistory):
        raise Quarantined("no_history", "the provider's API tells no history")
    return api


def _fetched(bare: PageMessage, call: Json, api: TellsHistory, now: int) -> PageMessage:
    phases = api.phases(call["resources"])
    if not phases:
        return bare
    phase = call["phase"] or phases[0]
    if phase not in phases:
        raise Quarantined("no_history", f"there is nothing called {phase} to be paged through")
    found = api.page(phase, call["cursor"], call["since"])
    events, large = [], []
    for each in found.objects:
        identity = str(each.get("id", ""))
        event_id, body = api.event({"object": found.kind, "id": identity}, each, now)
        if len(body) > BODY_BYTES_MAX:
            large.append(identity)
        else:
            events.append(PageEvent(event_id, body))
    return replace(
        bare,
        phase=phase,
        phases=phases,
        following=_following(phases, phase, found),
        total=found.total,
        events=tuple(events),
        skipped=(*found.skipped, *large),
    )


def _following(phases: tuple[str, ...], phase: str, found: Page) -> Place | None:
    """Return where the next page is: in this phase, or at the next one's beginning."""
    if found.following is not None:
        return {"phase": phase, "cursor": found.following}
    ahead = phases[phases.index(phase) + 1 :]
    return {"phase": ahead[0], "cursor": BEGINNING} if ahead else None
