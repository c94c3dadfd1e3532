"""`paysignal replay`: which flags go together, and what a trial shows."""

from __future__ import annotations

import argparse
import io

import pytest
from rich.console import Console

from infra.cli import replay as replay_command
from infra.cli.command import CliError
from infra.cli.replay_records import Outcome
from shared.domain.ports import Name
from shared.domain.timeline import Change


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--apply"], "Say from when on"),
        (["--from", "2026-10-01", "--fire"], "--fire goes with --apply"),
        (["--record", "order/in_1"], "--record goes with --connection"),
        (["--from", "2026-10-01", "--endpoint", "crm"], "Either webhooks or records"),
        (["--endpoint", "crm", "--aws"], "by its API: --api URL"),
    ],
)
def test_flags_that_do_not_go_together_are_told_in_words(argv: list[str], told: str) -> None:
    parser = argparse.ArgumentParser()
    replay_command.configure(parser)

    with pytest.raises(CliError, match=told):
        replay_command.run(parser.parse_args(argv), Console())


@pytest.mark.parametrize("argv", [["--from", "1 October"], ["--record", "contact/1"]])
def test_a_day_or_record_written_badly_is_told(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    replay_command.configure(parser)

    with pytest.raises(SystemExit):
        parser.parse_args(argv)

    assert "has to be" in capsys.readouterr().err


def test_what_would_change_is_shown_record_by_record() -> None:
    screen = io.StringIO()
    name = ("order", "shop", "in_1")
    refused: list[tuple[Name, str]] = [(("event", "shop", "evt_2", "invoice.paid"), "bad_body: no")]
    outcome = Outcome(read=3, erased=2, mended=[("event", "shop", "evt_1", "x")], refused=refused)

    replay_command.show(
        outcome, [(name, [Change("gross", "1900.00", "19.00")])], Console(file=screen, width=200)
    )

    assert screen.getvalue().splitlines() == [
        "shop order/in_1",
        "  gross: 1900.00 -> 19.00",
        "✗ evt_2 (invoice.paid) would be refused today: bad_body: no; its word stays",
        "3 events read, 1 say something else today; 1 records show it",
        "2 events were left out: their people were erased, and their bodies with them; "
        "what they said stays as it is",
    ]
