"""A refusal never quotes what it refuses: neither the reason kept with an event, nor a log line.

Into each place of everything each provider says goes the same canary, one place at a time, as a
text and as a name of a field. Whatever a parser and the processor make of it, nobody reads the
canary in a reason, a code or a log. The places of the event's own id and type are left out: those
are what an operator looks an event up by.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from shared.domain.errors import Quarantined
from shared.providers.catalogue import PROVIDERS
from tests.contracts.provider_lives import Letter
from tests.contracts.test_fuzz import CONTRACTS, WITH_DOOR, letters, places
from tests.support.shop import Shop

CANARY = "canary.jane@example.com"
# What names an event, in every provider's words; ActiveCampaign's and PayKickstart's have a type.
_NAMES_EVENT = ("id", "event_id", "type", "event_type", "event", "fetched")
_MOST = 250


def _with_canaries(letter: Letter) -> Iterator[Letter]:
    try:
        thing = json.loads(letter.body)
    except ValueError:
        fields = parse_qsl(letter.body.decode(), keep_blank_values=True)
        for number, (name, _) in enumerate(fields):
            if name not in _NAMES_EVENT:
                told = [*fields[:number], (name, CANARY), *fields[number + 1 :]]
                yield Letter(urlencode(told).encode(), letter.headers)
        return
    for *way, last in places(thing):
        if not way and last in _NAMES_EVENT:
            continue
        changed = copy.deepcopy(thing)
        at: Any = changed
        for step in way:
            at = at[step]
        at[last] = {CANARY: CANARY} if isinstance(at[last], dict | list) else CANARY
        yield Letter(json.dumps(changed).encode(), letter.headers)


def _all_with_canaries(provider: str) -> list[Letter]:
    return [changed for letter in letters(provider) for changed in _with_canaries(letter)]


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_reason_of_a_refusal_does_not_quote_the_event(provider: str) -> None:
    reasons = set()
    for letter in _all_with_canaries(provider):
        try:
            PROVIDERS[provider].parse(letter.body, letter.headers)
        except Quarantined as refusal:
            reasons.add(f"{refusal.code} {refusal!r}")

    assert reasons
    assert "canary" not in "".join(reasons)


@pytest.mark.parametrize("provider", WITH_DOOR)
def test_nothing_of_an_event_is_in_what_is_logged_or_kept_of_its_refusal(
    provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert CONTRACTS[provider].door is not None
    shop = Shop(provider=provider, has_api=True)

    told = _all_with_canaries(provider)
    for letter in told[:: max(len(told) // _MOST, 1)]:
        shop.receive(letter.body, headers=letter.headers)

    said = capsys.readouterr()
    assert "canary" not in said.out + said.err
    rows = shop.quarantined()
    assert rows
    for row in rows:
        assert "canary" not in f"{row['code']} {row['reason']}"
