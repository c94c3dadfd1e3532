"""The child that writes snapshots: forked for real, in a process of its own that has no threads."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from infra.bundle import ROOT
from infra.local.child import Child

# `ended` waits until the child is one that `look_after` would find ended.
_PRELUDE = """
import os, signal, sys, time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from infra.local.child import Child

now = [1_000.0]
child = Child(lambda: now[0])
state = ["before"]

def ended():
    os.waitid(os.P_PID, child._pid, os.WEXITED | os.WNOWAIT)
    child.look_after()

def dues():
    return child.due(urgent=False, worth=False), child.due(urgent=False, worth=True)

def hang(_):
    time.sleep(600)

def fail(_):
    raise ValueError("this cannot be written")
"""


def forked(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in which `child` forks; its asserts are this test's."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", _PRELUDE + script, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_it_works_on_the_memory_of_the_fork_and_lets_go_of_what_was_held_first(
    tmp_path: Path,
) -> None:
    forked(
        tmp_path,
        """
file = Path(sys.argv[1]) / "written"
held = []

@contextmanager
def holding():
    held.append("held")
    yield 7
    held.clear()

def job(number):
    time.sleep(0.05)
    file.write_text(f"{number} {state[0]} {held}")

child.begin(job, holding())
state[0] = "after"
assert not child.due(urgent=True, worth=True)
ended()
assert file.read_text() == "7 before []"
assert child.due(urgent=True, worth=False)
assert dues() == (False, False)
now[0] += 5
assert dues() == (False, True)
""",
    )


def test_one_that_fails_is_told_and_another_begun_though_nothing_else_asks_for_it(
    tmp_path: Path,
) -> None:
    done = forked(
        tmp_path,
        """
import atexit
atexit.register(lambda: print("an end like the parent's"))
child.begin(fail, nullcontext())
ended()
assert not child.due(urgent=True, worth=True)
now[0] += 30
assert dues() == (True, True)
child.begin(lambda _: None, nullcontext())
ended()
now[0] += 30
assert dues() == (False, True)
""",
    )

    assert "this cannot be written" in done.stderr
    assert "no snapshot: 1 is how it ended" in done.stderr
    assert done.stdout == "an end like the parent's\n"


def test_one_that_was_killed_has_failed(tmp_path: Path) -> None:
    done = forked(
        tmp_path,
        """
child.begin(hang, nullcontext())
os.kill(child._pid, signal.SIGKILL)
ended()
now[0] += 30
assert dues() == (True, True)
""",
    )

    assert "no snapshot: -9 is how it ended" in done.stderr


def test_one_that_hangs_is_ended_and_the_next_has_twice_the_time(tmp_path: Path) -> None:
    done = forked(
        tmp_path,
        """
child.begin(hang, nullcontext())
first = child._pid
now[0] += 59
child.look_after()
assert child._pid == first
now[0] += 2
child.look_after()
assert child._pid is None
assert dues() == (False, False)
now[0] += 610
assert dues() == (True, True)
child.begin(hang, nullcontext())
now[0] += 119
child.look_after()
assert child._pid is not None
child.kill()
child.kill()
assert child._pid is None
""",
    )

    assert "no snapshot in 60 seconds" in done.stderr


def test_after_a_long_one_journals_wait_ten_times_as_long_and_settings_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    child = Child(lambda: now[0])
    monkeypatch.setattr(os, "fork", lambda: 17)
    monkeypatch.setattr(os, "waitpid", lambda pid, _: (pid, 0))

    child.begin(print, nullcontext())
    now[0] = 20.0
    child.look_after()
    due = {}
    for later in (19.0, 20.0, 199.0, 200.0):
        now[0] = 20.0 + later
        due[later] = child.due(urgent=True, worth=True), child.due(urgent=False, worth=True)

    assert due == {
        19.0: (False, False),
        20.0: (True, False),
        199.0: (True, False),
        200.0: (True, True),
    }


def test_where_none_can_be_forked_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    child = Child(lambda: now[0])

    def refuse() -> Any:
        raise OSError("no memory")

    monkeypatch.setattr(os, "fork", refuse)

    child.begin(print, nullcontext())
    soon = child.due(urgent=True, worth=True)
    now[0] = 30.0

    assert not soon
    assert child.due(urgent=False, worth=False)
