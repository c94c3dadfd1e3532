"""Finds what a Lambda needs by reading its import statements, so nothing is listed by hand.

The walk is static: modules are parsed, never run. A dynamic import would be invisible, hence the
house rule that there are none in `functions/` and `shared/`. Imports under `TYPE_CHECKING` are
for the type checker and bring nothing into an asset.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FIRST_PARTY = ("functions", "shared")


class BundleError(Exception):
    """An asset cannot be built; the message names the file and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Closure:
    """What a handler reaches: first-party files relative to the root, and third-party names."""

    files: tuple[Path, ...]
    packages: frozenset[str]


def closure_of(root: Path, entry: Path) -> Closure:
    """Return everything `entry` (a file under `root`) imports, directly or through others.

    JSON files lying beside a reached module belong to it. Raise BundleError for a missing file,
    an import of a first-party module that does not exist, or a reach into infra or tests.
    """
    if not (root / entry).is_file():
        raise BundleError(f"{entry} does not exist: every Lambda is functions/<name>/handler.py.")
    seen: set[Path] = set()
    packages: set[str] = set()
    waiting = {entry, *_parents(root, entry)}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for name in sorted(_imported_names(root, path)):
            top = name.partition(".")[0]
            if top in FIRST_PARTY:
                waiting |= _first_party(root, name, path) - seen
            elif top in ("infra", "tests"):
                raise BundleError(f"{path} imports {name}, which is never deployed.")
            elif top not in sys.stdlib_module_names:
                packages.add(top)
    data = {
        beside.relative_to(root)
        for folder in {path.parent for path in seen}
        for beside in (root / folder).glob("*.json")
    }
    return Closure(files=tuple(sorted(seen | data)), packages=frozenset(packages))


def _imported_names(root: Path, path: Path) -> set[str]:
    """Return the absolute dotted names `path` imports, `from a import b` as both a and a.b."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"), filename=str(path))
    names: set[str] = set()
    for node in _running_nodes(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, path)
            names.add(base)
            if base.partition(".")[0] in FIRST_PARTY:
                names.update(
                    f"{base}.{alias.name}"
                    for alias in node.names
                    if _module_file(root, f"{base}.{alias.name}") is not None
                )
    return names


def _running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, leaving out what stands under `if TYPE_CHECKING:`."""
    yield node
    if isinstance(node, ast.If) and _names_type_checking(node.test):
        children: Iterable[ast.AST] = node.orelse
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from _running_nodes(child)


def _names_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = path.parent.parts[: len(path.parent.parts) - (node.level - 1)]
    return ".".join((*package, *([node.module] if node.module else [])))


def _first_party(root: Path, name: str, importer: Path) -> set[Path]:
    """Return the file of module `name` with the `__init__.py` of every package above it."""
    file = _module_file(root, name)
    if file is None:
        if (root / Path(*name.split("."))).is_dir():
            return set()
        raise BundleError(f"{importer} imports {name}, which does not exist.")
    return {file, *_parents(root, file)}


def _module_file(root: Path, name: str) -> Path | None:
    stem = Path(*name.split("."))
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if (root / candidate).is_file():
            return candidate
    return None


def _parents(root: Path, file: Path) -> set[Path]:
    """Return the `__init__.py` files that Python runs before it runs `file`."""
    inits = (parent / "__init__.py" for parent in file.parents if parent != Path())
    return {init for init in inits if (root / init).is_file()}
