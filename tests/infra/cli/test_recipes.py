"""`recipes`, `backtest` and `why` over HTTP, against the API's real handlers in memory."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterator

import pytest
from rich.console import Console

from functions.backtest.work import Work
from infra.cli import backtest, outbound, recipes, why
from infra.cli.command import CliError, Command
from shared.domain import times
from tests.infra.cli.test_outbound import served
from tests.laws import words
from tests.support.api_client import ApiClient
from tests.support.lived_month import Life
from tests.support.log_shop import MemoryLog
from tests.support.shop import START

COMMANDS: dict[str, Command] = {"recipes": recipes, "backtest": backtest, "why": why}
EMAIL = "ada@example.com"


class Worker:
    """Does a backtest at once when it is called for."""

    def __init__(self, client: ApiClient) -> None:
        log = MemoryLog(client.store)
        self._work = Work(store=client.store, log=log, clock=lambda: client.now, local=True)

    def begin(self, job_id: str) -> None:
        self._work.do(job_id, START * 2)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiClient]:
    """Let the commands find an API on this machine, and what has happened there."""
    life = Life(START)
    found = ApiClient(life.store, local=True)
    found.now = START - times.HOUR
    found.post("/v1/recipes/failed-payment", {})
    events = (
        words.customer("1", 0, EMAIL),
        words.subscription("1", 1, creation=True),
        words.subscription("1", 50, "payment_failed", was="active"),
    )
    for number, event in enumerate(events):
        life.hear("shop", event, START + (number + 1) * times.HOUR)
    found.now = START + times.DAY
    monkeypatch.setattr(found.backtests, "begin", Worker(found).begin)
    with served(found) as endpoints:
        monkeypatch.setattr(outbound, "local_endpoints", lambda: endpoints)
        yield found


def paysignal(name: str, *argv: str, terminal: bool = False) -> str:
    parser = argparse.ArgumentParser()
    COMMANDS[name].configure(parser)
    output = io.StringIO()
    console = Console(file=output, width=200, highlight=False, force_terminal=terminal)
    assert COMMANDS[name].run(parser.parse_args(argv), console) == 0
    return output.getvalue()


def test_recipes_are_listed_with_what_they_do(client: ApiClient) -> None:
    told = paysignal("recipes", "list")

    assert "milestone-gift" in told
    assert "yes" in next(line for line in told.splitlines() if "failed-payment" in line)


def test_a_recipe_is_shown_with_its_parameters_and_its_automation(client: ApiClient) -> None:
    told = paysignal("recipes", "show", "renewal-reminder")

    assert "How many days ahead." in told
    assert '"offset": "-P3D"' in told
    assert "./paysignal backtest renewal-reminder" in told


def test_a_recipe_is_installed_as_it_was_filled_in(client: ApiClient) -> None:
    argv = ("install", "milestone-gift", "--as", "gift-5", "--set", "number=5", "--disabled")

    told = paysignal("recipes", *argv)

    assert "gift-5 is installed; it is disabled" in told
    made = client.get("/v1/automations/gift-5").body
    assert made["trigger"]["segment"]["conditions"][0]["value"] == ["5", "6"]


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (("show", "dance"), "no such recipe"),
        (("install", "milestone-gift", "--set", "number=many"), "whole number"),
        (("install", "failed-payment"), "already"),
    ],
)
def test_what_cannot_be_installed_is_said(
    client: ApiClient, argv: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(CliError, match=problem):
        paysignal("recipes", *argv)


def test_a_backtest_shows_whom_it_would_have_acted_for(client: ApiClient) -> None:
    told = paysignal("backtest", "failed-payment", "--from", "2026-09-01")

    assert "1 firings for 1 contacts" in told
    (row,) = [line for line in told.splitlines() if EMAIL in line]
    assert "status active → payment_failed" in row
    assert "sub_1" in row


def test_a_backtest_is_told_to_programs_as_json(client: ApiClient) -> None:
    told = paysignal("backtest", "failed-payment", "--from", "2026-09-01", "--json")

    assert json.loads(told)["found"] == 1


def test_a_backtest_without_firings_says_so(client: ApiClient) -> None:
    told = paysignal("backtest", "failed-payment", "--from", "2026-08-01", "--to", "2026-08-02")

    assert "0 firings for 0 contacts" in told


def test_why_tells_each_change_with_its_reason(client: ApiClient) -> None:
    told = paysignal("why", "failed-payment", EMAIL)

    assert "failed-payment for ada@example.com" in told
    assert "✓ fired" in told
    assert "Its trigger is for changes of another kind." in told
    assert "\x1b" not in told


def test_why_tells_each_date_with_its_reason(client: ApiClient) -> None:
    client.post("/v1/recipes/renewal-reminder", {})

    told = paysignal("why", "renewal-reminder", EMAIL)

    assert "1 dates looked at, 0 fired" in told
    assert "next_payment_date 2026-10-21" in told
    assert "The date has not come yet." in told


def test_why_has_colours_on_a_terminal_alone(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert "\x1b[32m" in paysignal("why", "failed-payment", EMAIL, terminal=True)


def test_a_condition_is_told_with_what_it_found() -> None:
    rich_one = {
        "path": "conditions[0]",
        "field": "recurring_payment.payment_amount",
        "operator": "greater_than",
        "value": "50",
        "actual": "19.00\x1b[2J",
        "met": False,
    }
    change = {
        "record": {"kind": "recurring_payment", "connection_id": "shop", "id": "sub_1"},
        "event_id": "evt_1",
        "event_type": "customer.subscription.updated",
        "kind": "updated",
        "occurred_date": "2026-10-01T10:00:00.000Z",
        "late": True,
        "changes": [{"field": "status", "from": "active", "to": "paused"}],
        "conditions": [rich_one],
        "decision": "not_fired",
        "explanation": "The contact or the recurring payment did not meet the segment.",
        "attempts": [
            {"endpoint_id": "crm", "at": "2026-10-01T10:00:05.000Z", "status": None,
             "fault": "timeout"}
        ],
        "emails": [
            {"mail_id": "m1", "at": "2026-10-01T10:00:05.000Z", "state": "failed",
             "reason": "MessageRejected"}
        ],
    }  # fmt: skip
    told = {
        "automation_id": "rich",
        "contact": {"contact_id": "c1", "email": EMAIL},
        "changes": [change, change],
    }
    screen = io.StringIO()

    why.show(told, Console(file=screen, width=120, highlight=False), 1)

    assert 'payment_amount greater_than "50": it was "19.00' in screen.getvalue()
    assert "\x1b" not in screen.getvalue()
    assert "webhook to crm at 2026-10-01 10:00:05 UTC: timeout" in screen.getvalue()
    assert "email of 2026-10-01 10:00:05 UTC: failed, MessageRejected" in screen.getvalue()
    assert "these are the newest 1" in screen.getvalue()
