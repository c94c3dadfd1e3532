"""Anything may be sent to every door, and anything may stand in what every parser is given.

Of each provider of the catalogue: its door gives documented answers alone, its parser reads or
quarantines, and what it has read the processor records, ignores or quarantines. None of them
raises anything else, for that would be a provider asked to come again, or a message that blocks its
customer until it is parked. Bodies are genuine ones with some places made odd: those that are odd
all over get no further than the first check.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers.catalogue import PROVIDERS
from tests.contracts import test_providers
from tests.contracts.api_answers import ANSWERS
from tests.contracts.door_contract import NOW, FakeQueue, FakeSecrets, counted, post
from tests.contracts.provider_contract import ProviderContract
from tests.contracts.provider_lives import Letter
from tests.support.scale import examples
from tests.support.shop import Shop

CONTRACTS = {
    each.provider: each
    for each in vars(test_providers).values()
    if isinstance(each, type) and issubclass(each, ProviderContract) and hasattr(each, "provider")
}
WITH_DOOR = sorted(name for name, each in PROVIDERS.items() if each.door)
# 503 is documented as well, but for faults alone: nothing fails in here.
DOCUMENTED = {200, 400, 401, 404, 405, 413, 415}
OUTCOMES = {"applied", "duplicate", "stale", "ignored", "quarantined"}
_SHARED_FIXTURE = HealthCheck.function_scoped_fixture

_TEXT = st.text(max_size=12)
# Numbers, words and times that some reader may trip over, and ids made to break a key.
_AWKWARD = """
0 -1 1.005 1e9 1e400 NaN Infinity 9007199254740993 99999999999999999999 usd isk XXX active deleted
0000-00-00 2024-02-30T00:00:00Z 9999-12-31T23:59:59+14:00 0001-01-01 a#b .. ../x %00 {} [] null
ada@example.com @ a@b \u0661\u0662 \ufeff \u202e \ud800 \x00 \r\n ' " <script> =cmd
""".split(" ")
_ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    _TEXT,
    st.sampled_from(_AWKWARD),
    st.sampled_from(["9" * 5_000, "x" * 3_000, "é" * 200]),
    st.sampled_from([[], {}, [None], [{}], {"data": [1]}, {"id": {}}, {"value": []}]),
)


@cache
def letters(provider: str) -> tuple[Letter, ...]:
    """Return everything a provider is known to say, webhooks and answers of its API."""
    contract = CONTRACTS[provider]()
    answers = [Letter(body) for body in ANSWERS[provider]()]
    return (*contract.fixtures().values(), *contract.life(1).letters[:40], *answers)


def places(thing: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value inside a JSON value."""
    keys = thing if isinstance(thing, dict) else range(len(thing)) if type(thing) is list else ()
    for key in keys:
        yield (*path, key)
        yield from places(thing[key], (*path, key))


@st.composite
def odd_letters(draw: st.DrawFn, provider: str) -> Letter:
    """Return letters of a provider in which some places hold what nobody sends."""
    letter = draw(st.sampled_from(letters(provider)))
    try:
        thing = json.loads(letter.body)
    except ValueError:
        return Letter(_odd_form(draw, letter.body), letter.headers)
    thing = copy.deepcopy(thing)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(thing))
        if not found:
            break
        *way, last = draw(st.sampled_from(found))
        at = thing
        for step in way:
            at = at[step]
        if draw(st.integers(0, 3)):
            at[last] = copy.deepcopy(draw(_ODD))
        else:
            del at[last]
    return Letter(json.dumps(thing).encode(), letter.headers)


def _odd_form(draw: st.DrawFn, body: bytes) -> bytes:
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(fields) - 1))
        name = draw(st.sampled_from([fields[at][0]] * 3 + ["", "[", "contact[email]", "amount"]))
        value = draw(st.one_of(_TEXT, st.sampled_from(_AWKWARD), st.just("9" * 5_000)))
        fields[at] = (name, value)
    return urlencode(fields, errors="surrogatepass").encode()


def any_letters(provider: str) -> st.SearchStrategy[Letter]:
    """Return odd letters, and bytes that are none."""
    raw = st.one_of(
        st.binary(max_size=80),
        st.binary(max_size=40).map(lambda tail: b"{" + tail),
        st.sampled_from([b"", b"{}", b"[]", b"[" * 70_000, b'{"a":' * 20_000, b"\xef\xbb\xbf{}"]),
    )
    return st.one_of(odd_letters(provider), odd_letters(provider), raw.map(Letter))


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@settings(max_examples=examples(100), suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_parser_reads_or_quarantines_and_raises_nothing_else(
    provider: str, data: st.DataObject
) -> None:
    letter = data.draw(any_letters(provider))

    try:
        parsed = PROVIDERS[provider].parse(letter.body, letter.headers)
    except Quarantined:
        return

    assert isinstance(parsed, Parsed)
    assert parsed == PROVIDERS[provider].parse(letter.body, letter.headers)


@pytest.mark.parametrize("provider", WITH_DOOR)
@settings(max_examples=examples(60), suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_processor_records_or_quarantines_whatever_a_parser_has_read(
    provider: str, data: st.DataObject
) -> None:
    """A letter that is read but cannot be folded would block its customer: it must not exist.

    What an API store sends has been validated before it is an event: its routes are fuzzed.
    """
    shop = Shop(provider=provider)
    told = data.draw(st.lists(odd_letters(provider), min_size=1, max_size=3))

    for letter in [*told, *told]:
        assert shop.receive(letter.body, headers=letter.headers) in OUTCOMES

    for kept in shop.quarantined():
        assert kept["code"]
    shop.recurring_payments()
    shop.orders()
    shop.contacts()


@pytest.mark.parametrize("provider", WITH_DOOR)
@settings(max_examples=examples(100), suppress_health_check=[_SHARED_FIXTURE, HealthCheck.too_slow])
@given(data=st.data())
def test_door_answers_as_documented_whatever_is_posted(
    provider: str, data: st.DataObject, capsys: pytest.CaptureFixture[str]
) -> None:
    event = data.draw(_requests(provider))
    house = CONTRACTS[provider].door
    assert house is not None
    queue = FakeQueue()
    secrets = FakeSecrets({"shop": {"provider": provider, **house.secrets}})
    capsys.readouterr()

    answer = house().open(secrets, queue)(event)

    metrics = counted(capsys.readouterr().out)
    assert answer["statusCode"] in DOCUMENTED
    assert "door_fault" not in metrics
    assert len(queue.envelopes) == (answer["statusCode"] == 200 and not _is_ping(event))
    for envelope in queue.envelopes:
        again = read_message(envelope.to_message())
        assert isinstance(again, EventEnvelope)
        assert (again.body(), again.headers) == (envelope.body(), envelope.headers)


def _is_ping(event: dict[str, Any]) -> bool:
    """Tell whether this is WooCommerce's greeting, the one request that is answered and dropped."""
    return "webhook_id=" in (event["body"] or "")


_HEADER_TEXT = st.one_of(_TEXT, st.sampled_from([*_AWKWARD, "x" * 65_536, "t=1,v1=2", "\ud800"]))


@st.composite
def _requests(draw: st.DrawFn, provider: str) -> dict[str, Any]:
    """Return HTTP API events, most of them proved, with anything in every place."""
    house = CONTRACTS[provider].door
    assert house is not None
    letter = draw(any_letters(provider))
    proof = house().sign(letter.body, house.secrets, NOW)
    headers = {"content-type": house.content_type, **proof, **letter.headers}
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.one_of(st.sampled_from(sorted(headers)), _TEXT))
        headers[name] = draw(_HEADER_TEXT)
    event = post(letter.body, headers, base64=True)
    event["queryStringParameters"] = {"token": draw(_HEADER_TEXT)} if draw(st.booleans()) else None
    if draw(st.integers(0, 4)) == 0:
        event |= draw(
            st.sampled_from(
                [
                    {"pathParameters": {"connection_id": "\0"}},
                    {"pathParameters": None},
                    {"isBase64Encoded": False},
                    {"body": None, "headers": None},
                    {"body": "\ud800", "isBase64Encoded": False, "headers": {"": ""}},
                    {"body": "webhook_id=7", "isBase64Encoded": False, "headers": {}},
                    {"requestContext": {"http": {"method": "PATCH"}}},
                ]
            )
        )
    return event
