"""The AWS client against a stand-in on loopback: what goes out, comes back and is tried again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.adapters.aws import AwsClient, AwsError, SignedEndpoint
from shared.adapters.aws_signing import Signer
from shared.adapters.http_connection import HttpConnection
from tests.support.loopback_server import LoopbackServer, Received, Reply, http, in_turn

_ENVIRON = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_SESSION_TOKEN": "token",
}


class Caller:
    """A client of a loopback server whose waits are written down instead of waited."""

    def __init__(
        self,
        respond: Callable[[Received], Reply],
        service: str = "sqs",
        clock: Callable[[], float] = lambda: 1_795_000_000.0,
    ) -> None:
        self.server = LoopbackServer(respond)
        self.waits: list[float] = []
        self._service = service
        self._clock = clock

    def call(self, operation: str = "SendMessage", **payload: object) -> object:
        connection = HttpConnection(self.server.url, 1.0, 0.2)
        endpoint = SignedEndpoint(
            Signer.from_environment(self._service, _ENVIRON),
            connection,
            clock=self._clock,
            sleep=self.waits.append,
            random=lambda: 0.5,
        )
        with self.server:
            try:
                return AwsClient(self._service, endpoint).call(operation, payload)
            finally:
                connection.close()


@pytest.mark.parametrize(
    ("service", "target", "content_type"),
    [
        ("sqs", "AmazonSQS.DoIt", "application/x-amz-json-1.0"),
        ("dynamodb", "DynamoDB_20120810.DoIt", "application/x-amz-json-1.0"),
        ("ssm", "AmazonSSM.DoIt", "application/x-amz-json-1.1"),
        ("events", "AWSEvents.DoIt", "application/x-amz-json-1.1"),
    ],
)
def test_call_is_a_signed_post_of_the_services_json_protocol(
    service: str, target: str, content_type: str
) -> None:
    aws = Caller(lambda _: http(200, {"Answer": "42"}), service)

    answer = aws.call("DoIt", Question="é")

    request = aws.server.received[0]
    assert answer == {"Answer": "42"}
    assert request.first_line == "POST / HTTP/1.1"
    assert request.headers["x-amz-target"] == target
    assert request.headers["content-type"] == content_type
    assert request.headers["x-amz-security-token"] == "token"
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert request.headers["host"] in aws.server.url
    assert request.json() == {"Question": "é"}


def test_empty_answer_is_an_empty_dict() -> None:
    assert Caller(lambda _: http(200, b"")).call() == {}


@pytest.mark.parametrize(
    "failure",
    [
        http(500, {"__type": "InternalServerError"}),
        http(503, b"<html>busy</html>"),
        http(400, {"__type": "com.amazon.coral.availability#ThrottlingException"}),
        http(400, {"__type": "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"}),
        Reply(None),
        Reply(b""),
        Reply(b"no HTTP\r\n\r\n", hang_up=True),
    ],
    ids=["500", "503 of a proxy", "throttled", "limited", "hang up", "timeout", "nonsense"],
)
def test_passing_fault_is_retried_with_growing_jittered_waits(failure: Reply) -> None:
    aws = Caller(in_turn(failure, failure, http(200, {"MessageId": "1"})))

    answer = aws.call()

    assert answer == {"MessageId": "1"}
    assert len(aws.server.received) == 3
    assert aws.waits == [0.05, 0.1]


def test_fault_that_stays_is_raised_after_three_tries() -> None:
    aws = Caller(lambda _: http(503, {"__type": "ServiceUnavailable", "message": "later"}))

    with pytest.raises(AwsError) as raised:
        aws.call()

    assert len(aws.server.received) == 3
    assert raised.value.retryable
    assert (raised.value.code, raised.value.status) == ("ServiceUnavailable", 503)


def test_no_try_begins_after_the_caller_should_have_had_its_answer() -> None:
    """A door that retries past its provider's patience answers nobody."""
    seconds = iter(range(1_795_000_000, 1_795_001_000, 2))
    aws = Caller(lambda _: http(503, b""), clock=lambda: float(next(seconds)))

    with pytest.raises(AwsError):
        aws.call()

    assert len(aws.server.received) == 1


def test_silence_is_raised_as_a_passing_fault_without_a_status() -> None:
    aws = Caller(lambda _: Reply(None))

    with pytest.raises(AwsError) as raised:
        aws.call()

    assert raised.value.retryable
    assert (raised.value.code, raised.value.status) == ("ConnectionError", 0)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no queue"},
            "QueueDoesNotExist",
            "no queue",
        ),
        ({"__type": "ValidationException", "Message": "bad key"}, "ValidationException", "bad key"),
        (
            b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>",
            "NoSuchKey",
            "gone",
        ),
        (b"{ broken", "HTTP400", ""),
        (b"", "HTTP400", ""),
        (b"\xff\xfe", "HTTP400", ""),
    ],
)
def test_refusal_is_raised_at_once_with_its_code(
    body: bytes | dict[str, str], code: str, message: str
) -> None:
    aws = Caller(lambda _: http(400, body))

    with pytest.raises(AwsError) as raised:
        aws.call()

    error = raised.value
    assert (error.code, error.message, error.status) == (code, message, 400)
    assert not error.retryable
    assert len(aws.server.received) == 1


def test_redirect_is_refused_not_followed() -> None:
    aws = Caller(lambda _: http(307, b"", "Location: http://example.com/"))

    with pytest.raises(AwsError, match="HTTP307"):
        aws.call()

    assert len(aws.server.received) == 1


def _cancelled(*codes: str) -> dict[str, object]:
    return {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": [
            {"Code": code, "Item": {"pk": {"S": "x"}}} if code != "None" else {"Code": "None"}
            for code in codes
        ],
    }


def test_cancelled_transaction_keeps_its_reasons_and_items() -> None:
    aws = Caller(lambda _: http(400, _cancelled("None", "ConditionalCheckFailed")), "dynamodb")

    with pytest.raises(AwsError) as raised:
        aws.call("TransactWriteItems")

    assert raised.value.code == "TransactionCanceledException"
    assert raised.value.cancellation_codes == ["None", "ConditionalCheckFailed"]
    assert raised.value.payload["CancellationReasons"][1]["Item"] == {"pk": {"S": "x"}}


@pytest.mark.parametrize(
    ("codes", "passes"),
    [
        (["None", "TransactionConflict"], True),
        (["ThrottlingError", "None"], True),
        (["ProvisionedThroughputExceeded", "TransactionConflict"], True),
        (["ConditionalCheckFailed", "None"], False),
        (["ConditionalCheckFailed", "TransactionConflict"], False),
        (["ValidationError"], False),
        ([], False),
    ],
)
def test_cancelled_transaction_is_retried_only_for_passing_causes(
    codes: list[str], passes: bool
) -> None:
    """A condition that failed once fails again: only a fresh read can change what is written."""
    aws = Caller(lambda _: http(400, _cancelled(*codes)), "dynamodb")

    with pytest.raises(AwsError) as raised:
        aws.call("TransactWriteItems")

    assert raised.value.retryable is passes
    assert len(aws.server.received) == (3 if passes else 1)


def test_answer_that_is_no_json_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(AwsError, match="BadAnswer"):
        Caller(lambda _: http(200, b"<html>")).call()


def test_errors_never_carry_the_credentials_or_what_was_sent() -> None:
    """LanternOps-like leaks: an error that quotes its request ends up in a log (I-16)."""
    aws = Caller(lambda _: Reply(None))

    with pytest.raises(AwsError) as raised:
        aws.call(MessageBody="canary-body")

    told = str(raised.value) + json.dumps(raised.value.payload) + repr(raised.value.__cause__)
    assert "canary-body" not in told
    assert "example" not in told


def test_emulators_endpoint_wins_over_the_regions() -> None:
    with LoopbackServer(lambda _: http(200, {"ok": True})) as server:
        client = AwsClient.from_environment("ssm", {**_ENVIRON, "AWS_ENDPOINT_URL": server.url})

        answer = client.call("GetParameter", {"Name": "/x"})

    assert answer == {"ok": True}


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "sqs.eu-central-1.amazonaws.com"),
        ("cn-north-1", "sqs.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_regions_endpoint_is_spoken_to_where_nothing_is_emulated(
    monkeypatch: pytest.MonkeyPatch, region: str, host: str
) -> None:
    urls: list[str] = []

    class Listed(HttpConnection):
        def __init__(self, url: str, *rest: Any) -> None:
            super().__init__(url, *rest)
            urls.append(url)

    monkeypatch.setattr("shared.adapters.aws.HttpConnection", Listed)

    AwsClient.from_environment("sqs", {**_ENVIRON, "AWS_REGION": region})

    assert urls == [f"https://{host}"]
