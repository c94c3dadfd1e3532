"""The import of a big account from its stand-in, in one process: killed on the way, or left alone.

Everything is real but Stripe and AWS: the client and its pages, the messages, the folds, the jobs.
Live events come in between, some of them older than what history tells. What it comes to is a
digest of all records and contacts, so that two imports can be compared without keeping either.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from shared.domain import orders
from shared.domain.people import to_json
from shared.domain.ports import Missing, Name, Reading
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from shared.domain.timeline import Entry, View
from tests.support.history import HistoryShop
from tests.support.sqlite_store import SqliteStore
from tests.support.stripe_answers import StripeAnswers
from tests.support.stripe_big import BigBusiness, Expected
from tests.support.stripe_history import client

# One customer in so many does something while the import runs.
_LIVE_EVERY = 40
# Of a contact, what depends on who told of them first.
_OF_ARRIVAL = ("contact_id", "created_date")


@dataclass
class Outcome:
    """What an import came to, and what it took; times in seconds of this process."""

    objects: int
    imported: int = 0
    rejected: int = 0
    status: str = ""
    pages: int = 0
    killed: int = 0
    live: int = 0
    live_seconds: float = 0.0
    seconds: float = 0.0
    fires: int = 0
    orders: int = 0
    active: int = 0
    net: int = 0
    digests: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return it as a line for another process."""
        return json.dumps(asdict(self))

    def expected(self) -> Expected:
        """Return what the account itself can be asked to agree with."""
        return Expected(self.orders, self.active, self.net)


class _Timed(httpx.BaseTransport):
    """The stand-in, with the time it takes to answer, which is not the import's."""

    def __init__(self, answers: StripeAnswers) -> None:
        self._answers = answers.transport
        self.spent = 0.0
        self.on_request: Callable[[], None] = lambda: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        began = time.process_time()
        response = self._answers.handle_request(request)
        self.spent += time.process_time() - began
        self.on_request()
        return response


def run(objects: int, folder: Path, *, kills: int = 0) -> Outcome:
    """Import an account of so many objects into a store in `folder`; kill it so often meanwhile."""
    account = BigBusiness(objects)
    answers = StripeAnswers(account, logs=False)
    answers.refuse(429, retry_after="1")
    answers.refuse(500)
    timed = _Timed(answers)
    with closing(SqliteStore(folder / f"records-{kills}.sqlite")) as store:
        shop = HistoryShop(client(timed), store=store)
        store.before_commit = shop.tick
        timed.on_request = partial(_pass_a_second, shop)
        outcome = Outcome(account.objects)
        _disturb(shop, account, outcome, kills)
        shop.start()
        began = time.process_time()
        shop.run()
        outcome.seconds = time.process_time() - began - timed.spent - outcome.live_seconds
        _tell(outcome, shop, store)
    return outcome


def _pass_a_second(shop: HistoryShop) -> None:
    """Have the next page fetched a second later, as it is."""
    shop.fetched_at += 1_000


def _disturb(shop: HistoryShop, account: BigBusiness, outcome: Outcome, kills: int) -> None:
    """Kill the import evenly often, bring some messages twice, and have live events in between.

    An import has about as many steps as objects. Where it is killed the live events come later by
    a few, so that no two imports see them at the same moments.
    """
    live = list(account.live(_LIVE_EVERY))
    waiting: Iterator[bytes] = iter(live)
    gap = max(account.objects // (len(live) + 1), 1)
    shop.kills = {account.objects * (n + 1) // (kills + 1) for n in range(kills)}
    shop.doubles = 0.05 if kills else 0.0

    def step(number: int) -> None:
        body = next(waiting, None) if (number + kills) % gap == 0 else None
        if body is not None:
            began = time.process_time()
            shop.receive(body)
            outcome.live_seconds += time.process_time() - began
            outcome.live += 1

    shop.on_step = step


def _tell(outcome: Outcome, shop: HistoryShop, store: SqliteStore) -> None:
    """Sum up and digest what was recorded."""
    outcome.imported, outcome.rejected = shop.job["imported"], shop.job["rejected"]
    outcome.status, outcome.pages = shop.progress["status"], shop.job["pages"]
    outcome.killed = sum(step <= shop.steps for step in shop.kills)
    emails = {name[1]: contact["email"] for name, contact in store.all_of("contact")}
    people = (_without_arrival(contact) for _, contact in store.all_of("contact"))
    # A customer's former address has made a contact only if it was heard before the new one.
    told = sorted(_canonical(each) for each in people if each["customer_since"] is not None)
    outcome.digests["contact"] = sha256("\n".join(told).encode()).hexdigest()
    for kind in (RECURRING_PAYMENT, ORDER):
        digest = sha256()
        for name, head in store.all_of(kind):
            view = _view(store, name)
            if view is None:
                continue
            outcome.orders += kind == ORDER
            outcome.active += view.get("status") == "active"
            outcome.net += orders.net(view) if kind == ORDER else 0
            owner = emails.get(str(head.get("contact_id")))
            digest.update(_canonical([name, view, owner]).encode())
        outcome.digests[kind] = digest.hexdigest()
    outcome.fires = sum(_may_fire(document["entry"]) for _, document in store.all_of("entry"))


def _view(store: SqliteStore, name: Name) -> View | None:
    reading = Reading()
    reading.load(store, Missing([name]))
    return Record(name, reading, lambda *_: False, 0).view


def _may_fire(entry: Entry) -> bool:
    return entry.event_type.startswith("fetched.") and not entry.historical


def _without_arrival(contact: Any) -> dict[str, Any]:
    return {name: each for name, each in to_json(contact).items() if name not in _OF_ARRIVAL}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
