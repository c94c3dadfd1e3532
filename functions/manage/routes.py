"""The routes of `manage`: each takes what it needs out of the request and asks a use case."""

from __future__ import annotations

from functions.manage import (
    activity_routes,
    automation_routes,
    erasure_routes,
    mail_routes,
    recipe_routes,
    segment_routes,
    store_routes,
)
from functions.manage.adapters import Adapters
from functions.manage.bodies import DecisionBody, HistoryBody, KeyBody, SettingsBody, VerifyBody
from functions.manage.connection_bodies import AnyConnection
from functions.manage.connections import delete_connection, put_connection
from functions.manage.contacts import put_contact
from functions.manage.duplicates import decide
from functions.manage.history import start_history
from functions.manage.imports import FORMATS, accept, expect, start
from functions.manage.quarantine import retry
from functions.manage.settings import put_settings
from functions.manage.verification import start_verification
from shared.api.bodies import validated
from shared.api.contact_body import ContactBody
from shared.api.keys import create_key, revoke_key
from shared.api.route import Answer, Request, Route
from shared.domain import rendering, times


def write_connection(request: Request, at: Adapters) -> Answer:
    """Make or replace a connection.

    Secrets are write-only: they appear in no answer, and those that are omitted stay as they are.
    A connection keeps its provider. Without a signing secret its status is `incomplete`, and its
    webhooks are asked to come again later.
    """
    created, connection = put_connection(
        request.params["connection_id"],
        request.json(),
        store=at.store,
        secrets=at.secrets,
        now=at.now(),
        local=at.local,
    )
    return Answer(201 if created else 200, connection)


def remove_connection(request: Request, at: Adapters) -> Answer:
    """Remove a connection and its secrets. Its records stay; its webhooks are answered 404."""
    delete_connection(request.params["connection_id"], store=at.store, secrets=at.secrets)
    return Answer(204)


def import_history(request: Request, at: Adapters) -> Answer:
    """Import a connection's history: all of it, or what is newer than `from`.

    Of ActiveCampaign these are the contacts, with tags and lists at their own dates. Nothing fires.
    It goes on page by page beside live events; see how far it is by `GET` of this path. One that
    failed, or that stands still, goes on where it stopped when it is asked for again.
    """
    started = start_history(
        request.params["connection_id"],
        validated(HistoryBody, request.json() if request.raw.strip() else {}),
        store=at.store,
        jobs=at.outbox,
        now=at.now(),
        new_id=at.new_id,
    )
    return Answer(202, started)


def verify_connection(request: Request, at: Adapters) -> Answer:
    """Hold a connection's records against what its provider holds now.

    The job tells what differs: records or statuses we were `never_sent`, events that were
    `sent_and_failed`, records that are `stale`, and what is `not_ours`. With `repair` the records
    follow the provider: each transition sets off automations once, marked as late, and not again
    should its webhook come after all.
    """
    started = start_verification(
        request.params["connection_id"],
        validated(VerifyBody, request.json() if request.raw.strip() else {}),
        store=at.store,
        jobs=at.outbox,
        now=at.now(),
        new_id=at.new_id,
    )
    return Answer(202, started)


def write_contact(request: Request, at: Adapters) -> Answer:
    """Make or change the contact of an email.

    The email, or an alias, says who is meant. Omitted fields stay, null clears one. `source` tells
    where they first came from: a field of it that is known stays until null clears it. Payments
    that waited for an address are attached within a minute.
    """
    created, contact = put_contact(
        request.json(), store=at.store, jobs=at.outbox, now=at.now(), new_id=at.new_id
    )
    return Answer(201 if created else 200, contact)


def import_contacts(request: Request, at: Adapters) -> Answer:
    """Import a file of contacts, each row as `PUT /v1/contacts` would take it.

    NDJSON holds one such body a line. CSV begins with a header row: `email`, and any of
    `first_name`, `last_name`, `phone`, `company`, `source`, `campaign`, `landing_page`, `tags`,
    `lists` (several between `;` or `|`) and `created_date`; an empty cell changes nothing. Both
    have to be UTF-8; `created_date` counts for new contacts, and as the date of their source. The
    content type tells which it is.
    Files above 5 MB (above 4 MB of NDJSON), up to 100 MB: send none, with `upload=true`, PUT the
    file to `upload_url`, and start the job. A row that breaks a rule is left out and told; the
    others are imported. See how far it is at `/v1/jobs/{job_id}`.
    """
    content_type = request.headers.get("content-type", "")
    if request.query.get("upload") == "true":
        expected = expect(
            content_type, store=at.store, files=at.uploads, now=at.now(), new_id=at.new_id
        )
        return Answer(202, expected)
    accepted = accept(
        request.raw,
        content_type,
        store=at.store,
        files=at.uploads,
        jobs=at.outbox,
        now=at.now(),
        new_id=at.new_id,
    )
    return Answer(202, accepted)


def start_job(request: Request, at: Adapters) -> Answer:
    """Start the import of a file that has been uploaded. Twice does no harm."""
    started = start(
        request.params["job_id"], store=at.store, files=at.uploads, jobs=at.outbox, now=at.now()
    )
    return Answer(202, started)


def retry_quarantined(request: Request, at: Adapters) -> Answer:
    """Process a quarantined event again. Its row goes as soon as the event is accepted."""
    quarantine_id = request.params["quarantine_id"]
    retry(quarantine_id, store=at.store, events=at.outbox, nonce=at.new_id())
    return Answer(202, {"id": quarantine_id, "state": "queued"})


def decide_duplicate(request: Request, at: Adapters) -> Answer:
    """Decide whether two orders that look alike are one sale.

    `same` makes them twins within a minute: one of them owns the sale, the other mirrors it and
    counts no more. `different` leaves them as they are. Either takes them off the list for good.
    """
    decided = decide(
        request.params["duplicate_id"],
        request.json(),
        store=at.store,
        jobs=at.outbox,
        new_id=at.new_id,
    )
    return Answer(202, decided)


def write_key(request: Request, at: Adapters) -> Answer:
    """Make an API key. This answer is the only one that ever shows it."""
    body = validated(KeyBody, request.json())
    expires = None if body.expires_date is None else times.from_text(body.expires_date)
    made = create_key(at.store, body.name, body.scopes, expires, at.now(), at.new_secret)
    return Answer(201, {"key": made["key"], **rendering.key(made)})


def remove_key(request: Request, at: Adapters) -> Answer:
    """Revoke an API key. It may work for another minute, until caches have forgotten it."""
    revoke_key(at.store, request.params["key_id"])
    return Answer(204)


def write_settings(request: Request, at: Adapters) -> Answer:
    """Replace the business's settings; what is omitted returns to its default."""
    settings = put_settings(
        request.json(),
        store=at.store,
        secrets=at.endpoint_secrets,
        new_secret=at.new_secret,
        local=at.local,
    )
    return Answer(200, settings)


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="PUT",
        path="/v1/connections/{connection_id}",
        run=write_connection,
        body=AnyConnection,
        answers={201: "Connection", 200: "Connection"},
        problems=(409,),
    ),
    Route(
        method="DELETE",
        path="/v1/connections/{connection_id}",
        run=remove_connection,
        answers={204: None},
        problems=(404,),
    ),
    Route(
        method="POST",
        path="/v1/connections/{connection_id}/history",
        run=import_history,
        body=HistoryBody,
        body_optional=True,
        answers={202: "StartedHistory"},
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/connections/{connection_id}/verify",
        run=verify_connection,
        body=VerifyBody,
        body_optional=True,
        answers={202: "StartedHistory"},
        problems=(404, 409),
    ),
    Route(
        method="PUT",
        path="/v1/contacts",
        run=write_contact,
        body=ContactBody,
        answers={201: "Contact", 200: "Contact"},
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/v1/contacts/import",
        run=import_contacts,
        media=tuple(FORMATS),
        filters=("upload",),
        answers={202: "StartedImport"},
        problems=(422,),
    ),
    Route(
        method="POST",
        path="/v1/jobs/{job_id}/start",
        run=start_job,
        answers={202: "StartedJob"},
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/quarantine/{quarantine_id}/retry",
        run=retry_quarantined,
        answers={202: "Retried"},
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/duplicates/{duplicate_id}",
        run=decide_duplicate,
        body=DecisionBody,
        answers={202: "Decided"},
        problems=(404,),
    ),
    Route(
        method="POST",
        path="/v1/keys",
        run=write_key,
        body=KeyBody,
        answers={201: "NewKey"},
    ),
    Route(
        method="DELETE",
        path="/v1/keys/{key_id}",
        run=remove_key,
        answers={204: None},
        problems=(404,),
    ),
    Route(
        method="PUT",
        path="/v1/settings",
        run=write_settings,
        body=SettingsBody,
        answers={200: "Settings"},
    ),
    *activity_routes.ROUTES,
    *automation_routes.ROUTES,
    *erasure_routes.ROUTES,
    *mail_routes.ROUTES,
    *recipe_routes.ROUTES,
    *segment_routes.ROUTES,
    *store_routes.ROUTES,
)
