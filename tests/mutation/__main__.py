"""Mutates what lets somebody in and shows which mistakes no test would have seen.

    python -m tests.mutation [module …]

Each mutant runs in a process forked from one that has loaded what is slow to load, against the
narrow tests of its module. A mutant that a test fails for is killed; so is one that hangs. What
survives is printed, and makes the command end with 1, unless `equivalent` says why it has to. The
source as it is goes the same way first: what kills that is no test of a mistake.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from contextlib import redirect_stdout, suppress
from importlib.machinery import ModuleSpec
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutator import mutants
from tests.mutation.targets import TARGETS

ROOT = Path(__file__).parents[2]
_SECONDS_MIN, _SECONDS_TIMES = 5.0, 4.0
_OURS = ("functions", "shared", "infra", "tests.")
_QUIET = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header", "--tb=no")


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module another source; everything else is found as ever."""

    def __init__(self, module: str, source: str) -> None:
        self._module = module
        self._source = source

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, self._module, "exec"), module.__dict__)  # noqa: S102


class _Quick:
    """Makes a test fail soon: drawn examples come last, and none is made smaller for a reader."""

    def pytest_collection(self) -> None:
        from hypothesis import Phase, settings  # pytest has to be the first to load it.

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings(), phases=phases)
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"))


def main() -> int:
    """Mutate, print, and return the exit code."""
    parser = argparse.ArgumentParser(description="mutate what lets somebody in")
    parser.add_argument("modules", nargs="*", default=[*TARGETS], help="all by default")
    left = 0
    total = dict.fromkeys(("mutants", "killed", "equivalent"), 0)
    for module in parser.parse_args().modules:
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text()
        known = EQUIVALENT.get(module, {})
        _run(module, "--collect-only")  # Loads what is slow to load.
        started = time.monotonic()
        if _is_killed(module, source, 60.0):
            print(f"{module}: its tests fail as it is")
            return 1
        seconds_max = _SECONDS_MIN + _SECONDS_TIMES * (time.monotonic() - started)
        survivors, count = [], 0
        started = time.monotonic()
        for mutant in mutants(source):
            count += 1
            if mutant.name not in known and not _is_killed(module, mutant.source, seconds_max):
                survivors.append(mutant.name)
                print(f"  survived: {mutant.name}", flush=True)
        seconds = time.monotonic() - started
        print(f"{module}: {count} mutants, {len(known)} equivalent, {seconds:.0f} s", flush=True)
        left += len(survivors)
        total["mutants"] += count
        total["equivalent"] += len(known)
        total["killed"] += count - len(known) - len(survivors)
    print(", ".join(f"{number} {word}" for word, number in total.items()), f"{left} survived")
    return 1 if left else 0


def _is_killed(module: str, source: str, seconds_max: float) -> bool:
    """Run the module's tests on a source, in a process of its own; tell whether one failed."""
    pid = os.fork()
    if pid == 0:
        os._exit(_child(module, source))
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def _child(module: str, source: str) -> int:
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    for name in [name for name in sys.modules if name.startswith(_OURS)]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Mutated(module, source))
    code = 1
    with suppress(BaseException):
        code = _run(module)
    return code


def _run(module: str, *options: str) -> int:
    tests = [str(ROOT / each) for each in TARGETS[module]]
    with redirect_stdout(StringIO()):
        return int(pytest.main([*_QUIET, *options, *tests], plugins=[_Quick()]))


if __name__ == "__main__":
    sys.exit(main())
