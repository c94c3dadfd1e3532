"""When the template has to be made anew: whenever anything has changed that it is made of."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from infra import synth
from infra.bundle import ROOT
from infra.synth import _TAKEN, template_key


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout in which the template is made of next to nothing."""
    names = ("infra/stack.py", "requirements/dev.txt", "functions/query/handler.py", *_TAKEN)
    for name in names:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    monkeypatch.setattr(synth, "ROOT", tmp_path)
    return tmp_path


def imported(file: Path) -> set[str]:
    """Return the files of this checkout that one imports."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
    files = {f"{module.replace('.', '/')}.py" for module in modules}
    return {name for name in files if (ROOT / name).is_file()}


def test_all_the_app_imports_of_the_product_is_hashed() -> None:
    reached, to_read = set[str](), {"infra/app.py"}
    while to_read:
        name = to_read.pop()
        reached.add(name)
        if name.startswith("infra/"):
            to_read |= imported(ROOT / name) - reached

    assert {name for name in reached if not name.startswith("infra/")} == set(_TAKEN)
    assert {str(Path(name).parent) for name in reached - set(_TAKEN)} == {"infra"}


@pytest.mark.parametrize("name", ["infra/stack.py", "requirements/dev.txt", *_TAKEN])
def test_a_change_of_what_the_template_takes_changes_its_key(checkout: Path, name: str) -> None:
    before = template_key({})

    (checkout / name).write_text("something else")

    assert template_key({}) != before


def test_code_inside_a_lambda_changes_nothing_and_another_lambda_does(checkout: Path) -> None:
    before = template_key({})

    (checkout / "functions/query/handler.py").write_text("something else")
    of_new_code = template_key({})
    (checkout / "functions/manage").mkdir()
    (checkout / "functions/manage/handler.py").touch()

    assert of_new_code == before
    assert template_key({}) != before


def test_other_choices_have_another_key(checkout: Path) -> None:
    assert template_key({"local": True}) != template_key({"local": False})
