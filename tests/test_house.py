"""The house rules, kept by a test: what a stranger relies on when reading the tree.

Whatever is checked here is cheap to break and tedious to notice in review.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.__main__ import COMMANDS
from shared.domain import errors
from shared.providers.catalogue import PROVIDERS
from tests.support.readme_tables import readme

ROOT = Path(__file__).parents[1]
# Of the providers, what speaks to the network.
_CLIENTS = ("_api.py", "/api_calls.py")
LINES_MAX = 300
FUNCTION_LINES_MAX = 40
WITH_DOOR = {name for name, each in PROVIDERS.items() if each.door}

# Files and functions beyond the limits, each with its reason.
LONG_FILES: dict[str, str] = {}


def tracked() -> list[Path]:
    """Every file of the project: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = (ROOT / name for name in listed.split("\0") if name)
    return sorted(path for path in found if path.is_file())


def modules(*tops: str) -> Iterator[tuple[str, ast.Module]]:
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py" and name.split("/")[0] in tops:
            yield name, ast.parse(path.read_text())


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def caption(package: Path) -> str:
    return ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""


@pytest.mark.parametrize("provider", sorted(WITH_DOOR))
def test_each_provider_is_complete(provider: str) -> None:
    needed = [
        f"functions/ingest_{provider}/handler.py",
        f"shared/providers/{provider}.py",
        f"tests/fixtures/{provider}",
        f"tests/functions/ingest_{provider}",
        f"tests/shared/providers/test_{provider}.py",
        f"infra/samples/{provider}.py",
    ]

    missing = [name for name in needed if not (ROOT / name).exists()]

    assert missing == []
    assert f"`ingest_{provider}`" in readme(), "the README names every provider's door"


def test_each_door_and_parser_is_in_the_catalogue() -> None:
    doors = {path.name.removeprefix("ingest_") for path in (ROOT / "functions").glob("ingest_*")}

    assert doors == WITH_DOOR


def test_every_module_opens_with_what_it_is_for() -> None:
    silent = [
        name
        for name, tree in modules("functions", "shared", "infra", "tests")
        if not (ast.get_docstring(tree) or "").strip()
    ]

    assert silent == []


def test_every_package_file_holds_its_caption_alone() -> None:
    more = [
        name
        for name, tree in modules("functions", "shared", "infra")
        if name.endswith("__init__.py") and (len(tree.body) != 1 or "\n" in ast.unparse(tree))
    ]

    assert more == []


def test_the_readmes_tree_is_true() -> None:
    tree = readme().partition("## The tree")[2].partition("## ")[0]
    packages = [
        path.parent
        for path in tracked()
        if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] != "tests"
    ]

    untold = [
        package.relative_to(ROOT).as_posix()
        for package in packages
        if f"{package.name}/" not in tree or caption(package) not in " ".join(tree.split())
    ]

    assert untold == []


def test_the_readmes_tree_names_nothing_that_is_not_there() -> None:
    tree = readme().partition("## The tree")[2].partition("## ")[0]
    named = re.findall(r"^ *([a-z_]+/)", tree, re.MULTILINE)

    gone = [name for name in named if not list(ROOT.glob(f"**/{name}"))]

    assert named
    assert gone == []


def test_no_file_and_no_function_outgrows_its_reader() -> None:
    long = []
    for name, tree in modules("functions", "shared", "infra"):
        lines = len((ROOT / name).read_text().splitlines())
        if lines > LINES_MAX and name not in LONG_FILES:
            long.append(f"{name}: {lines} lines")
        for function in functions_of(tree):
            size = (function.end_lineno or 0) - function.lineno + 1
            if size > FUNCTION_LINES_MAX:
                long.append(f"{name}:{function.lineno} {function.name}: {size} lines")

    assert long == []


def test_a_long_files_reason_is_still_needed() -> None:
    short = [
        name for name in LONG_FILES if len((ROOT / name).read_text().splitlines()) <= LINES_MAX
    ]

    assert short == []


def test_every_rejection_has_its_own_answer() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.Rejected)
    ]

    answers = {(kind.status, kind.title) for kind in kinds}

    assert all(400 <= status < 500 and title for status, title in answers)
    # Rejected and BadRequest are both "400 Bad request"; every other kind is told apart.
    assert len(answers) == len(kinds) - 1


def test_the_tree_of_errors_drawn_in_its_module_is_whole() -> None:
    drawn = errors.__doc__ or ""
    kinds = [
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.PaysignalError)
    ]

    assert [name for name in kinds if name not in drawn] == []


def test_keys_of_the_table_are_known_to_one_module() -> None:
    parts = ("table", "table_keys", "table_walk", "table_writes", "cursors")
    allowed = {f"shared/adapters/{name}.py" for name in parts}

    elsewhere = [
        name
        for name, tree in modules("functions", "shared")
        if name not in allowed
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in ("pk", "sk", "gsi1pk", "gsi2pk")
    ]

    assert elsewhere == []


def test_the_domain_and_the_parsers_read_no_clock_and_no_dice() -> None:
    impure = {"time", "random", "uuid", "secrets", "os", "socket", "subprocess"}

    reading = [
        f"{name}: {module}"
        for name, tree in modules("shared")
        if name.startswith(("shared/domain/", "shared/providers/")) and not name.endswith(_CLIENTS)
        for node in ast.walk(tree)
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if module.split(".")[0] in impure
    ]

    assert reading == []


def test_only_the_edge_catches_everything() -> None:
    """Bug 60 of the reliability notes is the reason for edges, and this for having few of them."""
    edges = {
        "functions/call_providers/fetch_page.py",
        "functions/process_events/process_batch.py",
        "functions/process_events/fold_events.py",
        "functions/fire_triggers/read_stream.py",
        "functions/record_changes/record_batch.py",
        "functions/run_automations/process_batch.py",
        "shared/door.py",
        "shared/api/resolver.py",
    }

    elsewhere = [
        f"{name}:{node.lineno}"
        for name, tree in modules("functions", "shared", "infra")
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not isinstance(node.body[-1], ast.Raise)  # tidying up on the way out catches nothing
        and name not in edges
    ]

    assert elsewhere == []


def test_signatures_are_never_compared_with_equals() -> None:
    """square-nodejs-sdk#129 and its siblings: an early exit tells how much of it was right."""
    loose = [
        f"{name}:{node.lineno}"
        for name, tree in modules("functions", "shared")
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and re.search(r"signature|digest\(\)|hmac", ast.unparse(node))
    ]

    assert loose == []


def test_no_file_names_a_package_registry_or_a_path_of_some_machine() -> None:
    spelled = "|".join(
        [
            "/".join(["", "simple", ""]) + "[a-z]",
            '"resolved": *"http',
            "--index" + "-url",
            "--extra-index" + "-url",
            "find" + "-links",
        ]
    )
    telling = re.compile(
        rf"https?://[^ \"]*/simple/|{spelled}|(?<![\w./-])/(work|root|home)/[a-z.]"
    )

    found = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.endswith((".png", ".ico")) or name == "tests/test_house.py":
            continue
        text = path.read_text(errors="replace")
        found += [f"{name}: {match.group()}" for match in telling.finditer(text)]

    assert found == []


def test_every_subcommand_and_every_make_target_is_in_the_readme() -> None:
    modules_of_commands = {
        path.stem
        for path in (ROOT / "infra/cli").glob("*.py")
        if "SUMMARY" in path.read_text() and path.stem != "command"
    } - {"__main__"}
    registered = {getattr(each, "__name__", "").rpartition(".")[2] for each in COMMANDS.values()}
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    untold = [
        name
        for name in sorted(COMMANDS)
        if f"./paysignal {name} " not in readme().replace("\n", " ")
    ]
    untold += [name for name in targets if f"make {name}" not in readme() and name != "help"]

    assert modules_of_commands == registered
    assert untold == []


def test_no_tracked_file_is_large() -> None:
    large = [path.name for path in tracked() if path.stat().st_size > 500_000]

    assert large == []
