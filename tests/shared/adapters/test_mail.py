"""One request to Amazon SES, as it goes over the wire, and never a second one."""

from __future__ import annotations

import json

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.mail import Mailer
from tests.support.loopback_server import LoopbackServer, Received, Reply, http

MAIL = {
    "to": "ada@example.com",
    "from": "hello@example.com",
    "from_name": 'Tea, "Té" & Co',
    "reply_to": "shop@example.com",
    "subject": "Grüße",
}
LINK = "https://api.example.com/v1/unsubscribe/c1.abc"


def environ(server: LoopbackServer) -> dict[str, str]:
    return {
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_ENDPOINT_URL": server.url,
    }


def test_an_email_says_who_it_is_from_and_how_to_leave() -> None:
    seen: list[Received] = []

    def respond(request: Received) -> Reply:
        seen.append(request)
        return http(200, b'{"MessageId":"ses-1"}')

    with LoopbackServer(respond) as server:
        told = Mailer(environ(server)).send(MAIL, {"text": "Hi", "html": None}, LINK)

    assert told == "ses-1"
    (request,) = seen
    assert request.first_line == "POST /v2/email/outbound-emails HTTP/1.1"
    sent = json.loads(request.body)
    assert sent["FromEmailAddress"] == "=?utf-8?b?VGVhLCAiVMOpIiAmIENv?= <hello@example.com>"
    assert sent["Destination"] == {"ToAddresses": ["ada@example.com"]}
    assert sent["ReplyToAddresses"] == ["shop@example.com"]
    content = sent["Content"]["Simple"]
    assert content["Subject"]["Data"] == "Grüße"
    assert content["Body"] == {"Text": {"Data": "Hi", "Charset": "UTF-8"}}
    assert content["Headers"] == [
        {"Name": "List-Unsubscribe", "Value": f"<{LINK}>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]


@pytest.mark.parametrize("status", [429, 503])
def test_a_failing_request_is_not_repeated(status: int) -> None:
    seen: list[Received] = []

    def respond(request: Received) -> Reply:
        seen.append(request)
        return http(status, b'{"message":"no"}')

    with LoopbackServer(respond) as server, pytest.raises(AwsError) as raised:
        Mailer(environ(server)).send(MAIL, {"text": "Hi"}, LINK)

    assert raised.value.status == status
    assert len(seen) == 1
