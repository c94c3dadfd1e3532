"""Anything may be posted to the form door: only documented answers come back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.ingest_paykickstart.signature import event_and_subject, verify
from infra.samples.paykickstart_event import Event
from shared.door import Door
from tests.contracts.door_contract import NOW, FakeQueue, FakeSecrets, counted, post

_SECRETS = {"provider": "paykickstart", "campaign_secrets": {"4410": ["pk_shop"]}}
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_NAMES = st.one_of(_TEXT, st.sampled_from(["event", "invoice_id", "custom[0]", "amount"]))


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    """Return forms, signed or not, and bytes that are none."""
    fields = draw(st.dictionaries(_NAMES, _TEXT, max_size=6))
    if draw(st.booleans()):
        fields["campaign_id"] = draw(st.sampled_from(["4410", "1", ""]))
    if draw(st.booleans()):
        return Event(tuple(fields.items()), "pk_shop").body
    return draw(st.one_of(st.just(urlencode(fields).encode()), st.binary(max_size=200)))


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=_bodies(),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "application/json", "", "\0"]),
)
def test_any_request_gets_a_documented_answer_and_no_fault(
    capsys: pytest.CaptureFixture[str], body: bytes, kind: str
) -> None:
    queue = FakeQueue()
    door = Door(
        "paykickstart",
        verify,
        event_and_subject,
        secrets=FakeSecrets({"shop": _SECRETS}),
        queue=queue,
        queue_url="https://queue/events.fifo",
        form=True,
        clock=lambda: NOW,
    )

    answer: dict[str, Any] = door(post(body, {"content-type": kind}, base64=True))

    assert answer["statusCode"] in {200, 400, 401, 415}
    assert (answer["statusCode"] == 200) == bool(queue.envelopes)
    assert "door_fault" not in counted(capsys.readouterr().out)
