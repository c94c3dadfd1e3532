"""The whole way of what is written back, in memory: a shop's events in, an account written to.

shop's events ─> records ─> stream ─> calls ─> the account ─> its webhooks ─> contacts
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.call_providers import write_back
from functions.call_providers.write_back import Report
from functions.fire_triggers.read_stream import Stream
from functions.fire_triggers.write_back import WriteBack
from functions.manage.contacts import put_contact
from infra.samples.activecampaign import Person, webhook, written
from shared.adapters.table import change_of, retagged_of
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.happening import Happening
from shared.domain.envelope import EventEnvelope
from shared.providers import activecampaign
from tests.laws import words
from tests.support.activecampaign_account import WrittenAccount
from tests.support.shop import Shop
from tests.support.stream import StreamingStore

ADA = "ada@example.com"
EVERYTHING = {"recurring_payments": True, "tags": True, "legacy_connection_id": 7}


class _NoAutomations:
    """Fires nothing."""

    def change(self, happening: Happening, now: int) -> list[str]:
        return []


class House:
    """A Stripe shop, `shop`, and an ActiveCampaign account, `crm`, that is written to."""

    def __init__(
        self, options: Mapping[str, Any] = EVERYTHING, **others: Mapping[str, Any]
    ) -> None:
        """`others` are connections beside these two, or what `shop` differs in."""
        self.store = StreamingStore()
        crm = {"provider": "activecampaign", "has_api": True, "write_back": dict(options)}
        self.shop = Shop(store=self.store, connections={"crm": crm, **others})
        self.account = WrittenAccount()
        self.api = self.account.client()
        self.secrets: dict[str, Any] | None = {"api": {"url": "u", "token": "t"}}
        self.calls: list[dict[str, Any]] = []
        self.send: Callable[[], None] = lambda: None
        self.lines: list[dict[str, Any]] = []
        self._seen = 0
        self._stream = self._reader()

    def _reader(self) -> Stream:
        configuration = Configuration(self.store, 60, local=True, log=self._log)
        noticed = WriteBack(configuration=configuration, queue=self, url="calls")
        return Stream(
            fire=_NoAutomations(),
            read=change_of,
            read_note=retagged_of,
            write_back=noticed,
            log=self._log,
            count=self._log,
        )

    # What the product calls.

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        assert (url, len(calls) <= 10) == ("calls", True)
        self.send()
        self.calls += [json.loads(json.dumps(call)) for call, _ in calls]

    def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
        assert (connection_id, now) == ("crm", 5.0)
        return self.secrets

    def client_of(self, **credentials: str) -> Any:
        assert credentials == {"url": "u", "token": "t"}
        return self.api

    def _log(self, event: str, **fields: object) -> None:
        self.lines.append({"event": event, **fields})

    # What happens.

    def subscribe(self, number: str = "1", email: str = ADA, source: str = "live") -> None:
        """Have a customer subscribe."""
        self.shop.hear(words.customer(number, 0, email), source=source)
        born = words.subscription(number, 1, creation=True, customer=f"cus_{number}")
        self.shop.hear(born, source=source)

    def change(self, number: str = "1", at: int = 9, status: str = "paused") -> None:
        """Have a subscription change."""
        changed = words.subscription(number, at, status, was="active", customer=f"cus_{number}")
        self.shop.hear(changed)

    def put_contact(self, **values: Any) -> None:
        """Change Ada, or another contact, as the API does."""
        put_contact(
            {"email": ADA, **values},
            store=self.store,
            jobs=_NoJobs(),
            now=self.shop.now,
            new_id=lambda: "contact-by-hand",
        )

    def hear(self, kind: str, after: int, tag: str = "VIP", email: str = ADA) -> None:
        """Have the account tell of a contact after so many ms, and give what is asked then."""
        person = Person(int(self.account.contacts[email]), email)
        moment = self.shop.now + after
        self._receive(webhook(kind, person, moment, tag=tag), "live", moment)
        for call in [dict(each) for each in self.shop.outbox.calls]:
            tags = [
                {"name": each, "cdate": written(moment)} for each in self.account.tags_of(email)
            ]
            found = {"contacts": [{"id": call["id"], "email": email, "tags": tags}]}
            self._receive(activecampaign.fetched(call, found, moment)[1], "fetched", moment)
        self.shop.outbox.calls.clear()

    def _receive(self, body: bytes, source: str, now: int) -> None:
        envelope = EventEnvelope(
            provider="activecampaign",
            connection_id="crm",
            received_at=now,
            body=body,
            source=source,
        )
        self.shop.process(envelope, now)

    def notice(self) -> dict[str, Any]:
        """Hand the stream's reader what was written since it last read."""
        batch = self.store.stream[self._seen :]
        answer = self._stream.handle(batch, self.shop.now)
        failed = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
        self._seen = int(failed[0]) - 1 if failed else len(self.store.stream)
        return answer

    def work(self) -> list[Report]:
        """Notice what is new, and carry out the calls."""
        self.notice()
        calls, self.calls = self.calls, []
        return [self.carry_out(call) for call in calls]

    def carry_out(self, call: Mapping[str, Any]) -> Report:
        """Carry out one call."""
        return write_back.carry_out(
            call,
            store=self.store,
            secrets=self,
            client_of=self.client_of,
            now=self.shop.now,
            monotonic=5.0,
        )

    def contact(self, email: str = ADA) -> dict[str, Any]:
        """Return a contact as it is stored."""
        claim = self.store.documents["email", email]
        return self.store.documents["contact", claim["contact_id"]]

    def connection(self) -> dict[str, Any]:
        """Return the account's connection as it is stored."""
        return self.store.documents["connection", "crm"]


class _NoJobs:
    """Nothing waits for anybody here."""

    def attach(self, email: str, contact_id: str) -> None:
        """Do nothing."""

    def attach_later(self, email: str) -> None:
        """Do nothing."""
