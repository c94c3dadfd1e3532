"""The README's recipe for a new provider, followed to the letter in a copy of the tree.

Its blocks are taken out of the README: each part says in a comment which file it is, or where in a
file it goes. What comes of them has to pass the suites that the recipe names.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.readme_tables import readme
from tests.test_house import ROOT, tracked

RECIPE = readme().partition("## Add a provider")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```(python|sh|markdown) recipe\n(.*?)^```$", RECIPE, re.M | re.S)
# A part begins with its file, and what of it: all, or a place in it.
_PART = re.compile(r"^# ([\w/]+\.py)(?:, (with|in|above|at) (?:the )?(\w+))?\n", re.M)
_TABLE = "| provider | door | signature | meaning | API |\n|---|---|---|---|---|\n"
_CONTRACT = "tests/contracts/test_providers.py"
_CHECK = f"{_CONTRACT}::test_each_provider_passes_the_contract_of_all_providers[kiosk]"
_SUITES = [
    f"{_CONTRACT}::TestKiosk",
    _CHECK,
    "tests/functions/ingest_kiosk",
    "tests/functions/manage/test_connections.py",
    "tests/shared/providers/test_kiosk.py",
    "tests/test_house.py::test_each_provider_is_complete[kiosk]",
    "tests/test_house.py::test_each_door_and_parser_is_in_the_catalogue",
]


def parts() -> list[tuple[str, str, str, str]]:
    """Return the recipe's parts in order: file, how it is placed, by what, and the text."""
    found = []
    for language, block in BLOCKS:
        if language == "python":
            _, *pieces = _PART.split(block)
            found += list(zip(*(iter(pieces),) * 4, strict=True))
    return found


def place(path: Path, how: str | None, name: str, text: str) -> None:
    """Write a part where the recipe has it. Raise ValueError where there is no such place."""
    if how is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.rstrip("\n") + "\n")  # a blank line parts it from the next file
        return
    lines = path.read_text().splitlines(keepends=True)
    if how == "with":
        at = lines.index("from __future__ import annotations\n") + 1
    elif how == "at":
        at = len(lines)
    else:
        start = re.compile(rf"(class )?{name}\b")
        at = next(number for number, line in enumerate(lines) if start.match(line))
        while how == "in" and not lines[at].rstrip().endswith(("{", "[")):
            at += 1
        at += how == "in"
    path.write_text("".join([*lines[:at], text, *lines[at:]]))


def follow(tree: Path, *, without: str | None = None) -> None:
    """Follow the recipe in a tree; `without` leaves out what goes into a file."""
    for name, how, where, text in parts():
        if name != without:
            place(tree / name, how, where, text)
    for language, block in BLOCKS:
        if language == "markdown":
            page = tree / "README.md"
            page.write_text(page.read_text().replace(_TABLE, _TABLE + block, 1))
        for line in block.splitlines() if language == "sh" else ():
            program, *arguments = line.split()
            command = [sys.executable, *arguments] if program == "python" else line.split()
            subprocess.run(command, cwd=tree, check=True)  # noqa: S603  # our own text


def outcome_of(tree: Path, *suites: str) -> str:
    """Return what pytest says of these suites, run in a tree."""
    return subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suites],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project's files, to be changed."""
    for path in tracked():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path


def test_a_provider_made_by_the_recipe_passes_every_suite(tree: Path) -> None:
    follow(tree)

    told = outcome_of(tree, *_SUITES)

    last = told.splitlines()[-1]
    assert re.fullmatch(r"\d+ passed(, .*)? in .*", last), told
    assert int(last.split()[0]) > 60, last
    assert "failed" not in last
    assert "error" not in last


def test_what_the_recipe_writes_keeps_to_the_house_s_style(tree: Path) -> None:
    follow(tree)
    new = [name for name, how, _, _ in parts() if how is None]

    for asked in (["check"], ["format", "--check"]):
        found = subprocess.run(  # noqa: S603  # our own text
            [sys.executable, "-m", "ruff", *asked, "--no-cache", *new],
            cwd=tree,
            capture_output=True,
            text=True,
        )
        assert found.returncode == 0, found.stdout


def test_who_skips_the_contract_is_told_what_is_missing(tree: Path) -> None:
    follow(tree, without=_CONTRACT)

    told = outcome_of(tree, _CHECK)

    assert "kiosk has no contract: add a class Test…(ProviderContract)" in told
    assert "1 failed" in told
