"""Bugs of erasing a person: who comes back, what is left behind, and what goes that should stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from functions.process_events.erase import Erase
from functions.process_events.erase_items import EraseItems
from shared.domain import erase_job, erasing_records, erasure, late_words, newcomers
from shared.domain.errors import Quarantined
from shared.domain.folding import Arrival, Folding
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Name, Write


def late_events_bring_back(patch: pytest.MonkeyPatch) -> None:
    """Fold an event of before the erasure as if nobody had been erased since."""
    patch.setattr(late_words, "of", lambda *_: None)


def pages_sent_on_once(patch: pytest.MonkeyPatch) -> None:
    """Send an erasure's next page on after its page alone: a crash in between ends it."""

    def carry_out(self: Erase, message: Mapping[str, Any], now: int) -> str:
        job = self._job(message, now)
        if job["state"] in erase_job.ENDED or job["page"] != message["page"]:
            return "ignored"
        following = self._page(job, now)
        if following["state"] not in erase_job.ENDED:
            wait = self._wait_seconds if erase_job.is_delayed(following) else 0
            self._send(erase_job.message(following), wait)
        return "applied"

    patch.setattr(Erase, "carry_out", carry_out)


def records_erased_alone(patch: pytest.MonkeyPatch) -> None:
    """Erase what an index knows of a person, and nothing that only a look at all would find."""
    advanced = erase_job.advanced

    def early(job: Document, **about: Any) -> dict[str, Any]:
        following = advanced(job, **about)
        if following["phase"] == erase_job.TABLE:
            following |= {"state": "done", "ids": []}
        return following

    patch.setattr(erase_job, "advanced", early)


def money_erased_too(patch: pytest.MonkeyPatch) -> None:
    """Leave of a person's records nothing, not even what was earned with them."""
    bared = erasing_records.bared

    def emptied(*arguments: Any) -> Any:
        for commit in bared(*arguments):
            *rest, last = commit
            document = getattr(last, "document", None)
            if document and "facets" in document:
                last = Write(last.name, {**document, "facets": {}}, last.expected)
            yield [*rest, last]

    patch.setattr(erasing_records, "bared", emptied)


def neighbours_erased_too(patch: pytest.MonkeyPatch) -> None:
    """Take every contact that an erasure comes by for the one that is erased."""
    item = EraseItems.item

    def any_contact(self: EraseItems, name: Name, document: Document) -> None:
        item(self, name, document)
        if name[0] == "contact":
            self._store.commit([Write(name, None, document["version"])])

    patch.setattr(EraseItems, "item", any_contact)


def who_comes_again_is_known(patch: pytest.MonkeyPatch) -> None:
    """Give who comes again the id they had: all that was kept under it is theirs once more."""
    make = newcomers.make

    def revived(folding: Folding, email: str, since: int) -> str:
        mark = folding.get(erasure.name_of(erasure.hash_of(email)))
        fresh = folding.new_id
        if mark is not None and mark["contact_id"] is not None:
            folding.new_id = lambda: str(mark["contact_id"])
        try:
            return make(folding, email, since)
        finally:
            folding.new_id = fresh

    patch.setattr(newcomers, "make", revived)


def late_words_refused(patch: pytest.MonkeyPatch) -> None:
    """Refuse what says nothing but who a person was, once that person is erased."""
    of = late_words.of

    def refused(arrival: Arrival, parsed: Parsed, *about: Any) -> Any:
        found = of(arrival, parsed, *about)
        if found is not None and not (parsed.orders or parsed.subscriptions):
            raise Quarantined("late_words", "it tells of somebody who is erased")
        return found

    patch.setattr(late_words, "of", refused)


def a_page_too_many(patch: pytest.MonkeyPatch) -> None:
    """Send on, once all pages are done, a message that nobody can carry out."""
    carry_out = Erase.carry_out

    def on_and_on(self: Erase, message: Mapping[str, Any], now: int) -> str:
        outcome = carry_out(self, message, now)
        if outcome == "applied" and self._job(message, now)["state"] in erase_job.ENDED:
            self._send({**message, "job": "forget_page"}, 0)
        return outcome

    patch.setattr(Erase, "carry_out", on_and_on)
