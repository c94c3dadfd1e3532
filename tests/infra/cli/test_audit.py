"""What `paysignal audit` prints and answers with, for what it has found."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from infra.cli import audit, audit_report
from infra.cli.__main__ import main
from infra.cli.audit_balance import Balance, Lost, Stretch
from infra.cli.audit_report import Audit
from infra.cli.command import CliError
from infra.cli.running import Running
from shared.domain import times

NOON = 1_795_348_800_000


def balance(*counted: tuple[str, str], lost: list[Lost] | None = None) -> Balance:
    found = Balance(lost=lost or [])
    for what, outcome in counted:
        found.add(NOON, "shop", what, outcome)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let the command find what the test puts first, and note what it asked for after it."""
    wanted: list[Any] = []
    monkeypatch.setattr(Running, "find", lambda name: SimpleNamespace(name=name))

    def found(
        running: Any,
        stretch: Stretch,
        now: int,
        unsettled_from: int | None,
        say: Callable[[str], None],
    ) -> Audit:
        say("reading the table")
        wanted.append((running.name, stretch, now, unsettled_from))
        result: Audit = wanted[0]
        return result

    monkeypatch.setattr(audit, "audit", found)
    return wanted


def paysignal(*argv: str) -> tuple[int, str]:
    output = io.StringIO()
    code = main(["audit", *argv], Console(file=output, width=160, highlight=False))
    return code, output.getvalue()


SOUND = Audit(
    balance(("received", "applied"), ("received", "duplicate")),
    balance(("firings", "delivered")),
    {"shop": Counter(history=3)},
    ["Something to know."],
)
LOST = Lost("event", "shop", "evt_2", NOON, "its door answered for it, and nobody has it")
ILL = Audit(balance(("received", "missing"), lost=[LOST]), balance(), {}, [])


def test_what_adds_up_is_shown_by_day_and_connection_and_ends_well(asked: list[Any]) -> None:
    asked.append(SOUND)

    code, told = paysignal()

    rows = [line.split() for line in told.splitlines() if "2026-11-22" in line]
    assert code == 0
    assert rows == [
        ["2026-11-22", "shop", "2", "1", "0", "1", "0", "0", "0", "0"],
        ["2026-11-22", "shop", "1", "1", "0", "0", "0", "0", "0"],
    ]
    assert "by no door, in all: shop: 3 history" in told
    assert "! Something to know." in told
    assert "✓ it adds up: 2 events received, 1 firings" in told


def test_what_is_missing_is_named_with_what_to_do_and_ends_badly(asked: list[Any]) -> None:
    asked.append(ILL)

    code, told = paysignal()

    assert code == 1
    assert "✗ event evt_2 of shop, 2026-11-22 12:00:00: its door answered for it" in told
    assert "✗ 1 missing of 1 events received, 0 firings" in told
    assert "./paysignal verify shop --repair" in told


@pytest.mark.parametrize(
    ("argv", "place"),
    [((), ""), (("--aws",), " --aws"), (("--stack", "second"), " --stack second")],
)
def test_advice_is_about_the_stack_that_was_audited(
    asked: list[Any], argv: tuple[str, ...], place: str
) -> None:
    lost = [LOST] * 60
    firing = [Lost("firing", "shop", "rescue/f1", NOON, "its run is gone")]
    ill = balance(("received", "missing"), lost=lost), balance(("firings", "missing"), lost=firing)
    asked.append(Audit(*ill, {}, [], 1))

    _, told = paysignal(*argv)

    assert f"all of them: ./paysignal audit --json{place}\n" in told
    assert f"./paysignal redrive stream{place}\n" in told
    assert f"./paysignal doctor{place}\n" in told
    assert f"./paysignal redrive automations{place} --dry-run\n" in told
    assert ("./paysignal verify shop" in told) is (place == "")
    assert ("POST /v1/connections/shop/verify with" in told) is (place != "")


def test_changes_the_streams_readers_gave_up_on_end_it_badly(asked: list[Any]) -> None:
    """They have set nothing off, so no firing of theirs could be found missing."""
    asked.append(Audit(balance(), balance(), {}, [], 2))

    code, told = paysignal()

    assert code == 1
    assert "✗ the stream's readers gave up on 2 batches" in told
    assert "./paysignal redrive stream" in told


def test_a_firing_that_is_missing_has_its_own_remedy(asked: list[Any]) -> None:
    lost = Lost("firing", "shop", "rescue/f1", NOON, "its run is gone")
    asked.append(Audit(balance(), balance(("firings", "missing"), lost=[lost]), {}, []))

    code, told = paysignal()

    assert code == 1
    assert "✗ firing rescue/f1 of shop" in told
    assert "./paysignal doctor" in told


def test_a_long_list_is_cut_and_says_where_all_of_it_is(asked: list[Any]) -> None:
    asked.append(Audit(balance(("received", "missing"), lost=[LOST] * 60), balance(), {}, []))

    _, told = paysignal()

    assert told.count("✗ event") == 50
    assert "and 10 more; all of them: ./paysignal audit --json" in told


def test_a_program_is_told_the_same(asked: list[Any]) -> None:
    asked.append(ILL)

    code, told = paysignal("--json", "--from", "2026-11-20", "--to", "2026-11-22")

    said = json.loads(told)
    assert code == 1
    assert (said["adds_up"], said["from"], said["to"]) == (False, "2026-11-20", "2026-11-22")
    assert said["received"][0] == {
        "day": "2026-11-22",
        "connection_id": "shop",
        "received": 1,
        "missing": 1,
        **dict.fromkeys(
            ("applied", "ignored", "duplicate", "stale", "quarantined", "in_flight"), 0
        ),
    }
    assert said["missing"][0]["name"] == "evt_2"


def test_both_days_are_whole_and_the_connection_is_passed_on(asked: list[Any]) -> None:
    asked.append(SOUND)

    paysignal("--from", "2026-11-20", "--to", "2026-11-22", "--connection", "shop")

    (_, stretch, _, unsettled_from) = asked[1]
    assert stretch.until - stretch.since == 3 * times.DAY
    assert stretch.has(NOON, "shop")
    assert not stretch.has(NOON, "other")
    assert unsettled_from is None


def test_on_aws_the_last_two_minutes_are_not_settled(asked: list[Any]) -> None:
    asked.append(SOUND)

    paysignal("--aws")

    name, stretch, now, unsettled_from = asked[1]
    assert name == "paysignal"
    assert now - unsettled_from == 2 * times.MINUTE
    assert stretch.until - stretch.since == 7 * times.DAY


def test_days_in_the_wrong_order_are_refused(asked: list[Any]) -> None:
    code, told = paysignal("--from", "2026-11-22", "--to", "2026-11-20")

    assert (code, len(asked)) == (2, 0)
    assert "--from comes after --to" in told


def test_a_stack_that_is_down_is_not_one_that_lost_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find(name: str | None) -> Running:
        raise CliError("The stack is not running on this machine. Start it: ./paysignal up")

    monkeypatch.setattr(Running, "find", find)

    code, told = paysignal("--json")

    assert code == 2
    assert "Start it: ./paysignal up" in told


def test_a_time_lies_on_its_day_by_its_own_offset(asked: list[Any]) -> None:
    asked.append(SOUND)

    paysignal("--from", "2026-11-21T01:00+02:00", "--to", "2026-11-20T23:00")

    (_, stretch, _, _) = asked[1]
    assert stretch.until - stretch.since == times.DAY
    assert stretch.has(NOON - 2 * times.DAY, "shop")


def test_what_is_no_day_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--from", "yesterday"])

    assert ended.value.code == 2
    assert "yesterday is no date like 2026-10-31" in capsys.readouterr().err


def test_notes_say_what_the_account_rests_on() -> None:
    events = Balance(lost=[LOST], recorded=2, unlogged=3, unreadable=4, excused=6)
    firings = Balance(replaced=7, excused=8)

    told = list(audit_report.notes(events, firings, 5, 9))

    assert [line.split(" ")[0] for line in told] == ["2", "6", "5", "8", "3", "4", "7"]
