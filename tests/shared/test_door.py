"""The door itself, behind a toy provider: the order of its checks, and the ways others need it.

What every real provider's door must do is in `tests/contracts`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from typing_extensions import override

from shared.domain.envelope import receipt_of
from shared.domain.errors import Retryable
from shared.domain.webhooks import InvalidSignature, NoSecret, Ping, Request
from shared.door import Door, open_door
from shared.settings import BadSettings
from tests.contracts.door_contract import NOW, FakeQueue, FakeSecrets, counted, post

_BODY = b'{"who":"ada"}'
_CONNECTIONS = {"shop": {"provider": "toy", "word": "please"}}


class Toy:
    """A provider that proves itself by a word in a header, and notes what it was asked."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.verified: list[Mapping[str, Any]] = []
        self.seen: list[Mapping[str, Any]] = []

    def verify(self, request: Request, secrets: Mapping[str, Any], now: int) -> None:
        self.verified.append(secrets)
        if self.refusal is not None:
            raise self.refusal
        if request.header("x-word") != secrets.get("word"):
            raise InvalidSignature

    def subject(self, body: Mapping[str, Any], request: Request) -> tuple[str | None, str | None]:
        self.seen.append(body)
        return request.header("x-id") or None, body.get("who")


def _door(toy: Toy, queue: FakeQueue | None = None, **options: Any) -> Door:
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


def _proved(body: bytes = _BODY, /, **headers: str) -> dict[str, Any]:
    return post(body, {"x-word": "please", **headers})


def test_nothing_is_parsed_before_the_sender_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """stripe-python#577: the body was parsed first, so anybody could reach the parser."""
    parsed: list[bytes] = []

    def parse(raw: bytes) -> dict[str, Any]:
        parsed.append(raw)
        return {}

    monkeypatch.setattr("shared.door.parse_object", parse)
    toy = Toy()
    door = _door(toy)

    door(post(b"{}", {"x-word": "wrong"}))
    assert (parsed, toy.seen) == ([], [])

    door(_proved(b"{}"))
    assert (parsed, toy.seen) == ([b"{}"], [{}])


def test_unknown_connection_is_verified_all_the_same_with_nobodys_secret() -> None:
    toy = Toy()

    answer = _door(toy)(post(b"{}", {"x-word": "please"}, "nobody"))

    assert answer["statusCode"] == 404
    assert len(toy.verified) == 1
    assert "word" not in toy.verified[0]


def test_unknown_connection_is_404_even_if_nobodys_secret_were_right() -> None:
    class Gullible(Toy):
        @override
        def verify(self, request: Request, secrets: Mapping[str, Any], now: int) -> None:
            """Accept everybody."""

    queue = FakeQueue()

    answer = _door(Gullible(), queue)(post(b"{}", {}, "nobody"))

    assert answer["statusCode"] == 404
    assert queue.envelopes == []


@pytest.mark.parametrize(
    ("refusal", "status", "metrics"),
    [
        (Ping(), 200, []),
        (InvalidSignature(), 401, ["bad_signature"]),
        (InvalidSignature("replay_window"), 401, ["replay_window"]),
        (NoSecret("none"), 503, ["no_secret"]),
        (Retryable("the certificate could not be fetched"), 503, ["unavailable"]),
        (RuntimeError("canary"), 503, ["door_fault"]),
    ],
    ids=repr,
)
def test_what_a_verify_raises_decides_the_answer_and_queues_nothing(
    refusal: Exception, status: int, metrics: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    queue = FakeQueue()

    answer = _door(Toy(refusal), queue)(_proved())

    out = capsys.readouterr().out
    assert answer["statusCode"] == status
    assert queue.envelopes == []
    assert counted(out) == metrics
    assert "canary" not in out + json.dumps(answer)


def test_ping_of_an_unknown_connection_is_404() -> None:
    """WooCommerce's unsigned greeting must not tell which connections exist."""
    answer = _door(Toy(Ping()))(post(b"webhook_id=7", {}, "nobody"))

    assert answer["statusCode"] == 404


def test_headers_that_carry_meaning_travel_and_no_others() -> None:
    queue = FakeQueue()
    door = _door(Toy(), queue, meaning_headers=("x-topic", "x-absent"))

    door(_proved(**{"X-Topic": "order.created", "x-id": "7", "authorization": "Basic c2VjcmV0"}))

    (envelope,) = queue.envelopes
    assert envelope.headers == {"x-topic": "order.created"}
    assert (envelope.event_id, envelope.subject) == ("7", "ada")


def test_header_sent_in_two_spellings_is_joined_and_not_chosen_from() -> None:
    """Else two readers of one request could each verify another signature."""
    toy = Toy()

    answer = _door(toy)(post(b"{}", {"X-Word": "wrong", "x-word": "please"}))

    assert answer["statusCode"] == 401


def test_form_door_reads_fields_and_refuses_json() -> None:
    """PayKickstart posts forms: matrix row 17 the other way round."""
    queue, toy = FakeQueue(), Toy()
    door = _door(toy, queue, form=True)
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}

    accepted = door(_proved(b"who=ada%20l&amount=19.00&empty=", **form))
    as_json = door(_proved(b"{}", **{"content-type": "application/json"}))
    untyped = door(_proved(b"who=ada"))

    assert accepted["statusCode"] == 200
    assert toy.seen == [{"who": "ada l", "amount": "19.00"}]
    assert [envelope.body() for envelope in queue.envelopes] == [b"who=ada%20l&amount=19.00&empty="]
    assert [as_json["statusCode"], untyped["statusCode"]] == [415, 415]


@pytest.mark.parametrize("raw", [b"who=Zo%E9", b"who=Zo\xe9", b"who=Zo%C3%A9"])
def test_form_of_an_older_alphabet_is_read_once_its_sender_is_proved(raw: bytes) -> None:
    """A genuine form must not be lost for how it writes a name."""
    toy = Toy()
    form = {"x-word": "please", "content-type": "application/x-www-form-urlencoded"}

    answer = _door(toy, form=True)(post(raw, form, base64=True))

    assert answer["statusCode"] == 200
    assert toy.seen == [{"who": "Zo\u00e9"}]


@pytest.mark.parametrize("raw", [b"", b"no equals sign", b"a=1&&b=2", b"a=1&b", b"a="])
def test_form_that_is_none_is_400(raw: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    form = {"x-word": "please", "content-type": "application/x-www-form-urlencoded"}

    answer = _door(Toy(), form=True)(post(raw, form, base64=True))

    assert answer["statusCode"] == 400
    assert counted(capsys.readouterr().out) == ["bad_body"]


def test_query_is_handed_to_verify() -> None:
    """ActiveCampaign's webhooks prove themselves by a token in the address."""
    seen: list[str] = []

    class ByToken(Toy):
        @override
        def verify(self, request: Request, secrets: Mapping[str, Any], now: int) -> None:
            seen.append(request.query["token"])

    _door(ByToken())(post(b"{}", {}, query={"token": "t"}))

    assert seen == ["t"]


@pytest.mark.parametrize("text", ["*", "abc", "é", "AAA=AAA"])
def test_base64_that_is_none_is_400(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    event = {**_proved(), "body": text, "isBase64Encoded": True}

    answer = _door(Toy())(event)

    assert answer["statusCode"] == 400
    assert counted(capsys.readouterr().out) == ["bad_body"]


def test_fault_of_ours_is_503_and_counted_because_the_event_must_come_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """radon#282: a handler that fails on its own must be seen, and must not lose what it got."""
    answer = _door(Toy())({"unlike": "any request"})

    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"] == "30"
    assert counted(capsys.readouterr().out) == ["door_fault"]


def test_refusals_name_the_connection_only_where_it_can_be_a_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An id of a stranger's making could be an email, or 8 KB of anything."""
    door = _door(Toy())

    door(post(b"{}", {}, "shop"))
    door(post(b"{}", {}, "ada@example.com"))

    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["provider"], first["connection_id"]) == ("toy", "shop")
    assert "connection_id" not in second


def test_accepted_event_leaves_one_line_without_its_content(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _door(Toy())(_proved(**{"x-id": "evt_1"}))

    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line == {
        "event": "event_queued",
        "provider": "toy",
        "connection_id": "shop",
        "event_id": "evt_1",
        "receipt": receipt_of("shop", {}, _BODY),
        "bytes": 13,
    }


def test_secrets_are_looked_up_by_the_monotonic_clock() -> None:
    """A wall clock that jumps back would keep a revoked secret alive."""
    times: list[float] = []

    class Clocked(FakeSecrets):
        @override
        def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
            times.append(now)
            return super().read(connection_id, now)

    toy = Toy()
    door = Door(
        "toy",
        toy.verify,
        toy.subject,
        secrets=Clocked(_CONNECTIONS),
        queue=FakeQueue(),
        queue_url="https://queue/events.fifo",
        monotonic=lambda: 12.5,
    )

    door(_proved())

    assert times == [12.5]


def test_door_does_not_open_in_an_incomplete_environment() -> None:
    with pytest.raises(BadSettings, match="EVENTS_QUEUE_URL is missing"):
        open_door("toy", Toy().verify, Toy().subject, environ={})
