"""The routes of `query` that show automations, endpoints, and what they have done."""

from __future__ import annotations

from collections.abc import Callable

from functions.query import automations, endpoints
from functions.query.adapters import Adapters, listed_page
from functions.query.logs import Page
from shared.api.route import Answer, Request, Route
from shared.domain import rendering_automations as rendering
from shared.domain import runs
from shared.domain.errors import BadRequest
from shared.domain.ports import Document


def list_automations(request: Request, at: Adapters) -> Answer:
    """List the automations."""
    return listed_page("automation", rendering.automation, request, at)


def read_one_automation(request: Request, at: Adapters) -> Answer:
    """Read an automation as it is defined now."""
    return Answer(200, automations.read_automation(request.params["automation_id"], store=at.store))


def list_firings(request: Request, at: Adapters) -> Answer:
    """List what an automation has fired for, the newest first, and what became of it."""
    limit, cursor = request.page()
    found = automations.read_firings(request.params["automation_id"], limit, cursor, store=at.store)
    return _page(found, rendering.firing)


def list_runs(request: Request, at: Adapters) -> Answer:
    """List the runs of automations, the newest first.

    `automation`, `contact` (an email, alias or id) and `state` choose among them; without
    `contact` they come automation by automation. Those that are `waiting` say until when. A page
    may hold fewer than asked for while there are more: follow the cursor.
    """
    limit, cursor = request.page()
    state = request.query.get("state")
    if state is not None and state not in runs.STATES:
        raise BadRequest(f"The state is not one of {', '.join(runs.STATES)}.")
    found, following = automations.read_runs(
        request.query.get("automation"),
        request.query.get("contact"),
        limit,
        cursor,
        store=at.store,
    )
    wanted = [each for each in found if state in (None, each["state"])]
    return _page((wanted, following), rendering.run)


def list_endpoints(request: Request, at: Adapters) -> Answer:
    """List the endpoints, each with how it fares."""
    limit, cursor = request.page()
    found, following = at.store.listed("endpoint", limit, cursor)
    shown = endpoints.with_health(found, store=at.store)
    return Answer(200, {"items": shown, "next_cursor": following})


def read_one_endpoint(request: Request, at: Adapters) -> Answer:
    """Read an endpoint. Its secrets are write-only: they appear in no answer but their first."""
    return Answer(200, endpoints.read_endpoint(request.params["endpoint_id"], store=at.store))


def list_deliveries(request: Request, at: Adapters) -> Answer:
    """List the webhooks to endpoints, each with its attempts.

    `state` (`pending`, `held`, `delivered`, `dead`, `gone`) and `endpoint` choose among them. Those
    that are held, dead or gone come newest first, all others endpoint by endpoint. A page may hold
    fewer than asked for while there are more: follow the cursor.
    """
    limit, cursor = request.page()
    query = request.query
    found = endpoints.read_deliveries(
        query.get("state"), query.get("endpoint"), limit, cursor, store=at.store
    )
    return _page(found, rendering.delivery)


def read_one_delivery(request: Request, at: Adapters) -> Answer:
    """Read a webhook with its attempts and the JSON it carries."""
    return Answer(200, endpoints.read_delivery(request.params["delivery_id"], store=at.store))


def _page(found: Page, render: Callable[[Document], rendering.Json]) -> Answer:
    rows, following = found
    return Answer(200, {"items": [render(each) for each in rows], "next_cursor": following})


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="GET",
        path="/v1/automations",
        run=list_automations,
        answers={200: "AutomationPage"},
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/automations/{automation_id}",
        run=read_one_automation,
        answers={200: "Automation"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/automations/{automation_id}/firings",
        run=list_firings,
        answers={200: "FiringPage"},
        problems=(404,),
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/runs",
        run=list_runs,
        answers={200: "RunPage"},
        filters=("automation", "contact", "state"),
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/endpoints",
        run=list_endpoints,
        answers={200: "EndpointPage"},
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/endpoints/{endpoint_id}",
        run=read_one_endpoint,
        answers={200: "Endpoint"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/deliveries",
        run=list_deliveries,
        answers={200: "DeliveryPage"},
        filters=("state", "endpoint"),
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/deliveries/{delivery_id}",
        run=read_one_delivery,
        answers={200: "DeliveryWithPayload"},
        problems=(404,),
    ),
)
