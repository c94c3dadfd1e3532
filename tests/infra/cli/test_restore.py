"""`paysignal restore` step by step: the stack led to the restored table, erasures done again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from infra.cli import restore
from infra.cli.carried_configuration import rows_of
from infra.cli.carried_over import Since
from infra.cli.command import CliError
from infra.cli.running import Running
from infra.parameters import RESTORED_STREAM, RESTORED_TABLE
from shared.domain.ports import Document, Name
from tests.support.restoring import (
    AT,
    deployed,
    event,
    held,
    paysignal,
    put,
    restoration,
    running_of,
    stack_of,
)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(restore, "_LAMBDA_SECONDS", 0)
    with deployed(monkeypatch) as found:
        yield found


def test_a_dry_run_and_an_answer_that_is_not_yes_change_nothing(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "input", lambda self, prompt: "no")

    planned = paysignal("restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--dry-run")
    asked = paysignal("restore", "--to", "2026-11-18T10:00:00Z", "--aws")

    assert planned[0] == 0
    steps = [line.strip().partition(":")[0] for line in planned[1].splitlines()]
    assert steps[:-1] == list(restore.STEPS)
    assert "is made of the past" in planned[1]
    assert (asked[0], "Nothing was changed." in asked[1]) == (1, True)
    assert running.aws.dynamodb.list_tables()["TableNames"] == ["table"]


def test_the_stack_is_led_to_the_restored_table_and_goes_on_where_it_stopped(
    running: Running,
) -> None:
    restored = ("restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--yes", "--only")
    paysignal(*restored, "table")

    code, told = paysignal(*restored, "switch")
    again = paysignal(*restored, "switch")

    target = "table--20261118T100000Z"
    assert (code, again[0]) == (0, 0), told
    assert running_of(running.aws).outputs["TableName"] == target
    made: Any = running.aws.dynamodb.describe_table(TableName=target)["Table"]
    stream = made["LatestStreamArn"]
    given = stack_of(running).parameters
    assert given == {"AlarmEmail": "", RESTORED_TABLE: target, RESTORED_STREAM: stream}


def test_a_stack_that_knows_no_restored_tables_has_to_be_deployed_anew(running: Running) -> None:
    restored = ("restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--yes", "--only")
    paysignal(*restored, "table")
    stack_of(running).knows_restoring = False

    code, told = paysignal(*restored, "switch")

    assert (code, "Deploy it anew" in told) == (1, True)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("step", ["erase", "log", "events"])
def test_what_needs_the_restored_table_waits_for_it(step: str) -> None:
    code, told = paysignal(
        "restore", "--to", "2026-11-18T10:00:00Z", "--aws", "--yes", "--only", step
    )

    assert (code, "is not in use yet" in told) == (1, True)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("argv", [["--to", "soon"], [], ["--to", "2026-11-18", "--backup", "x"]])
def test_a_moment_or_a_backup_has_to_be_named(argv: list[str]) -> None:
    with pytest.raises(SystemExit):
        paysignal("restore", *argv)


def test_what_is_set_up_stays_as_it_is_now_also_what_is_changed_while_the_stack_goes_over(
    running: Running,
) -> None:
    put(running, *automation("welcome"))
    put(running, ("secret", "5f"), {"version": 1})
    made, _ = restoration(running)
    made.carry_out("table")
    put(running, *automation("welcome", enabled=False, version=2))
    running.aws.dynamodb.delete_item(
        TableName="table", Key={"pk": {"S": "KEY#5f"}, "sk": {"S": "KEY"}}
    )

    made.carry_out("kept")
    between = rows_of(running.aws, made.target)
    put(running, *automation("welcome", enabled=False, version=3))
    made.carry_out("switch")
    after = rows_of(running.aws, made.target)
    put(running, *automation("late", version=1))
    made.carry_out("kept")

    key = ("CONFIG", "AUTOMATION#welcome")
    assert between.keys() == after.keys() == {key}
    assert (between[key]["v"]["N"], after[key]["v"]["N"]) == ("2", "3")
    # Once it is in use, the restored table is where things are set up.
    assert rows_of(running.aws, made.target) == after


def test_what_was_set_up_then_is_in_force_where_that_is_asked_for(running: Running) -> None:
    put(running, *automation("welcome"))
    made, _ = restoration(running, "--with-configuration")
    made.carry_out("table")
    put(running, *automation("welcome", enabled=False, version=2))

    for step in ("kept", "switch"):
        made.carry_out(step)

    (row,) = rows_of(running.aws, made.target).values()
    assert row["v"]["N"] == "1"


@pytest.mark.parametrize(
    ("argv", "acts"), [([], "automation:late"), (["--with-configuration"], "automation:gone")]
)
def test_what_came_since_does_not_set_off_what_was_changed_before_somebody_has_looked(
    running: Running, monkeypatch: pytest.MonkeyPatch, argv: list[str], acts: str
) -> None:
    """An automation made yesterday was never meant for what came the day before."""
    put(running, *automation("same"))
    put(running, *automation("gone"))
    refolding = FakeRefolding([event("evt_1", AT)])
    monkeypatch.setattr(restore, "Refolding", refolding)
    made, said = restoration(running, *argv)
    made.carry_out("table")
    put(running, *automation("late"))
    key: Any = {"pk": {"S": "CONFIG"}, "sk": {"S": "AUTOMATION#gone"}}
    running.aws.dynamodb.delete_item(TableName="table", Key=key)
    # Interrupted after it was carried over, it is told all the same.
    made.carry_out("kept")
    again, said = restoration(running, *argv)
    alone(again, monkeypatch)

    code = again.carry_out(None)

    assert (code, refolding.carried_out) == (1, 0)
    (told,) = [line for line in said if "Not what they were then" in line]
    assert f"then: {acts}. What" in told
    assert "./paysignal restore --to 2026-11-18T11:06:40.000Z --only events --aws" in told
    again.carry_out("events")
    assert refolding.carried_out == 1


@pytest.mark.parametrize("missing", [True, False])
def test_a_restore_that_changes_nothing_else_goes_through(
    running: Running, monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    refolding = FakeRefolding([event("evt_1", AT)] if missing else [])
    monkeypatch.setattr(restore, "Refolding", refolding)
    put(running, *automation("same"))
    made, _ = restoration(running)
    if not missing:
        # Nothing came since that it could act on.
        made.carry_out("table")
        put(running, *automation("late"))
    alone(made, monkeypatch)

    assert (made.carry_out(None), refolding.carried_out) == (0, 1)


def test_an_email_to_somebody_who_was_erased_meanwhile_does_not_come_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(running, ("mail", "m1"), {"version": 1, "state": "sent"})
    made, _ = restoration(running)
    for step in ("table", "kept"):
        made.carry_out(step)
    put(running, ("mail", "m2"), {"version": 1, "state": "sent"})
    made.carry_out("switch")
    there = held(running, made.target)
    for each in ("m1", "m2"):
        running.aws.dynamodb.delete_item(
            TableName=made.target, Key={"pk": {"S": f"MAIL#{each}"}, "sk": {"S": "MAIL"}}
        )
    monkeypatch.setattr(restore, "Refolding", FakeRefolding([]))

    for step in ("kept", "switch", "events"):
        restoration(running_of(running.aws))[0].carry_out(step)

    assert there == {"MAIL#m1", "MAIL#m2"}
    assert held(running, made.target) == set()


def test_a_table_restored_long_ago_is_not_taken_for_this_restores(running: Running) -> None:
    restoration(running)[0].carry_out("table")
    stack_of(running).parameters[RESTORED_TABLE] = "table--other"

    with pytest.raises(CliError, match="was restored while table was in use"):
        restoration(running_of(running.aws))


def alone(made: restore.Restore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the steps that need more than a table."""
    for step in ("_erase", "_log"):
        monkeypatch.setattr(made, step, lambda: 0)


def automation(identity: str, *, enabled: bool = True, version: int = 1) -> tuple[Name, Any]:
    """Return an automation's name and document."""
    told = {"version": version, "enabled": enabled, "trigger": {"type": "any"}, "steps": []}
    return ("automation", identity), told


class FakeRefolding:
    """Refolding that finds these missing, and is asked to carry them out so often."""

    def __init__(self, missing: list[tuple[Name, Document]]) -> None:
        self._missing = missing
        self.carried_out = 0

    def __call__(self, *asked: Any, **options: Any) -> FakeRefolding:
        return self

    def missing(self) -> Since:
        return Since(missing=self._missing)

    def carry_out(self) -> tuple[int, int, int]:
        self.carried_out += 1
        return len(self._missing), 0, 0
