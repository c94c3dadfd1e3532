"""The local receiver: what we send, it takes; what nobody signed, it does not."""

from __future__ import annotations

import http.client
import os
import socket
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from standardwebhooks import Webhook

from infra.receiver import Arrival, Receiver
from shared.adapters.outbound import Outbound
from shared.domain import standard_webhooks

SECRET = standard_webhooks.new_secret(os.urandom)
BODY = '{"type":"recurring_payment.updated","data":{"name":"Zoë"}}'.encode()


def signed(message_id: str = "msg_1", *secrets: str, ahead: int = 0) -> dict[str, str]:
    now = int(time.time() * 1_000) + ahead
    return standard_webhooks.headers(secrets or [SECRET], message_id, now, BODY)


def post(url: str, headers: dict[str, str], body: bytes = BODY) -> int:
    return Outbound(local=True).post(url, headers, body).status


def test_what_we_send_is_verified_answered_and_remembered() -> None:
    with Receiver(SECRET).listening() as receiver:
        attempted = Outbound(local=True).post(f"{receiver.url}hook?a=1", signed(), BODY)
        (arrival,) = receiver.wait_for(1)

    assert attempted.status == 204
    assert arrival.verified
    assert (arrival.message_id, arrival.path, arrival.repeated) == ("msg_1", "/hook?a=1", False)
    assert arrival.body == BODY
    assert arrival.json()["data"] == {"name": "Zoë"}
    assert abs(arrival.received_at - time.time() * 1_000) < 60_000


def test_what_the_public_library_signs_is_verified() -> None:
    moment = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", moment, BODY.decode()),
    }

    with Receiver(SECRET).listening() as receiver:
        assert post(receiver.url, headers) == 204


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        ({}, BODY, "bad_header"),
        (signed("msg_1", standard_webhooks.new_secret(os.urandom)), BODY, "bad_signature"),
        (signed(), BODY + b" ", "bad_signature"),
        (signed(ahead=-400_000), BODY, "replay_window"),
    ],
)
def test_what_is_not_proved_is_answered_401_and_shown_with_its_problem(
    headers: dict[str, str], body: bytes, problem: str
) -> None:
    with Receiver(SECRET).listening() as receiver:
        status = post(receiver.url, headers, body)
        (arrival,) = receiver.arrivals

    assert status == 401
    assert (arrival.verified, arrival.problem, arrival.message_id) == (False, problem, "")


def test_either_secret_will_do_while_they_rotate() -> None:
    old, new = (standard_webhooks.new_secret(os.urandom) for _ in range(2))

    with Receiver([new, old]).listening() as receiver:
        statuses = [post(receiver.url, signed("msg_1", secret)) for secret in (old, new)]

    assert statuses == [204, 204]


def test_second_attempt_of_a_message_is_marked() -> None:
    with Receiver(SECRET).listening() as receiver:
        for message_id in ("msg_1", "msg_2", "msg_1"):
            post(receiver.url, signed(message_id))
        arrivals = receiver.arrivals

    assert [each.repeated for each in arrivals] == [False, False, True]


def test_answer_is_the_tests_own_for_what_is_proved() -> None:
    def answer(arrival: Arrival) -> int | tuple[int, dict[str, str]]:
        return (429, {"retry-after": "7"}) if arrival.message_id == "msg_1" else 410

    with Receiver(SECRET, answer=answer).listening() as receiver:
        busy = Outbound(local=True).post(receiver.url, signed("msg_1"), BODY)
        gone = Outbound(local=True).post(receiver.url, signed("msg_2"), BODY)
        forged = Outbound(local=True).post(receiver.url, {}, BODY)

    assert (busy.status, busy.retry_after) == (429, "7")
    assert gone.status == 410
    assert forged.status == 401


def test_each_arrival_is_handed_on_as_it_comes() -> None:
    heard: list[str] = []

    with Receiver(SECRET, on_arrival=lambda each: heard.append(each.message_id)).listening() as it:
        for number in range(3):
            post(it.url, signed(f"msg_{number}"))

    assert heard == ["msg_0", "msg_1", "msg_2"]


def test_what_came_stays_readable_after_it_stopped() -> None:
    receiver = Receiver(SECRET).start()
    post(receiver.url, signed())
    receiver.stop()

    assert len(receiver.arrivals) == 1
    with pytest.raises(RuntimeError):
        _ = receiver.url


def test_waiting_for_what_never_comes_ends() -> None:
    with Receiver(SECRET).listening() as receiver, pytest.raises(TimeoutError, match="0 of 1"):
        receiver.wait_for(1, seconds=0.05)


@pytest.mark.parametrize(
    ("method", "length", "status"),
    [
        ("GET", "0", 405),
        ("PUT", "0", 501),
        ("POST", "x", 413),
        ("POST", "9999999", 413),
        ("POST", "-1", 413),
    ],
)
def test_all_but_a_post_of_sane_size_is_turned_away(method: str, length: str, status: int) -> None:
    with Receiver(SECRET).listening() as receiver:
        address = urlsplit(receiver.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
        connection.putrequest(method, "/")
        connection.putheader("content-length", length)
        connection.endheaders()
        answered = connection.getresponse().status
        connection.close()

    assert answered == status
    assert receiver.arrivals == []


def test_bad_secret_is_told_before_anything_listens() -> None:
    with pytest.raises(ValueError, match="a secret"):
        Receiver("whsec_")


def test_it_listens_on_one_address_of_this_machine_alone() -> None:
    with Receiver(SECRET).listening() as receiver:
        address = urlsplit(receiver.url)
        other = ("127.0.0.2", address.port or 0)

        assert address.hostname == "127.0.0.1"
        with pytest.raises(OSError, match=r"."):
            socket.create_connection(other, timeout=1).close()


def test_listening_asks_no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without one would stall there for half a minute."""
    asked: list[str] = []

    def getfqdn(name: str = "") -> str:
        asked.append(name)
        return name

    monkeypatch.setattr(socket, "getfqdn", getfqdn)

    with Receiver(SECRET).listening() as receiver:
        assert post(receiver.url, signed()) == 204

    assert asked == []
