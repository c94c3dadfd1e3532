"""Rotating an endpoint's secret while others rotate, write or remove it: none shown gets lost."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from functions.manage.endpoints import delete_endpoint, put_endpoint
from functions.manage.rotation import rotate_secret
from shared.domain import standard_webhooks
from shared.domain.errors import Conflict, NotFound, Retryable
from shared.domain.ports import Check, Write
from shared.domain.times import DAY, MINUTE
from tests.fakes.memory_store import MemoryStore
from tests.support.api_client import NOW, MemorySecrets

MOMENTS = ["reading", "read", "writing", "written", "committing", "committed"]
Act = Callable[[], None]


class Interrupted:
    """Lets somebody else act once, at one moment of whoever comes first."""

    def __init__(self) -> None:
        self.moment = ""
        self.act: Act = lambda: None

    def others(self, moment: str) -> None:
        if moment == self.moment:
            self.moment = ""
            self.act()


class Secrets(MemorySecrets):
    """Secrets between whose operations others may come."""

    def __init__(self, interrupted: Interrupted) -> None:
        super().__init__()
        self._interrupted = interrupted

    def read(self, connection_id: str) -> dict[str, Any] | None:
        self._interrupted.others("reading")
        found = super().read(connection_id)
        self._interrupted.others("read")
        return found

    def create(self, connection_id: str, secrets: Mapping[str, Any]) -> bool:
        self._interrupted.others("writing")
        if connection_id in self.held:
            return False
        super().write(connection_id, secrets)
        self._interrupted.others("written")
        return True

    def write(self, connection_id: str, secrets: Mapping[str, Any]) -> None:
        self._interrupted.others("writing")
        super().write(connection_id, secrets)
        self._interrupted.others("written")


class Store(MemoryStore):
    """A store between whose commits others may come."""

    def __init__(self, interrupted: Interrupted) -> None:
        super().__init__()
        self._interrupted = interrupted

    def commit(self, steps: Any) -> None:
        checked: list[Write | Check] = list(steps)
        self._interrupted.others("committing")
        super().commit(checked)
        self._interrupted.others("committed")


class Desk:
    """An endpoint `crm`, and what may be done to it."""

    def __init__(self) -> None:
        self.interrupted = Interrupted()
        self.store = Store(self.interrupted)
        self.secrets = Secrets(self.interrupted)
        self.now = NOW
        self._numbers = itertools.count(1)
        self.shown = [self.put()["secret"]]

    def random_bytes(self, size: int) -> bytes:
        return next(self._numbers).to_bytes(size, "big")

    def put(self, path: str = "in") -> dict[str, Any]:
        return put_endpoint(
            "crm",
            {"url": f"https://hooks.example.com/{path}"},
            store=self.store,
            secrets=self.secrets,
            now=self.now,
            random_bytes=self.random_bytes,
            own_host="api.example.com",
            local=False,
        )[2]

    def rotate(self) -> dict[str, Any]:
        rotated = rotate_secret(
            "crm",
            store=self.store,
            secrets=self.secrets,
            now=self.now,
            random_bytes=self.random_bytes,
        )
        self.shown.append(rotated["secret"])
        return rotated

    def remove(self) -> None:
        delete_endpoint("crm", store=self.store, secrets=self.secrets)

    def meanwhile(self, moment: str, act: Callable[[], object]) -> None:
        """Let somebody else act then; refused or not, they go on as if alone."""

        def acting() -> None:
            try:
                act()
            except (Conflict, NotFound) as error:
                self.refusals.append(type(error))

        self.refusals: list[type[Exception]] = []
        self.interrupted.moment, self.interrupted.act = moment, acting

    def in_force(self) -> list[str]:
        held: Any = self.secrets.held.get("crm", {"secrets": []})
        return standard_webhooks.in_force(held["secrets"], self.now)

    def document(self) -> dict[str, Any] | None:
        return self.store.documents.get(("endpoint", "crm"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_of_two_who_rotate_together_none_loses_a_secret_that_was_shown(moment: str) -> None:
    desk = Desk()
    desk.meanwhile(moment, desk.rotate)

    rotated = desk.rotate()

    assert sorted(desk.in_force()) == sorted(desk.shown)
    assert desk.in_force()[0] in desk.shown[1:]
    assert rotated["secret"] in desk.in_force()
    assert len(desk.shown) == 3 - len(desk.refusals)
    assert "rotating" not in (desk.document() or {})


def test_who_comes_while_another_rotates_is_refused_and_may_come_again() -> None:
    desk = Desk()
    desk.meanwhile("read", desk.rotate)

    desk.rotate()
    desk.rotate()

    assert desk.refusals == [Conflict]
    assert desk.in_force() == desk.shown[::-1]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_endpoint_changed_meanwhile_keeps_the_change_and_the_secrets(moment: str) -> None:
    desk = Desk()
    desk.meanwhile(moment, lambda: desk.put("moved"))

    desk.rotate()

    stored = desk.document() or {}
    assert stored["url"].endswith("/moved")
    assert stored["rotated_date"] == NOW
    assert desk.in_force() == desk.shown[::-1]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_endpoint_without_a_secret_that_is_written_and_rotated_has_both(moment: str) -> None:
    desk = Desk()
    desk.secrets.held.clear()
    desk.shown.clear()

    def written() -> None:
        made = desk.put()
        desk.shown += [made["secret"]] if "secret" in made else []

    desk.meanwhile(moment, written)

    desk.rotate()

    assert sorted(desk.in_force()) == sorted(desk.shown)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_removed_endpoint_leaves_no_secret_behind(moment: str) -> None:
    desk = Desk()
    desk.meanwhile(moment, desk.remove)

    with suppress(NotFound):
        desk.rotate()

    assert desk.document() is None
    assert desk.secrets.held == {}


@pytest.mark.parametrize("moment", ["committing", "committed"])
def test_a_removal_that_a_rotation_overtakes_takes_its_secret_along(moment: str) -> None:
    desk = Desk()
    desk.meanwhile(moment, desk.rotate)

    desk.remove()

    assert desk.document() is None
    assert desk.secrets.held == {}


def test_a_rotation_that_fails_can_be_tried_again_at_once() -> None:
    desk = Desk()
    desk.secrets.fails = Retryable("SSM is away")
    with pytest.raises(Retryable):
        desk.rotate()
    desk.secrets.fails = None

    rotated = desk.rotate()

    assert rotated["rotated_date"] is not None
    assert desk.in_force() == desk.shown[::-1]


def test_the_claim_of_one_who_died_ends_by_itself() -> None:
    desk = Desk()
    document = desk.document() or {}
    rotating = {"claim": 1, "until": NOW + MINUTE}
    desk.store.documents["endpoint", "crm"] = {**document, "rotating": rotating}

    with pytest.raises(Conflict):
        desk.rotate()
    desk.now += MINUTE
    desk.rotate()

    assert desk.in_force() == desk.shown[::-1]
    assert "rotating" not in (desk.document() or {})


def test_one_whose_claim_was_taken_over_leaves_it_to_the_other() -> None:
    desk = Desk()

    def late() -> None:
        desk.now += MINUTE
        desk.rotate()
        document = desk.document() or {}
        desk.store.documents["endpoint", "crm"] = {
            **document,
            "rotating": {"claim": 99, "until": desk.now + MINUTE},
        }

    desk.meanwhile("reading", late)
    desk.rotate()

    assert (desk.document() or {})["rotating"]["claim"] == 99
    assert sorted(desk.in_force()) == sorted(desk.shown)


def test_nobody_is_shown_who_rotates() -> None:
    desk = Desk()
    shown: list[dict[str, Any]] = []
    desk.meanwhile("read", lambda: shown.append(desk.put("moved")))

    desk.rotate()

    assert "rotating" not in shown[0]


def test_the_secret_of_before_is_valid_for_a_day() -> None:
    desk = Desk()

    desk.rotate()

    desk.now += DAY
    assert desk.in_force() == desk.shown[1:]
