"""The door every provider's webhook comes through: prove the sender, queue the body, then answer.

A door's Lambda is little more than `handler = open_door("stripe", verify, event_and_subject)`. The
order of the checks is the point of this file. Nothing is parsed before the sender is proved, and
2xx is said only once the queue has the event. What was wrong is counted, never explained: every
error is one fixed document, without a byte of the input. It uses the standard library alone,
because a door's start is paid for by a waiting provider.
"""

from __future__ import annotations

import json
import os
import time
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping, Sequence

from shared.adapters.aws import AwsError
from shared.adapters.queue import Queue
from shared.adapters.secrets import ConnectionSecrets
from shared.domain.envelope import BODY_BYTES_MAX, EventEnvelope, receipt_of
from shared.domain.errors import PaysignalError, Retryable
from shared.domain.strict_json import NotStrictJson, parse_object
from shared.domain.webhooks import InvalidSignature, NoSecret, Ping, Request, is_connection_id
from shared.observability import count, log
from shared.settings import DoorSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    Answer = dict[str, Any]
    Secrets = Mapping[str, Any]
    Verify = Callable[[Request, Secrets, int], None]
    Subject = Callable[[Mapping[str, Any], Request], tuple[str | None, str | None]]

    class SecretsReader(Protocol):
        """Where a door finds the secrets of a connection."""

        def read(self, connection_id: str, now: float) -> Secrets | None:
            """Return the secrets, None where there is no such connection."""

    class EventQueue(Protocol):
        """Where a door leaves its events."""

        def send_event(self, url: str, envelope: EventEnvelope) -> None:
            """Store the event, or raise AwsError."""


RETRY_AFTER_SECONDS = 30
# Unknown connections are verified all the same, with a secret nobody has: an answer must not come
# sooner because a connection does not exist.
_NOBODYS_SECRETS = {
    "signing_secrets": ["whsec_paysignal_has_no_such_connection"],
    "webhook_ids": ["paysignal-has-no-such-connection"],
    "campaign_secrets": {"": ["paysignal-has-no-such-connection"]},
    "webhook_tokens": ["paysignal-has-no-such-connection"],
}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _problem(status: int, title: str, detail: str, **headers: str) -> Answer:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return {
        "statusCode": status,
        "headers": {"content-type": "application/problem+json", **headers},
        "body": json.dumps(body),
    }


_ACCEPTED: Answer = {
    "statusCode": 200,
    "headers": {"content-type": "application/json"},
    "body": '{"received":true}',
}
_MALFORMED = _problem(400, "Bad request", "The body is not of the form this provider sends.")
_UNPROVEN = _problem(401, "Unauthorized", "The signature does not prove the sender.")
_UNKNOWN = _problem(404, "Not found", "There is no such connection.")
_NOT_POST = _problem(405, "Method not allowed", "Webhooks are sent by POST.", allow="POST")
_TOO_LARGE = _problem(413, "Content too large", "The body is larger than 4 MB.")
_OTHER_TYPE = _problem(415, "Unsupported media type", "This provider sends another content type.")
_LATER = _problem(
    503,
    "Service unavailable",
    "The event was not accepted; send it again later.",
    **{"retry-after": str(RETRY_AFTER_SECONDS)},
)


class _TurnedAway(PaysignalError):
    """The request ends here: `answer` goes out, `metric` is counted."""

    def __init__(self, metric: str, answer: Answer) -> None:
        super().__init__(metric)
        self.metric = metric
        self.answer = answer


class Door:
    """One provider's door. Call it with an HTTP API event (payload 2.0); it returns the answer."""

    def __init__(
        self,
        provider: str,
        verify: Verify,
        subject: Subject,
        *,
        secrets: SecretsReader,
        queue: EventQueue,
        queue_url: str,
        form: bool = False,
        meaning_headers: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._verify = verify
        self._subject = subject
        self._secrets = secrets
        self._queue = queue
        self._queue_url = queue_url
        self._form = form
        self._meaning_headers = meaning_headers
        self._clock = clock
        self._monotonic = monotonic

    def __call__(self, event: Mapping[str, Any], context: object = None) -> Answer:
        """Answer one request; only 200 means that the event is in the queue."""
        try:
            return self._admit(event)
        except Ping:
            log("ping", provider=self._provider)
            return _ACCEPTED
        except _TurnedAway as reason:
            return self._refuse(event, reason.metric, reason.answer)
        except InvalidSignature as reason:
            return self._refuse(event, reason.metric, _UNPROVEN)
        except NoSecret:
            return self._refuse(event, "no_secret", _LATER)
        except (AwsError, Retryable) as fault:
            return self._refuse(event, "unavailable", _LATER, fault)
        except Exception as fault:  # The edge: a fault of ours must not lose the provider's event.
            return self._refuse(event, "door_fault", _LATER, fault)

    def _refuse(
        self, event: Mapping[str, Any], metric: str, answer: Answer, fault: Exception | None = None
    ) -> Answer:
        connection_id = _connection_of(event)
        fields = {"connection_id": connection_id} if is_connection_id(connection_id) else {}
        if fault is not None:
            fields["code"] = fault.code if isinstance(fault, AwsError) else type(fault).__name__
        count(metric, provider=self._provider, **fields)
        return answer

    def _admit(self, event: Mapping[str, Any]) -> Answer:
        now = int(self._clock() * 1_000)
        request = _read_request(event)
        if request.method != "POST":
            raise _TurnedAway("method_not_allowed", _NOT_POST)
        self._prove(request, now)
        body = self._read_body(request)
        event_id, subject = self._subject(body, request)
        headers = {
            name: request.headers[name] for name in self._meaning_headers if name in request.headers
        }
        envelope = EventEnvelope(
            provider=self._provider,
            connection_id=request.connection_id,
            received_at=now,
            body=request.body,
            headers=headers,
            event_id=event_id,
            subject=subject,
        )
        self._queue.send_event(self._queue_url, envelope)
        log(
            "event_queued",
            provider=self._provider,
            connection_id=request.connection_id,
            event_id=event_id,
            receipt=receipt_of(request.connection_id, headers, request.body),
            bytes=len(request.body),
        )
        return _ACCEPTED

    def _prove(self, request: Request, now: int) -> None:
        secrets = self._secrets_of(request.connection_id)
        if secrets is not None:
            self._verify(request, secrets, now)
            return
        try:
            self._verify(request, _NOBODYS_SECRETS, now)
        except PaysignalError as refusal:
            raise _TurnedAway("unknown_connection", _UNKNOWN) from refusal
        raise _TurnedAway("unknown_connection", _UNKNOWN)

    def _secrets_of(self, connection_id: str) -> Secrets | None:
        """Return the secrets of a connection that this door may speak for, else None."""
        if not is_connection_id(connection_id):
            return None
        secrets = self._secrets.read(connection_id, self._monotonic())
        if secrets is None or secrets.get("disabled"):
            return None
        return secrets if secrets.get("provider") == self._provider else None

    def _read_body(self, request: Request) -> Mapping[str, Any]:
        """Return the fields of a proved body; of a form, in the order sent."""
        is_form = request.header("content-type").strip().lower().startswith(_FORMS)
        if is_form != self._form:
            raise _TurnedAway("wrong_content_type", _OTHER_TYPE)
        if self._form:
            return _read_form(request.body)
        try:
            return parse_object(request.body)
        except NotStrictJson as error:
            raise _TurnedAway("bad_json", _MALFORMED) from error


def _read_request(event: Mapping[str, Any]) -> Request:
    """Return the request of an HTTP API event; what the gateway left out is empty."""
    headers: dict[str, str] = {}
    for name, value in (event.get("headers") or {}).items():
        name = name.lower()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(
        method=event["requestContext"]["http"]["method"],
        connection_id=_connection_of(event),
        headers=headers,
        query=event.get("queryStringParameters") or {},
        body=_read_bytes(event.get("body") or "", bool(event.get("isBase64Encoded"))),
    )


def _connection_of(event: Mapping[str, Any]) -> str:
    return str((event.get("pathParameters") or {}).get("connection_id", ""))


def _read_bytes(text: str, is_base64: bool) -> bytes:
    """Return the bytes as they came off the wire, which the gateway may have put in base64."""
    if (len(text) * 3 // 4 - 2 if is_base64 else len(text)) > BODY_BYTES_MAX:
        raise _TurnedAway("too_large", _TOO_LARGE)
    try:
        body = a2b_base64(text, strict_mode=True) if is_base64 else text.encode()
    except (Base64Error, ValueError) as error:
        raise _TurnedAway("bad_body", _MALFORMED) from error
    if len(body) > BODY_BYTES_MAX:
        raise _TurnedAway("too_large", _TOO_LARGE)
    return body


def _read_form(body: bytes) -> Mapping[str, Any]:
    from shared.domain.forms import text_fields  # Only form doors pay for this import.

    try:
        return text_fields(body)
    except ValueError as error:
        raise _TurnedAway("bad_body", _MALFORMED) from error


def open_door(
    provider: str,
    verify: Verify,
    subject: Subject,
    form: bool = False,
    meaning_headers: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> Door:
    """Return the Lambda handler of a provider, with the adapters its environment names.

    `verify(request, secrets, now)` returns for a genuine request; it raises InvalidSignature (401),
    Retryable where it cannot tell now (503), NoSecret where the connection has none (503), or Ping
    (200, no effect). `subject(body, request)` returns the event's id and whom it is about, as far
    as they can be told. `form` doors take form bodies, the others JSON. `meaning_headers` (small
    letters) travel with the body. Raise BadSettings where the environment is incomplete.
    """
    settings = DoorSettings.read(environ)
    return Door(
        provider,
        verify,
        subject,
        secrets=ConnectionSecrets.from_environment(
            settings.parameter_prefix, settings.config_cache_seconds, environ
        ),
        queue=Queue.from_environment(environ, settings.bodies_bucket),
        queue_url=settings.events_queue_url,
        form=form,
        meaning_headers=meaning_headers,
    )
