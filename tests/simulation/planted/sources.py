"""Bugs of what providers tell: their proofs, their APIs' answers, sales told twice, history."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any

import pytest

from functions.call_providers import fetch_object
from functions.call_providers.fetch_object import Answer
from functions.process_events.history_page import HistoryPages
from functions.process_events.verify_page import Verify
from shared.domain import verified, verify
from shared.domain.automations.happening import Happening
from shared.domain.errors import Retryable
from shared.domain.folding import Folding
from shared.domain.twins import Twins


def digests_not_compared(patch: pytest.MonkeyPatch) -> None:
    """Compare digests in a way that finds all of them equal."""
    patch.setattr(hmac, "compare_digest", lambda *_: True)


def unreachable_taken_for_gone(patch: pytest.MonkeyPatch) -> None:
    """Take an API that cannot be reached for one that has no such object."""
    fetch = fetch_object.fetch_object

    def careless(call: Any, **about: Any) -> Answer:
        try:
            return fetch(call, **about)
        except Retryable:
            return Answer("not_found", call)

    patch.setattr(fetch_object, "fetch_object", careless)


def twins_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    """Count a sale once for each of two connections that report it."""
    patch.setattr(Twins, "settle", lambda *_: None)


def gone_taken_for_unreachable(patch: pytest.MonkeyPatch) -> None:
    """Ask an API again and again for what it does not have."""
    fetch = fetch_object.fetch_object

    def stubborn(call: Any, **about: Any) -> Answer:
        answer = fetch(call, **about)
        if answer.outcome != "fetched":
            raise Retryable("it has to be there")
        return answer

    patch.setattr(fetch_object, "fetch_object", stubborn)


def page_read_in_part(patch: pytest.MonkeyPatch) -> None:
    """Stop at the first object of a page of history."""
    go_through = HistoryPages._go_through

    def first(self: HistoryPages, job: Any, page: Any, now: int) -> Any:
        return go_through(self, job, replace(page, events=page.events[:1]), now)

    patch.setattr(HistoryPages, "_go_through", first)


def repair_that_repairs_nothing(patch: pytest.MonkeyPatch) -> None:
    """Tell of what a repair has found, and leave it at that."""
    patch.setattr(Verify, "repair", lambda *_: None)


def alike_taken_for_different(patch: pytest.MonkeyPatch) -> None:
    """Tell of a difference where a verification has found none."""
    differences = verify.differences

    def suspicious(*arguments: Any) -> Any:
        return differences(*arguments) or [verify.not_ours("order", "made-up", "nobody has it")]

    patch.setattr(verify, "differences", suspicious)


def history_fires(patch: pytest.MonkeyPatch) -> None:
    """Fire for what an import tells of years ago as if it happened now."""
    begin = Happening.__post_init__

    def as_news(self: Happening) -> None:
        begin(self)
        object.__setattr__(self, "entry", replace(self.entry, historical=False))

    patch.setattr(Happening, "__post_init__", as_news)


def import_silences_for_good(patch: pytest.MonkeyPatch) -> None:
    """Take all for history that comes once a connection has been imported."""
    begin = Folding.__init__

    def silenced(self: Folding, *arguments: Any) -> None:
        begin(self, *arguments)
        self.silent = self.silent or bool(self.connection.get("history"))

    patch.setattr(Folding, "__init__", silenced)


def repaired_twice_told(patch: pytest.MonkeyPatch) -> None:
    """Tell what a verification has told once more, when its event comes after all."""
    patch.setattr(verified, "mark", lambda *_: None)
