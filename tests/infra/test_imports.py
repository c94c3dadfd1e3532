"""What an asset needs is read out of its handler's imports."""

from pathlib import Path

import pytest

from infra.imports import BundleError, closure_of

HANDLER = Path("functions/greet/handler.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a checkout with one Lambda that imports nothing yet."""
    write(tmp_path, "functions/__init__.py")
    write(tmp_path, "functions/greet/__init__.py")
    write(tmp_path, "shared/__init__.py")
    write(tmp_path, str(HANDLER))
    return tmp_path


def write(root: Path, name: str, text: str = "") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(root: Path) -> set[str]:
    return {file.as_posix() for file in closure_of(root, HANDLER).files}


def test_a_handler_brings_its_packages_along_and_nothing_else(tree: Path) -> None:
    write(tree, "functions/other/__init__.py")
    write(tree, "shared/unused.py")

    assert names(tree) == {
        "functions/__init__.py",
        "functions/greet/__init__.py",
        "functions/greet/handler.py",
    }


def test_imports_are_followed_through_modules_in_every_form(tree: Path) -> None:
    write(tree, str(HANDLER), "import shared.one\nfrom shared.two import two\nfrom . import near\n")
    write(tree, "functions/greet/near.py", "from .deep import thing\n")
    write(tree, "functions/greet/deep/__init__.py", "def later():\n    from shared import three\n")
    write(tree, "shared/one.py", "from shared import four\n")
    for name in ("two", "three", "four"):
        write(tree, f"shared/{name}.py", "two = 2\n")

    found = names(tree)

    assert {f"shared/{name}.py" for name in ("one", "two", "three", "four")} < found
    assert {"functions/greet/near.py", "functions/greet/deep/__init__.py"} < found


def test_what_only_the_type_checker_reads_stays_out(tree: Path) -> None:
    write(tree, "shared/typed.py")
    write(tree, "shared/real.py")
    write(
        tree,
        str(HANDLER),
        "import typing\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    import shared.typed, boto3\n"
        "else:\n    import shared.real\nif typing.TYPE_CHECKING:\n    import mypy_boto3_sqs\n",
    )

    closure = closure_of(tree, HANDLER)

    assert Path("shared/typed.py") not in closure.files
    assert Path("shared/real.py") in closure.files
    assert closure.packages == frozenset()


def test_third_party_packages_are_told_from_the_standard_library(tree: Path) -> None:
    write(tree, str(HANDLER), "import json, os.path\nimport httpx\nfrom pydantic.main import x\n")

    assert closure_of(tree, HANDLER).packages == {"httpx", "pydantic"}


def test_json_beside_a_module_comes_with_it(tree: Path) -> None:
    write(tree, "functions/greet/table.json", "{}")
    write(tree, "functions/other/table.json", "{}")

    assert "functions/greet/table.json" in names(tree)
    assert "functions/other/table.json" not in names(tree)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import shared.gone", r"handler\.py imports shared\.gone, which does not exist"),
        ("from functions.gone import x", r"imports functions\.gone, which does not exist"),
        ("import infra.bundle", r"imports infra\.bundle, which is never deployed"),
        ("from tests.infra import x", r"imports tests\.infra, which is never deployed"),
    ],
)
def test_an_import_that_cannot_be_deployed_is_named(tree: Path, line: str, message: str) -> None:
    write(tree, str(HANDLER), line)

    with pytest.raises(BundleError, match=message):
        closure_of(tree, HANDLER)


def test_a_missing_handler_is_named(tree: Path) -> None:
    with pytest.raises(BundleError, match=r"functions/gone/handler\.py does not exist"):
        closure_of(tree, Path("functions/gone/handler.py"))
