"""The routes of `manage` that write automations and endpoints, replay deliveries, and stop runs."""

from __future__ import annotations

from functions.manage.adapters import Adapters
from functions.manage.automations import delete_automation, put_automation
from functions.manage.bodies import AutomationBody, EndpointBody
from functions.manage.deliveries import release, replay
from functions.manage.endpoints import delete_endpoint, put_endpoint
from functions.manage.rotation import rotate_secret
from functions.manage.runs import resume_run, stop_run
from shared.api.route import Answer, Request, Route
from shared.domain import rendering_automations


def write_automation(request: Request, at: Adapters) -> Answer:
    """Make or replace an automation.

    Each change is a revision; `on_edit` says whether runs under way finish on theirs or are
    cancelled. An endpoint that a step names has to exist.
    """
    created, automation = put_automation(
        request.params["automation_id"], request.json(), store=at.store, now=at.now()
    )
    return Answer(201 if created else 200, automation)


def remove_automation(request: Request, at: Adapters) -> Answer:
    """Remove an automation. What it has done stays readable; whom it fired for is forgotten."""
    delete_automation(request.params["automation_id"], store=at.store)
    return Answer(204)


def write_endpoint(request: Request, at: Adapters) -> Answer:
    """Make or replace an endpoint.

    The answer of a new one shows its secret, and no other answer does. `status: enabled` sends what
    was held while the endpoint was disabled.
    """
    endpoint_id, now = request.params["endpoint_id"], at.now()
    created, releases, endpoint = put_endpoint(
        endpoint_id,
        request.json(),
        store=at.store,
        secrets=at.endpoint_secrets,
        now=now,
        random_bytes=at.random_bytes,
        own_host=request.host,
        local=at.local,
    )
    if releases:
        release(endpoint_id, store=at.store, queue=at.outbox, now=now)
    return Answer(201 if created else 200, endpoint)


def remove_endpoint(request: Request, at: Adapters) -> Answer:
    """Remove an endpoint and its secrets. One that an automation sends to cannot be removed."""
    delete_endpoint(request.params["endpoint_id"], store=at.store, secrets=at.endpoint_secrets)
    return Answer(204)


def rotate_endpoint(request: Request, at: Adapters) -> Answer:
    """Give an endpoint a new secret, shown once.

    Webhooks are signed with both for 24 hours, so that a receiver can change over in peace. Of two
    requests at the same time one is refused.
    """
    rotated = rotate_secret(
        request.params["endpoint_id"],
        store=at.store,
        secrets=at.endpoint_secrets,
        now=at.now(),
        random_bytes=at.random_bytes,
    )
    return Answer(200, rotated)


def replay_delivery(request: Request, at: Adapters) -> Answer:
    """Send a webhook once more, with the same id and the same bytes.

    It has ten attempts before it. One that is on its way already cannot be replayed, nor can one
    whose endpoint is disabled or gone.
    """
    delivery_id = request.params["delivery_id"]
    replay(delivery_id, store=at.store, queue=at.outbox, now=at.now())
    return Answer(202, {"delivery_id": delivery_id, "state": "pending"})


def resume_waiting_run(request: Request, at: Adapters) -> Answer:
    """Have a run that waits go on at once, whatever it waits for. Its other waits stay."""
    run = resume_run(request.params["run_id"], store=at.store, queue=at.outbox, now=at.now())
    return Answer(202, rendering_automations.run(run))


def remove_run(request: Request, at: Adapters) -> Answer:
    """Stop a run: it takes no further step. What it has done stays, and so does its row."""
    stop_run(request.params["run_id"], store=at.store, now=at.now())
    return Answer(204)


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="PUT",
        path="/v1/automations/{automation_id}",
        run=write_automation,
        body=AutomationBody,
        answers={201: "Automation", 200: "Automation"},
    ),
    Route(
        method="DELETE",
        path="/v1/automations/{automation_id}",
        run=remove_automation,
        answers={204: None},
        problems=(404,),
    ),
    Route(
        method="PUT",
        path="/v1/endpoints/{endpoint_id}",
        run=write_endpoint,
        body=EndpointBody,
        answers={201: "WrittenEndpoint", 200: "WrittenEndpoint"},
    ),
    Route(
        method="DELETE",
        path="/v1/endpoints/{endpoint_id}",
        run=remove_endpoint,
        answers={204: None},
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/rotate",
        run=rotate_endpoint,
        answers={200: "NewSecret"},
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/deliveries/{delivery_id}/replay",
        run=replay_delivery,
        answers={202: "Replayed"},
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/runs/{run_id}/resume",
        run=resume_waiting_run,
        answers={202: "Run"},
        problems=(404, 409),
    ),
    Route(
        method="DELETE",
        path="/v1/runs/{run_id}",
        run=remove_run,
        answers={204: None},
        problems=(404, 409),
    ),
)
