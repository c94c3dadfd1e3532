"""The routes of `query`: each takes what it needs out of the request and asks a use case."""

from __future__ import annotations

from typing import Any

from functions.query import (
    automation_routes,
    custom_routes,
    docs,
    mail_routes,
    recipe_routes,
    report_routes,
    segment_routes,
)
from functions.query.adapters import Adapters, listed_page
from functions.query.contacts import read_contact
from functions.query.events import EVENTS_MAX, read_events
from functions.query.exports import sent
from functions.query.jobs import read_import, read_job
from functions.query.person import export_person
from functions.query.records import read_recurring_payment
from shared.api.route import Answer, Request, Route
from shared.domain import preferences, rendering
from shared.domain.errors import NotFound
from shared.domain.ports import Document, Name


def list_connections(request: Request, at: Adapters) -> Answer:
    """List the connections."""
    limit, cursor = request.page()
    found, following = at.store.listed("connection", limit, cursor)
    return Answer(200, {"items": _seen(found, at), "next_cursor": following})


def read_connection(request: Request, at: Adapters) -> Answer:
    """Read a connection. Its secrets are write-only: they appear in no answer."""
    name: Name = ("connection", request.params["connection_id"])
    found = at.store.read([name])[name]
    if found is None:
        raise NotFound("There is no such connection.")
    return Answer(200, _seen([found], at)[0])


def _seen(connections: list[Document], at: Adapters) -> list[dict[str, Any]]:
    """Return connections as they are shown, with when each last sent something."""
    names: dict[str, Name] = {
        each["connection_id"]: ("seen", each["connection_id"]) for each in connections
    }
    told = at.store.read(names.values())
    dates = {key: (told[name] or {}).get("last_event_date") for key, name in names.items()}
    return [
        rendering.connection({**each, "last_event_date": dates[each["connection_id"]]})
        for each in connections
    ]


def read_history(request: Request, at: Adapters) -> Answer:
    """Read how far the import of a connection's history is.

    `total` is what the provider announced, `estimate_seconds` how long it will take yet; both are
    null where nothing tells. `errors` say why it failed, and what was refused on its way.
    """
    return Answer(200, read_import(request.params["connection_id"], store=at.store))


def read_one_contact(request: Request, at: Adapters) -> Answer:
    """Read a contact by email, alias or id, with records, orders and timeline.

    Emails are percent-encoded and matched normalised. The newest 100 recurring payments and
    orders are shown, and the newest 50 changes to them. `widget` holds the first five of each
    recurring payment's `fields`, in the order the settings give.
    """
    wanted = request.params["contact"]
    return Answer(200, read_contact(wanted, store=at.store, local=at.local))


def export_one_contact(request: Request, at: Adapters) -> Answer:
    """Read everything that is held about a contact, as one document to hand out.

    By email, alias or id (by id where the email holds a slash). Records come with all that
    happened to them, webhooks with what they said, and the events of the stores with their bodies
    as they came. `left_out` names what was too much for one document.
    """
    found = export_person(request.params["contact"], store=at.store, bodies=at.bodies, now=at.now())
    return sent(Answer(200, found), at)


def read_one_recurring_payment(request: Request, at: Adapters) -> Answer:
    """Read a recurring payment with its history.

    The history holds every change of what the record shows, in the order of occurrence.
    """
    params = request.params
    found = read_recurring_payment(
        params["connection_id"], params["store_recurring_payment_id"], store=at.store
    )
    return Answer(200, found)


def list_events(request: Request, at: Adapters) -> Answer:
    """List every recorded change, to catch up with, in the order of each record.

    Begin without `after`, and go on with the `next_cursor` of each answer, at the end as well:
    what is recorded next comes behind it. `more` says whether to go on at once. Only what was
    recorded before `watermark` is told, so that nothing can come between what was told. A late
    event may amend a change told before, or withdraw it: it comes again under the same `id`, and
    its `state` says so. After a restore of the log a change may come again as it was.
    """
    found = read_events(
        request.query.get("after"),
        request.limit(EVENTS_MAX),
        log=at.log,
        now=at.now(),
        local=at.local,
    )
    return Answer(200, found)


def read_one_job(request: Request, at: Adapters) -> Answer:
    """Read how far a long job is, and what came of it so far.

    The progress of an import counts bytes of its file. Its rows are counted by what came of them;
    of the rejected, the first hundred faults name row and field. Jobs are kept for 30 days.
    """
    return Answer(200, read_job(request.params["job_id"], store=at.store))


def list_quarantine(request: Request, at: Adapters) -> Answer:
    """List the events that could never be accepted, and why."""
    return listed_page("quarantine", rendering.quarantined, request, at)


def list_duplicates(request: Request, at: Adapters) -> Answer:
    """List pairs of orders that may be one sale, reported by two connections.

    They have the same email, amount and currency, within 15 minutes of each other, and nothing
    links them; each counts until somebody decides. Listed are orders that came, or changed, while
    at least two stores were connected as sources.
    """
    return listed_page("duplicate", rendering.duplicate, request, at)


def list_keys(request: Request, at: Adapters) -> Answer:
    """List the API keys. A key itself is shown once, when it is made."""
    return listed_page("key", rendering.key, request, at)


def read_settings(request: Request, at: Adapters) -> Answer:
    """Read the business's settings, defaults included."""
    del request
    stored = at.store.read([preferences.NAME])[preferences.NAME]
    return Answer(200, preferences.effective(stored, local=at.local))


def read_openapi(request: Request, at: Adapters) -> Answer:
    """Read this API's description, generated from its code."""
    del request
    return Answer(200, at.openapi(), headers={"Cache-Control": "public, max-age=300"})


def read_docs(request: Request, at: Adapters) -> Answer:
    """Read this API's documentation as a page for people."""
    del request
    headers = {
        "Cache-Control": "public, max-age=300",
        "Content-Security-Policy": docs.POLICY,
    }
    return Answer(200, docs.page(at.openapi()), "text/html; charset=utf-8", headers)


_PAYMENT = "/v1/recurring-payments/{connection_id}/{store_recurring_payment_id}"

ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="GET",
        path="/v1/connections",
        run=list_connections,
        answers={200: "ConnectionPage"},
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/connections/{connection_id}",
        run=read_connection,
        answers={200: "Connection"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/connections/{connection_id}/history",
        run=read_history,
        answers={200: "History"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/contacts/{contact}",
        run=read_one_contact,
        answers={200: "ContactWithRecords"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/contacts/{contact}/export",
        run=export_one_contact,
        answers={200: "ContactExport", 303: "Export"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path=_PAYMENT,
        run=read_one_recurring_payment,
        answers={200: "RecurringPaymentWithHistory"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/events",
        run=list_events,
        answers={200: "EventPage"},
        problems=(400,),
        filters=("after", "limit"),
    ),
    Route(
        method="GET",
        path="/v1/jobs/{job_id}",
        run=read_one_job,
        answers={200: "Job"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/quarantine",
        run=list_quarantine,
        answers={200: "QuarantinePage"},
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/duplicates",
        run=list_duplicates,
        answers={200: "DuplicatePage"},
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/keys",
        run=list_keys,
        answers={200: "KeyPage"},
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/settings",
        run=read_settings,
        answers={200: "Settings"},
    ),
    *automation_routes.ROUTES,
    *mail_routes.ROUTES,
    *recipe_routes.ROUTES,
    *segment_routes.ROUTES,
    *report_routes.ROUTES,
    *custom_routes.ROUTES,
    Route(method="GET", path="/v1/openapi.json", run=read_openapi, answers={200: None}),
    Route(method="GET", path="/docs", run=read_docs, answers={200: None}),
)
