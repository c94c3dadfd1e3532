"""Write back to a contact source how recurring payments and tags stand here by now.

A call names what may have changed. How it stands is read when it is sent, and read again after
that: what has changed meanwhile is sent once more. So of several calls under way at once the last
to end has told the newest state, in whatever order they came and however often.

What may pass is raised, for the queue to try again. What is refused for good is told to the caller
and on the connection, and the others of the call are written all the same. A token that is refused
is both: it waits, and the connection shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain import recurring_payments, rendering, times, write_back
from shared.domain.errors import Contended, Quarantined, Retryable
from shared.domain.ports import Document, Name, Reads, Write, Writes
from shared.domain.records import RECURRING_PAYMENT
from shared.domain.write_back import PAYMENTS
from shared.providers.activecampaign_records import mutation, recurring_payment_input
from shared.providers.api_calls import KeyRefused

# How often what has changed meanwhile is sent once more.
_ROUNDS = 4
# A connection that is refused all the time is written once in such a while (ms).
_TOLD_EVERY = times.HOUR

Json = Mapping[str, Any]


class Store(Reads, Writes, Protocol):
    """Where records, contacts and connections lie."""


class Secrets(Protocol):
    """Where a connection's API key lies."""

    def read(self, connection_id: str, now: float) -> Json | None:
        """Return the connection's secrets, None where there is no such connection."""


class Client(Protocol):
    """An account's API, to write to."""

    def upsert_recurring_payments(self, body: bytes) -> None:
        """Have the recurring payments of a mutation taken over. Raise Retryable, Quarantined."""

    def change_tags(self, email: str, wanted: Mapping[str, bool]) -> None:
        """Give or take an address's tags. Raise Retryable, Quarantined."""


class ClientOf(Protocol):
    """Builds the client from what a connection keeps under `api`."""

    def __call__(self, **credentials: str) -> Client:
        """Return the client."""


@dataclass(slots=True)
class Report:
    """What became of a call: how many were written, left out on purpose, or refused."""

    call: Json
    outcome: str = "written"
    written: int = 0
    left_out: int = 0
    refused: int = 0

    def about(self) -> dict[str, Any]:
        """Return what may be logged: ids, codes and counts."""
        named = {name: self.call.get(name) for name in ("connection_id", "provider", "id")}
        counts = {"written": self.written, "left_out": self.left_out, "refused": self.refused}
        return {"outcome": self.outcome, **named, **counts}

    def refuse(self, error: Quarantined) -> None:
        """Count one that was refused for good."""
        self.refused += 1
        self.outcome = error.code


def carry_out(
    call: Json,
    *,
    store: Store,
    secrets: Secrets,
    client_of: ClientOf,
    now: int,
    monotonic: float,
) -> Report:
    """Carry out one call to write back; `now` is in ms. Raise Retryable where it may help."""
    report = Report(call)
    name: Name = ("connection", call["connection_id"])
    target = store.read([name])[name]
    wanted = write_back.options(target)
    if target is None or not wanted.get(call["id"]):
        report.outcome = "write_back_off"
        return report
    held = secrets.read(call["connection_id"], monotonic)
    credentials = None if held is None or held.get("disabled") else held.get("api")
    if not credentials:
        report.outcome = "no_api_key"
    else:
        try:
            _write(call, store, client_of(**credentials), wanted, report)
        except KeyRefused:
            report.outcome = "token_refused"
            _tell(target, report, store, now)
            raise
    _tell(target, report, store, now)
    return report


def _write(call: Json, store: Store, client: Client, wanted: Json, report: Report) -> None:
    if call["id"] == PAYMENTS:
        _Payments(store, client, wanted["legacy_connection_id"], report).write(call["payments"])
    else:
        _tags(store, client, call["contacts"], report)


class _Payments:
    """Recurring payments on their way to one account."""

    def __init__(self, store: Store, client: Client, legacy: int, report: Report) -> None:
        self._store = store
        self._client = client
        self._legacy = legacy
        self._report = report

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write these recurring payments, `[connection, id, silently]` each."""
        silent: dict[Name, bool] = {(RECURRING_PAYMENT, one, it): quiet for one, it, quiet in rows}
        waiting = list(silent)
        for _ in range(_ROUNDS):
            heads = self._heads(waiting)
            self._send(heads, silent)
            after = self._store.read(heads)
            waiting = [
                name for name, head in heads.items() if _version(after[name]) != _version(head)
            ]
            if not waiting:
                return
        raise Retryable("recurring payments keep changing while they are written back")

    def _heads(self, names: Sequence[Name]) -> dict[Name, Document]:
        """Return the records that are to be told of, as they stand; the others are left out."""
        stores: list[Name] = [("connection", each[1]) for each in names]
        found = self._store.read([*names, *dict.fromkeys(stores)])
        heads: dict[Name, Document] = {}
        for name in names:
            head = found[name]
            told = head is not None and head.get("shown") and not head.get("mirror_of")
            matched = head is not None and head.get("contact_id")
            if head and told and matched and write_back.may_tell(found["connection", name[1]]):
                heads[name] = {**head, "provider": (found["connection", name[1]] or {})["provider"]}
            else:
                self._report.left_out += 1
        return heads

    def _send(self, heads: Mapping[Name, Document], silent: Mapping[Name, bool]) -> None:
        inputs = self._inputs(heads, silent)
        if not inputs:
            return
        try:
            self._client.upsert_recurring_payments(mutation(inputs))
            self._report.written += len(inputs)
        except Quarantined as error:
            if len(inputs) == 1:
                self._report.refuse(error)
                return
            # One that is refused must not take the others along.
            for each in inputs:
                self._alone(each)

    def _alone(self, one: Json) -> None:
        try:
            self._client.upsert_recurring_payments(mutation([one]))
            self._report.written += 1
        except Quarantined as error:
            self._report.refuse(error)

    def _inputs(
        self, heads: Mapping[Name, Document], silent: Mapping[Name, bool]
    ) -> list[dict[str, Any]]:
        """Return the records in the account's own words."""
        views = {name: recurring_payments.show(head["facets"]) for name, head in heads.items()}
        wanted: list[Name] = [("contact", head["contact_id"]) for head in heads.values()]
        for name, view in views.items():
            wanted += rendering.goods_of(name[1], view) if view else []
        found = self._store.read(dict.fromkeys(wanted)) if wanted else {}
        inputs = []
        for name, head in heads.items():
            view, contact = views[name], found["contact", head["contact_id"]]
            if view is None or contact is None:  # it is just going
                self._report.left_out += 1
                continue
            inputs.append(
                recurring_payment_input(
                    rendering.joined(name, head, view, found),
                    email=contact["email"],
                    provider=head["provider"],
                    legacy_connection_id=self._legacy,
                    suppress=silent[name],
                )
            )
        return inputs


def _tags(store: Store, client: Client, rows: Iterable[Sequence[Any]], report: Report) -> None:
    """Write the tags of contacts, `[contact, [tags that may have changed]]` each."""
    for contact_id, tags in rows:
        try:
            written = _contact_tags(store, client, contact_id, tags)
        except Quarantined as error:
            report.refuse(error)
            continue
        report.written += written
        report.left_out += not written


def _contact_tags(store: Store, client: Client, contact_id: str, tags: Sequence[str]) -> bool:
    """Write one contact's tags; False where there is no such contact any more."""
    name: Name = ("contact", contact_id)
    contact = store.read([name])[name]
    for _ in range(_ROUNDS):
        if contact is None:
            return False
        wanted = _held(contact, tags)
        client.change_tags(contact["email"], wanted)
        contact = store.read([name])[name]
        if contact is None or _held(contact, tags) == wanted:
            return True
    raise Retryable("a contact's tags keep changing while they are written back")


def _held(contact: Document, tags: Iterable[str]) -> dict[str, bool]:
    held = {each["tag"] for each in contact["tags"]}
    return {tag: tag in held for tag in tags}


def _version(head: Document | None) -> int:
    return int(head["version"]) if head is not None else 0


def _tell(target: Document, report: Report, store: Store, now: int) -> None:
    """Have the connection show that it is refused, or is so no longer; as far as that goes."""
    known = target.get("write_back_error")
    error = None if report.outcome == "written" else {"code": report.outcome, "date": now}
    if error is None and known is None:
        return
    if known and error and known["code"] == error["code"] and now - known["date"] < _TOLD_EVERY:
        return
    name: Name = ("connection", target["connection_id"])
    document = {**target, "write_back_error": error, "version": target["version"] + 1}
    try:
        store.commit([Write(name, document, target["version"])])
    except Contended:
        # Somebody is just changing the connection; the next call tells it.
        return
