"""What must have fired, told from the story's own truth; and what observers outside have seen.

A second, small reading of automations: a trigger is looked at as the dict a person wrote, a change
as a passage of the story. Nothing here asks the product how it decides, and nothing is read out of
its records: receivers, the bus and the API's list of firings are all there is to see.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.automation_stories import Life, Tale
from tests.simulation.endpoint_servers import Received
from tests.simulation.fake_eventbridge import BusEvent

Passage = tuple[str, str]
CREATED: Passage = ("", "created")


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """That an automation has to act on what became of a subscription: its status, or `created`.

    What it was before is the trigger's question, and is not always known when it is first told.
    """

    automation: str
    subscription: str
    became: str


@dataclass
class Wanted:
    """Every fact that `multiple` automations act on, how often; and all that `once` ones may.

    `once` holds, for each automation and person, the facts one of which is acted on.
    """

    multiple: Counter[Fact]
    once: dict[tuple[str, str], set[Fact]]


def wanted(tale: Tale, automations: Mapping[str, Mapping[str, Any]]) -> Wanted:
    """Return what must fire in a tale."""
    found = Wanted(Counter(), defaultdict(set))
    for automation_id, body in automations.items():
        trigger = body["trigger"]
        for life in tale.lives:
            for passage in _matched(trigger, life):
                fact = Fact(automation_id, life.subscription, passage[1])
                if trigger.get("runs") == "once":
                    found.once[automation_id, life.email].add(fact)
                else:
                    found.multiple[fact] += 1
    return found


def _matched(trigger: Mapping[str, Any], life: Life) -> Iterator[Passage]:
    if trigger["type"] == "recurring_payment_created":
        # The simulated business sells in dollars: no other segment is asked about.
        segment = trigger.get("segment") or {"conditions": []}
        if all(each["value"] == "USD" for each in segment["conditions"]):
            yield CREATED
        return
    for before, after in life.passages:
        if trigger.get("from") in (None, before) and trigger.get("to") in (None, after):
            yield before, after


def faults_of(seen: Counter[Fact], expected: Wanted, people: Mapping[str, str]) -> Iterator[str]:
    """Yield, in words, what is missing among facts that were seen, and what is too much.

    `people` tells whose each subscription is.
    """
    once_facts = set().union(*expected.once.values())
    for fact in sorted(expected.multiple.keys() | (seen.keys() - once_facts)):
        if seen[fact] != expected.multiple[fact]:
            yield f"{fact} {seen[fact]} times, not {expected.multiple[fact]}"
    acted: Counter[tuple[str, str]] = Counter()
    for fact, count in seen.items():
        if fact in once_facts:
            acted[fact.automation, people[fact.subscription]] += count
    for key in sorted(expected.once):
        if acted[key] != 1:
            yield f"{key[0]} ran {acted[key]} times for {key[1]}, not once"


def facts_of_firings(firings: Iterable[Mapping[str, Any]]) -> Counter[Fact]:
    """Return what the API's firings say has been acted on."""
    return Counter(
        Fact(
            each["automation_id"],
            each["recurring_payment"]["store_recurring_payment_id"],
            _passage(each["change"]["kind"], each["change"]["changes"])[1],
        )
        for each in firings
    )


def facts_of_webhooks(requests: Iterable[Received]) -> Counter[Fact]:
    """Return what receivers were told; what comes again under its id is told once."""
    bodies = {each.message_id: each.body for each in requests}
    found: Counter[Fact] = Counter()
    for body in bodies.values():
        told = json.loads(body)
        data = told["data"]
        kind = told["type"].rpartition(".")[2]
        identity = data["recurring_payment"]["store_recurring_payment_id"]
        became = _passage(kind, data["changes"])[1]
        found[Fact(data["automation"]["id"], identity, became)] += 1
    return found


def passages_on_bus(events: Iterable[BusEvent]) -> dict[str, list[Passage]]:
    """Return what the bus told of each subscription's status, in order, repetitions left out."""
    told: dict[str, list[Passage]] = defaultdict(list)
    seen: set[str] = set()
    for event in events:
        detail = event.detail
        if not event.detail_type.startswith("recurring_payment.") or detail["id"] in seen:
            continue
        seen.add(detail["id"])
        kind = event.detail_type.rpartition(".")[2]
        passage = _passage(kind, detail["changes"])
        if passage != ("", ""):
            told[detail["store_recurring_payment_id"]].append(passage)
    return told


def _passage(kind: str, changes: Iterable[Mapping[str, Any]]) -> Passage:
    """Return what became of the status; nothing where something else changed."""
    if kind == "created":
        return CREATED
    for change in changes:
        if change["field"] == "status":
            return change["from"], change["to"]
    return "", ""
