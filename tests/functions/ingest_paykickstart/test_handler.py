"""PayKickstart's door against the contract of all doors, by either of its two rules.

The contract hands signatures over as headers. PayKickstart's lie in the form, so the suite's door
stands behind a porch that carries each from its header into the body.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, quote_plus

import pytest
from typing_extensions import override

from functions.ingest_paykickstart.signature import event_and_subject, verify
from infra.samples.paykickstart import CAMPAIGN, SECRET, sample
from shared.domain.envelope import EventEnvelope, read_message
from shared.door import Door
from tests.contracts.door_contract import NOW, DoorContract, FakeQueue, FakeSecrets, counted, post
from tests.support.loopback_aws import LoopbackAws

_FORM = "application/x-www-form-urlencoded"
_CARRIED = "x-signature-in-the-form"


def _mac(values: list[str], secret: str) -> str:
    return hmac.new(secret.encode(), "|".join(values).encode(), hashlib.sha1).hexdigest()


def _hash(body: bytes, secret: str) -> str:
    fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    values = [fields[name].strip() for name in sorted(fields)]
    return _mac([value for value in values if value not in ("", "0")], secret)


def _code(body: bytes, secret: str) -> str:
    told = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    values = [value for _, value in told if value not in ("", "0")]
    return _mac([values[int(at)] for at in sorted(map(str, range(len(values))))], secret)


class _Porch:
    """Carries the signature of a request from its header into its form, for the door behind."""

    def __init__(self, door: Door, field: str) -> None:
        self._door = door
        self._field = field

    def __call__(self, event: Mapping[str, Any], context: object = None) -> dict[str, Any]:
        headers = dict(event["headers"] or {})
        signature = headers.pop(_CARRIED, None)
        if signature is None:
            return self._door(event, context)
        raw = b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()
        sent = _with_signature(raw, self._field, signature)
        body = b64encode(sent).decode() if event["isBase64Encoded"] else sent.decode()
        return self._door({**event, "headers": headers, "body": body}, context)


def _with_signature(body: bytes, field: str, signature: str) -> bytes:
    return body + f"&{field}={quote_plus(signature, errors='replace')}".encode()


class TestPayKickstartDoor(DoorContract):
    """By `hash`, the rule of today."""

    field = "hash"
    provider = "paykickstart"
    body = b"event=sales&amount=19.00&buyer_first_name=Zo%C3%A9&tax_amount=&is_rebill=0"
    body += b"&invoice_id=PK-P1&transaction_id=PK-T1&campaign_id=4410&custom=a+b"
    event_id = None
    subject = "PK-P1"
    secrets: Mapping[str, Any] = {
        "campaign_secrets": {"4410": ["pk_shop"], "4411": ["pk_elsewhere"]}
    }
    rotating_secrets: Mapping[str, Any] = {"campaign_secrets": {"4410": ["pk_rotated", "pk_shop"]}}
    other_secrets: Mapping[str, Any] = {"campaign_secrets": {"4410": ["pk_other"]}}
    unset_secrets = (
        {},
        {"campaign_secrets": None},
        {"campaign_secrets": {}},
        {"campaign_secrets": {"4410": []}},
        {"campaign_secrets": {"4410": ["", " "]}},
        {"campaign_secrets": {"4410": "text"}},
        {"signing_secrets": ["of another kind"]},
    )
    signature_header = _CARRIED
    content_type = _FORM
    signs_time = False
    is_form = True
    malformed = (
        b"campaign_id=4410&no field",
        b"campaign_id=4410&&event=sales",
        b"campaign_id=4410&",
    )
    malformed_metric = "bad_body"

    @override
    def open(self, secrets: FakeSecrets, queue: FakeQueue, now: float = NOW) -> Door:
        door = Door(
            "paykickstart",
            verify,
            event_and_subject,
            secrets=secrets,
            queue=queue,
            queue_url="https://queue/events.fifo",
            form=True,
            clock=lambda: now,
        )
        return cast(Door, _Porch(door, self.field))

    @override
    def sign(self, body: bytes, secrets: Mapping[str, Any], at: int = NOW) -> dict[str, str]:
        return {_CARRIED: self.signature(body, secrets["campaign_secrets"]["4410"][0])}

    def signature(self, body: bytes, secret: str) -> str:
        return _hash(body, secret)

    @override
    def padded(self, size: int) -> bytes:
        added = len(_with_signature(b"", self.field, "x" * 40))
        return self.body + b"x" * (size - len(self.body) - added)

    @override
    def changed(self) -> bytes:
        return self.body + b"c"

    @override
    def as_sent(self, body: bytes) -> bytes:
        return _with_signature(body, self.field, self.sign(body, self.secrets)[_CARRIED])

    def test_row_9_empty_body_is_401_unproven_and_400_proven(self) -> None:
        """A form that is empty holds no signature: nothing can prove it."""
        for headers in (self.headers(self.body), self.headers(b""), {"content-type": _FORM}):
            self.refused(post(b"", headers), 401)

    def test_unknown_campaign_is_401_as_a_wrong_signature_is(self) -> None:
        body = self.body.replace(b"campaign_id=4410", b"campaign_id=9999")
        signed = {"content-type": _FORM, _CARRIED: self.signature(body, "pk_shop")}

        unknown = self.refused(post(body, signed), 401)
        wrong = self.unproven({**signed, _CARRIED: "wrong"})

        assert unknown == wrong

    def test_other_campaigns_secret_proves_nothing(self) -> None:
        signed = {"content-type": _FORM, _CARRIED: self.signature(self.body, "pk_elsewhere")}

        self.unproven(signed)

    def test_json_that_looks_alike_is_refused_by_its_missing_signature(self) -> None:
        """GrooveSell's notifications have PayKickstart's field names and no hash."""
        body = b'{"event":"sales","campaign_id":"4410","invoice_id":"GS-1","amount":"19.00"}'

        self.refused(post(body, {"content-type": "application/json"}), 401)
        self.refused(post(body, {"content-type": _FORM}), 401)


@pytest.mark.parametrize("start", [b"", b" ", b"\n\t"])
def test_stolen_form_cannot_be_rewritten_as_an_answer_of_the_api(
    start: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither names nor lists are signed: a form may be valid JSON as well, telling anything."""
    stolen = dict(sample("sales").event.fields)
    last = max(stolen)
    signature = parse_qsl(sample("sales").event.body.decode())
    told = {"id": "fetch_1", "transaction": {"event": "sales", "amount": "9999.00"}}
    opening = json.dumps(told, separators=(",", ":"))[:-1] + ',"rest":"' + last
    kept = [(name, value) for name, value in stolen.items() if name != last]
    fields = [(opening, stolen[last]), *kept, ("hash", dict(signature)["hash"])]
    pairs = [f"{name}={quote_plus(value)}" for name, value in fields]
    forged = start + "&".join([*pairs, 'x[="}']).encode()
    door, queue = TestPayKickstartDoor(), FakeQueue()
    known = FakeSecrets(
        {"shop": {"provider": "paykickstart", "campaign_secrets": {CAMPAIGN: [SECRET]}}}
    )

    answer = door.open(known, queue)(post(forged, {"content-type": _FORM}))

    assert json.loads(forged)["transaction"]["amount"] == "9999.00"
    assert (answer["statusCode"], queue.envelopes) == (401, [])
    assert counted(capsys.readouterr().out) == ["not_a_webhook"]


class TestPayKickstartDoorByTheOlderRule(TestPayKickstartDoor):
    """By `verification_code`, which needs the order sent."""

    field = "verification_code"

    @override
    def signature(self, body: bytes, secret: str) -> str:
        return _code(body, secret)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackAws]:
    """Yield AWS with one connection, and this process in the environment of the Lambda."""
    deployment = LoopbackAws("paykickstart", "unused")
    deployment.parameters["/paysignal/connections/shop/secrets"] = json.dumps(
        {"provider": "paykickstart", "campaign_secrets": {CAMPAIGN: [SECRET]}}
    )
    for name, value in deployment.environ.items():
        monkeypatch.setenv(name, value)
    with deployment.server:
        yield deployment


def test_lambda_reads_its_secrets_and_queues_the_form(aws: LoopbackAws) -> None:
    module = importlib.import_module("functions.ingest_paykickstart.handler")
    # Another test may have imported it into another environment.
    handler: Door = importlib.reload(module).handler
    body = sample("subscription-payment").event.body

    answer = handler(post(body, {"content-type": _FORM}), None)

    assert answer["statusCode"] == 200
    envelope = read_message(aws.messages[0]["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert envelope.body() == body
    assert envelope.provider == "paykickstart"
    assert SECRET not in json.dumps(aws.messages)
