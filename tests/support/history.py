"""An import of history in memory: manage starts it, calls are answered, pages are folded."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any

from functions.manage.history import start_history
from functions.process_events.ask_page import ask_page
from infra.samples.activecampaign import Account
from shared.domain import history_import
from shared.domain.ports import Document, Write
from shared.providers.activecampaign_api import ActiveCampaignApi
from tests.support.activecampaign_api import TOKEN, ActiveCampaignStandIn
from tests.support.shop import Shop

_ABOUT = {"history": dict(history_import.NONE), "created_date": 0}


class HistoryShop(Shop):
    """An ActiveCampaign connection `shop` with its account behind the API."""

    def __init__(self, account: Account, **about: Any) -> None:
        super().__init__(provider="activecampaign", **{"has_api": True, **about})
        name = ("connection", "shop")
        connection = dict(self.store.read([name])[name] or {})
        made = {**connection, **_ABOUT, "version": connection["version"] + 1}
        self.store.commit([Write(name, made, connection["version"])])
        self._jobs = itertools.count(1)
        self.account = account
        self.token = TOKEN
        self.messages_asked: list[Mapping[str, Any]] = []
        # Called with each event's body before it is folded; what it returns is folded.
        self.on_page: Callable[[bytes], list[bytes]] = lambda body: [body]
        self.stops_after: int | None = None

    def import_history(self, job: Document) -> None:
        """Put the first message on the queue, as `Outgoing` does."""
        self.messages_asked.append(history_import.message(job))

    def start(self) -> dict[str, Any]:
        """Start the import, as the route does."""
        return start_history(
            "shop",
            store=self.store,
            jobs=self,
            now=self.now,
            new_id=lambda: f"job-{next(self._jobs)}",
        )

    def ask(self) -> None:
        """Carry out the messages that begin or resume an import."""
        while self.messages_asked:
            message = self.messages_asked.pop(0)
            ask_page(message, store=self.store, ask=self.outbox.calls.append)

    def run(self) -> list[str]:
        """Answer calls until there are none; return the outcomes of the pages."""
        self.ask()
        outcomes: list[str] = []
        with self._api() as api:
            while self.outbox.calls and len(outcomes) != self.stops_after:
                call = self.outbox.calls.pop(0)
                found = api.fetch(str(call["object"]), str(call["id"]))
                assert found is not None
                _, body = api.event(call, found, self.now)
                outcomes += [self._fold(call, each) for each in self.on_page(body)]
        return outcomes

    def _fold(self, call: Mapping[str, Any], body: bytes) -> str:
        return self.receive(body, str(call["subject"]), source="fetched")

    @contextmanager
    def _api(self) -> Any:
        with ActiveCampaignStandIn(self.account) as stand_in:
            api = ActiveCampaignApi(stand_in.url, self.token, sleep=lambda _: None)
            yield api
            api.close()

    @property
    def progress(self) -> dict[str, Any]:
        """What the connection tells of its import."""
        name = ("connection", "shop")
        return dict((self.store.read([name])[name] or {})["history"])

    @property
    def job(self) -> dict[str, Any]:
        """The import's job."""
        return self.memory.documents["job", self.progress["job_id"]]
