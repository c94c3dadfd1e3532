"""An import of history against a provider that is busy, refuses, or tells only some totals."""

from __future__ import annotations

from typing import Any

from functions.process_events.process_batch import RECEIVES_MAX
from shared.domain.errors import Quarantined, Retryable
from tests.functions.process_events.desk import Desk, message
from tests.support.history import FakeApi, HistoryShop


class Speaker:
    """Makes events of objects that no parser can read."""

    def event(self, call: Any, found: Any, now: int) -> tuple[str, bytes]:
        return str(call["id"]), b"not json"


def nonsense(count: int = 3, **about: Any) -> HistoryShop:
    objects = [{"id": f"x{number}"} for number in range(count)]
    return HistoryShop(FakeApi({"things": objects}, Speaker(), **about))


def test_a_busy_provider_is_asked_again_and_in_the_end_told_of() -> None:
    shop = nonsense()
    assert isinstance(shop.api, FakeApi)
    shop.api.refuses = [Retryable("The provider is busy: 429")] * RECEIVES_MAX
    shop.start()
    shop.run()
    failed = shop.progress

    shop.start()
    shop.run()

    assert len(shop.api.asked) == RECEIVES_MAX + 2
    assert failed["status"] == "failed"
    assert failed["errors"] == [{"id": None, "message": "The provider is busy: 429"}]
    assert (shop.progress["status"], shop.progress["rejected"]) == ("ready", 3)


def test_a_refusal_on_the_way_leaves_what_is_done_and_is_gone_on_from() -> None:
    shop = nonsense(5)
    assert isinstance(shop.api, FakeApi)
    api = shop.api

    def refuse(step: int) -> None:
        if len(api.asked) == 1 and not api.refuses:
            api.refuses = [Quarantined("call_refused", "The key may not list things.")]

    shop.on_step = refuse
    shop.start()
    shop.run()
    failed, shop.on_step = shop.progress, lambda step: None
    shop.start()
    shop.run()

    assert (failed["status"], failed["pages"]) == ("failed", 1)
    assert [cursor for _, cursor, _ in api.asked] == ["", "2", "2", "4"]
    assert (shop.progress["status"], shop.progress["pages"]) == ("ready", 3)


def test_totals_and_an_estimate_are_told_as_far_as_the_provider_tells_them() -> None:
    told, silent = nonsense(5), nonsense(5, announces=False)
    seen: dict[bool, list[tuple[int, int | None, int | None]]] = {True: [], False: []}
    for shop, announces in ((told, True), (silent, False)):

        def note(step: int, shop: HistoryShop = shop, announces: bool = announces) -> None:
            shop._now += 1000
            now = shop.progress
            seen[announces].append((now["pages"], now["total"], now["estimate_seconds"]))

        shop.on_step = note
        shop.start()
        shop.run()

    assert {total for pages, total, _ in seen[True] if pages} == {5}
    assert all(left is not None and left > 0 for pages, _, left in seen[True] if pages == 1)
    assert {(total, left) for pages, total, left in seen[False] if pages == 1} == {(None, None)}
    assert (told.progress["total"], silent.progress["total"]) == (5, 5)
    assert told.progress["estimate_seconds"] is None


def test_an_import_from_a_date_on_asks_for_what_is_newer() -> None:
    shop = nonsense()
    assert isinstance(shop.api, FakeApi)

    shop.start(**{"from": "2024-01-01"})
    shop.run()

    assert {since for _, _, since in shop.api.asked} == {1_704_067_200_000}
    assert shop.progress["from"] == "2024-01-01T00:00:00.000Z"


def test_a_page_that_keeps_failing_fails_its_import_and_asking_again_fetches_it_anew() -> None:
    shop = nonsense(1)
    shop.start()
    while not shop.queues.pages:
        shop.step()
    text = shop.queues.pages.pop().text
    desk = Desk()
    desk.store.documents.update(shop.memory.documents)
    desk.store.full = {"quarantine"}

    failed = desk.handle(message("m", text, receives=RECEIVES_MAX - 1))
    told = desk.store.documents["job", "job-1"]
    shop.memory.documents = desk.store.documents
    shop.start()
    shop.run()

    assert failed == []
    assert len(desk.queues.parked) == 1
    assert (told["state"], told["failure"]) == (
        "failed", "Page 0 could not be processed: the table is throttled",
    )  # fmt: skip
    assert told["connection_id"] == "shop"
    assert (shop.progress["status"], shop.progress["rejected"]) == ("ready", 1)
