"""The first command of a newcomer: it must say what is missing, not fail somewhere inside."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.bundle import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a fresh clone as far as the Makefile can tell."""
    for name in ("Makefile", "paysignal", "requirements/installer.txt", "requirements/dev.txt"):
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy)
    return tmp_path


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    # Made by another make, this one would inherit its flags.
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.run(  # noqa: S603 - our own Makefile
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def test_without_a_new_enough_python_it_says_so(checkout: Path) -> None:
    done = run(checkout, "make", "demo", "PYTHON=")

    assert done.returncode != 0
    assert "paysignal needs Python 3.11 or newer" in done.stderr
    assert "make PYTHON=/path/to/python3.13 demo" in done.stderr


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    old = checkout / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    done = run(checkout, "make", "test", f"PYTHON={old}")

    assert done.returncode != 0
    assert f"paysignal needs Python 3.11 or newer; {old} is older." in done.stderr
    assert not (checkout / ".venv").exists()


def test_help_lists_every_command(checkout: Path) -> None:
    done = run(checkout, "make")

    for target in ("demo", "test", "check", "bench", "up", "down", "deploy"):
        assert f"  make {target} " in done.stdout


def test_the_launcher_installs_before_it_runs(checkout: Path) -> None:
    (checkout / "Makefile").write_text(".venv/.installed:\n\t@echo installing; exit 3\n")

    done = run(checkout, "./paysignal", "up")

    assert done.returncode == 1
    assert "installing" in done.stdout


def test_ci_runs_the_readmes_test_command_and_nothing_else() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make test"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert os.access(ROOT / "paysignal", os.X_OK)


@pytest.mark.parametrize("name", ["installer", "runtime", "dev", "emulator"])
def test_every_package_is_locked_by_hash_and_no_index_is_named(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = [entry for entry in text.split("\n") if "==" in entry]

    assert entries
    assert all(entry.endswith("\\") for entry in entries)
    assert text.count("--hash=sha256:") >= len(entries)
    assert "://" not in text
    assert "index" not in text
