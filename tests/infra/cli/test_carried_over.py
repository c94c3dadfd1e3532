"""What the table in use still has to give to the restored one: deliveries, refusals, events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.manage.runs import stop_run
from infra.cli import carried_over
from infra.cli.rebuild_log import as_streamed
from infra.cli.restored_table import Tables
from infra.cli.running import Running
from infra.samples.paypal_world import World
from shared.adapters.documents import to_document
from shared.adapters.table import event_of
from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.timeline import Entry
from tests.fakes.memory_store import MemoryStore
from tests.support.automated import add_firing, add_run
from tests.support.restoring import AT, delivery, deployed, event, new_table, put
from tests.support.shop import Shop


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with deployed(monkeypatch) as found:
        yield found


def test_what_was_sent_and_what_nobody_accepted_is_carried_over_unless_newer(
    running: Running,
) -> None:
    Tables(running.aws, sleep=lambda _: None).make("table", "new", at=AT, backup=None)
    row = {"version": 1, "id": "q", "headers": {}}
    for name, document in (
        delivery("missing", 1),
        delivery("older", 3),
        delivery("newer", 1),
        (("mail", "m"), {"version": 1, "state": "sent"}),
        (("quarantine", "q"), row),
        event("evt_1", 1),
    ):
        put(running, name, document)
    put(running, *delivery("older", 2), table="new")
    put(running, *delivery("newer", 2), table="new")

    first = carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))
    again = carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))

    assert (first, again) == (4, 0)
    found: Any = running.aws.dynamodb.scan(TableName="new")["Items"]
    assert {(item["pk"]["S"], item["v"]["N"]) for item in found} == {
        ("DELIVERY#missing", "1"),
        ("DELIVERY#older", "3"),
        ("DELIVERY#newer", "2"),
        ("MAIL#m", "1"),
        ("QUARANTINE", "1"),
    }


def test_the_events_that_are_missing_are_told_in_the_order_they_came(running: Running) -> None:
    target = MemoryStore()
    put(running, *event("late", 3))
    put(running, *event("early", 1))
    put(running, *event("large", 2, body_key="shop/abc"))
    name, known = event("known", 1)
    put(running, name, known)
    target.documents[name] = known
    erased = event("erased", 2)
    del erased[1]["body"]
    put(running, *erased)

    found = carried_over.since(running.aws, "table", target)

    assert [name[2] for name, _ in found.missing] == ["early", "large", "late"]
    assert [item["pk"]["S"] for item in found.bare] == ["EVENT#shop#erased#charge.succeeded"]


def test_what_is_told_again_of_one_customer_stays_in_order(running: Running) -> None:
    put(running, *event("evt_1", 1))
    put(running, *event("evt_2", 2))
    head = {"version": 1, "customer_id": "cus_1", "shown": False, "facets": {}}
    put(running, ("order", "shop", "in_1"), head)
    entry = Entry(1, 1, "evt_1", "charge.succeeded", 1, {})
    put(running, ("entry", "order", "shop", "in_1", entry.key), {"version": 1, "entry": entry})

    found = carried_over.since(running.aws, "table", MemoryStore())

    assert found.subjects == {("event", "shop", "evt_1", "charge.succeeded"): "cus_1"}


@pytest.mark.parametrize("source", ["live", "history", "fetched"])
def test_an_event_travels_again_as_its_door_sent_it(source: str) -> None:
    name, document = event("evt_1", AT, source=source, body=b'{"id":"evt_1"}')

    envelope = read_message(carried_over.envelope_of(name, document, "cus_1").to_message())

    assert isinstance(envelope, EventEnvelope)
    assert (envelope.source, envelope.body()) == (source, b'{"id":"evt_1"}')
    assert (envelope.received_at, envelope.subject, envelope.headers) == (
        AT,
        "cus_1",
        {"stripe-signature": "t=1"},
    )


def test_what_is_there_already_is_only_looked_at(running: Running) -> None:
    Tables(running.aws, sleep=lambda _: None).make("table", "new", at=AT, backup=None)
    for number in range(250):
        put(running, *delivery(f"sent-{number}", 1))
    carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))
    calls: list[str] = []
    running.aws.dynamodb.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.append(model.name)
    )

    again = carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))

    assert (again, calls) == (0, ["Scan", "BatchGetItem", "BatchGetItem", "BatchGetItem"])


def test_a_run_that_somebody_has_stopped_stays_stopped(running: Running) -> None:
    """Where the backup has it on its way, and where the events since would begin it anew."""
    store, documents = MemoryStore(), {}
    for number, state in enumerate(["running", "waiting", "running"]):
        run_id = add_firing(store, "welcome", number)
        add_run(store, "welcome", number, state=state)
        documents[number] = run_id
    for number in (0, 1):
        stop_run(documents[number], store=store, now=AT)
    for name, document in store.documents.items():
        put(running, name, document)
    new_table(running.aws, "new")

    carried = carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))

    stopped = {documents[0], documents[1]}
    found: Any = running.aws.dynamodb.scan(TableName="new")["Items"]
    keys = {(item["pk"]["S"], item["sk"]["S"]) for item in found}
    runs = {(f"RUN#{each}", "RUN") for each in stopped}
    assert (carried, keys) == (4, runs | {("FIRINGS#welcome", each) for each in stopped})


def test_who_wants_no_emails_any_more_gets_none_of_the_restored_table(running: Running) -> None:
    ada = {"version": 4, "contact_id": "c1", "email": "ada@example.com", "tags": ["now"]}
    put(running, ("contact", "c1"), {**ada, "unsubscribed_date": AT})
    put(running, ("contact", "c2"), {**ada, "unsubscribed_date": AT})
    put(running, ("contact", "c3"), ada)
    new_table(running.aws, "new")
    put(running, ("contact", "c1"), {**ada, "version": 2, "tags": ["then"]}, table="new")
    put(running, ("contact", "c3"), {**ada, "version": 2}, table="new")

    carried = [
        carried_over.carry(running.aws, "new", carried_over.kept(running.aws, "table"))
        for _ in range(2)
    ]

    found: Any = running.aws.dynamodb.scan(TableName="new")["Items"]
    told = {item["pk"]["S"]: to_document(as_streamed(item)) for item in found}
    assert carried == [1, 0]
    assert told == {
        "CONTACT#c1": {**ada, "version": 3, "tags": ["then"], "unsubscribed_date": AT},
        "CONTACT#c3": {**ada, "version": 2},
    }


def test_an_event_of_somebody_erased_stays_known(running: Running) -> None:
    """Else its provider, asked to send it again, brings them back, and an audit misses it."""
    name, erased = event("erased", 2)
    del erased["body"]
    put(running, name, erased)
    new_table(running.aws, "new")

    found = carried_over.since(running.aws, "table", MemoryStore())
    carried = [carried_over.carry(running.aws, "new", found.bare) for _ in range(2)]

    assert carried == [1, 0]
    (item,) = running.aws.dynamodb.scan(TableName="new")["Items"]
    assert event_of(as_streamed(item)) == (name, {**erased, "version": 1})


def test_what_paypal_has_confirmed_since_counts_again_and_is_known_by_both_its_texts(
    running: Running,
) -> None:
    """The restored moment may lie before it came, or while it waited for its confirmation."""
    world = World("restored")
    it = world.subscribe(world.buyer(), world.plan())
    world.activate(it)
    world.renew(it)
    sale = world.events[-1]
    lived, backup = Shop(provider="paypal", has_api=True), Shop(provider="paypal", has_api=True)
    for shop in (lived, backup):
        shop.receive(sale.body, headers={"paypal-transmission-id": "t-1"})
    answer = json.dumps({**json.loads(sale.body), "create_time": "2026-11-02T00:00:00Z"}).encode()
    lived.receive(answer, source="fetched")
    (name,) = [each for each in lived.memory.documents if each[0] == "event"]
    put(running, name, lived.memory.documents[name])
    empty = Shop(provider="paypal", has_api=True)

    for shop in (backup, empty):
        (missing,) = carried_over.since(running.aws, "table", shop.memory).missing
        carried_over.await_answer(*missing, shop.memory)
        assert carried_over.since(running.aws, "table", shop.memory).missing == [missing]
        sent = carried_over.envelope_of(*missing, None)
        outcome = shop.receive(sent.body() or b"", source=sent.source)
        again = shop.receive(sale.body, headers={"paypal-transmission-id": "t-2"})

        assert (sent.source, outcome, again) == ("fetched", "applied", "duplicate")
        assert shop.orders() == lived.orders()
        assert shop.quarantined() == []
        assert carried_over.since(running.aws, "table", shop.memory).missing == []
        marker = shop.memory.documents[name]
        known = lived.memory.documents[name]
        assert [marker[key] for key in ("digest", "confirmed")] == [
            known[key] for key in ("digest", "confirmed")
        ]
