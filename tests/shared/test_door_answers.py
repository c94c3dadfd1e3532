"""The door's answers to the letter, how much of a body it reads, and what it counts."""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

import pytest
from typing_extensions import override

from shared.adapters.aws import AwsError
from shared.domain.envelope import BODY_BYTES_MAX, EventEnvelope, read_message
from shared.domain.webhooks import InvalidSignature, NoSecret, Ping, Request
from shared.door import Door, open_door
from tests.contracts.door_contract import NOW, FakeQueue, FakeSecrets, counted, post
from tests.support.loopback_aws import LoopbackAws

_CONNECTIONS: dict[str, dict[str, Any]] = {
    "shop": {"provider": "toy"},
    "disabled": {"provider": "toy", "disabled": True},
    "foreign": {"provider": "another"},
}
_UNKNOWN = (404, "Not found", "There is no such connection.")
_OTHER_TYPE = (
    415,
    "Unsupported media type",
    "This provider sends another content type.",
)


class Toy:
    """A provider whose proof is what a test says, and which keeps what it was asked."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.requests: list[Request] = []
        self.secrets: list[Mapping[str, Any]] = []

    def verify(self, request: Request, secrets: Mapping[str, Any], now: int) -> None:
        self.requests.append(request)
        self.secrets.append(secrets)
        if self.refusal is not None:
            raise self.refusal

    def subject(self, body: Mapping[str, Any], request: Request) -> tuple[str | None, str | None]:
        return None, None


def _door(toy: Toy | None = None, *, queue: FakeQueue | None = None, **options: Any) -> Door:
    toy = toy or Toy()
    return Door(
        "toy",
        toy.verify,
        toy.subject,
        secrets=FakeSecrets(_CONNECTIONS),
        queue=queue or FakeQueue(),
        queue_url="https://queue/events.fifo",
        clock=lambda: NOW,
        **options,
    )


def test_accepted_event_is_answered_in_one_word() -> None:
    queue = FakeQueue()

    answer = _door(queue=queue)(post(b"{}", {}))

    assert answer == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"received":true}',
    }
    assert [envelope.received_at for envelope in queue.envelopes] == [NOW * 1_000]


@pytest.mark.parametrize(
    ("event", "refusal", "told", "metric", "more"),
    [
        (
            post(b"[]", {}),
            None,
            (400, "Bad request", "The body is not of the form this provider sends."),
            "bad_json",
            {},
        ),
        (
            post(b"{}", {}),
            InvalidSignature("replay_window"),
            (401, "Unauthorized", "The signature does not prove the sender."),
            "replay_window",
            {},
        ),
        (post(b"{}", {}, "nobody"), None, _UNKNOWN, "unknown_connection", {}),
        (post(b"{}", {}, "nobody"), InvalidSignature(), _UNKNOWN, "unknown_connection", {}),
        (post(b"{}", {}, "disabled"), None, _UNKNOWN, "unknown_connection", {}),
        (post(b"{}", {}, "foreign"), None, _UNKNOWN, "unknown_connection", {}),
        (
            post(b"{}", {}, method="GET"),
            None,
            (405, "Method not allowed", "Webhooks are sent by POST."),
            "method_not_allowed",
            {"allow": "POST"},
        ),
        (
            post(b"{}", {"content-type": "multipart/form-data; boundary=x"}),
            None,
            _OTHER_TYPE,
            "wrong_content_type",
            {},
        ),
        (
            post(b"{}", {}),
            NoSecret("none"),
            (503, "Service unavailable", "The event was not accepted; send it again later."),
            "no_secret",
            {"retry-after": "30"},
        ),
    ],
)
def test_refusals_are_fixed_documents_and_counted(
    event: dict[str, Any],
    refusal: Exception | None,
    told: tuple[int, str, str],
    metric: str,
    more: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = _door(Toy(refusal))(event)

    status, title, detail = told
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    assert (answer["statusCode"], json.loads(answer["body"])) == (status, problem)
    assert answer["headers"] == {"content-type": "application/problem+json", **more}
    assert set(answer) == {"statusCode", "headers", "body"}
    assert counted(capsys.readouterr().out) == [metric]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (AwsError("ThrottlingException", "slow down", 400, {}), "ThrottlingException"),
        (RuntimeError("canary"), "RuntimeError"),
        (InvalidSignature(), None),
    ],
)
def test_faults_are_counted_with_their_code_and_refusals_have_none(
    fault: Exception, code: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    _door(Toy(fault))(post(b"{}", {}))

    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line.get("code") == code


def test_ping_is_noted_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    _door(Toy(Ping()))(post(b"{}", {}))

    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["provider"]) == ("ping", "toy")


def test_request_that_the_gateway_left_empty_is_read_as_empty() -> None:
    toy = Toy(InvalidSignature())
    bare = {
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": {"connection_id": "shop"},
        "headers": None,
        "queryStringParameters": None,
    }

    answer = _door(toy)(bare)

    (request,) = toy.requests
    assert answer["statusCode"] == 401
    assert (request.headers, request.query, request.body) == ({}, {}, b"")


def test_header_in_two_spellings_reaches_verify_as_both_with_a_comma() -> None:
    toy = Toy()

    _door(toy)(post(b"{}", {"X-Word": "one", "x-word": "two"}))

    assert toy.requests[0].header("x-word") == "one,two"


def test_nobodys_secrets_are_of_every_kind_a_provider_proves_by() -> None:
    """Else an unknown connection would be told by how soon it is refused."""
    toy = Toy()

    _door(toy)(post(b"{}", {}, "nobody"))

    (secrets,) = toy.secrets
    assert set(secrets) == {"signing_secrets", "webhook_ids", "campaign_secrets", "webhook_tokens"}
    assert all(secrets.values())


@pytest.mark.parametrize("connection_id", ["", "../shop", "ada@example.com", "x" * 65])
def test_secrets_are_not_looked_up_by_what_cannot_be_a_name(connection_id: str) -> None:
    known, toy = FakeSecrets(_CONNECTIONS), Toy()
    door = Door(
        "toy", toy.verify, toy.subject, secrets=known, queue=FakeQueue(), queue_url="https://queue"
    )

    answer = door(post(b"{}", {}, connection_id))

    assert (answer["statusCode"], known.read_ids) == (404, [])


@pytest.mark.parametrize(("over", "decoded", "status"), [(0, 1, 400), (2, 0, 413)])
def test_base64_that_has_to_be_too_large_is_not_decoded(
    over: int, decoded: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def refuse(text: str, *, strict_mode: bool) -> bytes:
        calls.append(strict_mode)
        raise Base64Error

    monkeypatch.setattr("shared.door.a2b_base64", refuse)
    # The most that 4 MB can come to, padding included; one character more is no whole byte.
    most = (BODY_BYTES_MAX + 2) // 3 * 4
    event = {**post(b"", {}), "body": "A" * (most + over), "isBase64Encoded": True}

    answer = _door()(event)

    assert (answer["statusCode"], calls) == (status, [True] * decoded)


@pytest.mark.parametrize("base64", [False, True])
def test_body_of_4_mb_is_read_and_one_byte_more_is_413(
    base64: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    most = b"{}".ljust(BODY_BYTES_MAX)

    answers = [_door()(post(body, {}, base64=base64)) for body in (most, most + b" ")]

    problem = json.loads(answers[1]["body"])
    assert [answer["statusCode"] for answer in answers] == [200, 413]
    assert problem["title"] == "Content too large"
    assert problem["detail"] == "The body is larger than 4 MB."
    assert counted(capsys.readouterr().out) == ["too_large"]


def test_bytes_are_counted_and_not_characters(capsys: pytest.CaptureFixture[str]) -> None:
    body = "\u00e9".encode() * (BODY_BYTES_MAX // 2)

    answers = [_door()(post(each, {})) for each in (body, body + b" ")]

    assert [answer["statusCode"] for answer in answers] == [400, 413]
    assert counted(capsys.readouterr().out) == ["bad_json", "too_large"]


def test_plain_text_that_is_too_long_is_not_encoded(capsys: pytest.CaptureFixture[str]) -> None:
    class Text(str):
        __slots__ = ()

        @override
        def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
            raise AssertionError("4 MB and more were copied")

    event = {**post(b"", {}), "body": Text(" " * (BODY_BYTES_MAX + 1))}

    assert _door()(event)["statusCode"] == 413
    assert counted(capsys.readouterr().out) == ["too_large"]


def test_open_door_queues_what_it_proves_with_the_adapters_of_its_environment() -> None:
    aws, toy = LoopbackAws("toy", "word"), Toy()
    door = open_door(
        "toy", toy.verify, toy.subject, meaning_headers=("x-topic",), environ=aws.environ
    )

    with aws.server:
        answer = door(post(b"{}", {"x-topic": "order.created", "x-other": "1"}))

    assert answer["statusCode"] == 200
    (message,) = aws.messages
    envelope = read_message(message["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert (envelope.provider, envelope.body()) == ("toy", b"{}")
    assert envelope.headers == {"x-topic": "order.created"}
    assert toy.secrets[0]["signing_secrets"] == ["word"]


def test_open_door_takes_forms_where_it_is_told_to() -> None:
    aws, toy = LoopbackAws("toy", "word"), Toy()
    door = open_door("toy", toy.verify, toy.subject, form=True, environ=aws.environ)
    form = {"content-type": "application/x-www-form-urlencoded"}

    with aws.server:
        statuses = [door(post(b"a=1", headers))["statusCode"] for headers in (form, {})]

    assert statuses == [200, 415]
