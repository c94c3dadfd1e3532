"""Builds a Lambda's asset: the closure of its handler's imports, with only the packages it uses.

Paths inside the asset are those of the checkout (`functions/...`, `shared/...`), so an import means
the same in a test and on Lambda. A zip is named by the hash of all that went into it and kept, so
an unchanged Lambda costs nothing at the next synth and is not deployed again.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from infra.imports import BundleError, Closure, closure_of
from infra.packages import Packages, Target, compile_tree

__all__ = ["Asset", "BundleError", "Bundler", "Target"]

ROOT = Path(__file__).resolve().parent.parent
# Raise when this module builds differently from the same input.
_RECIPE = 1
_KEPT = 6
# Files a Lambda reads that are generated from the code: asset path and the module whose
# `write(path)` makes it.
_GENERATED = {"query": (Path("functions/query/openapi.json"), "infra.openapi")}


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A zip ready for Lambda, the hash that names it, and the distributions inside."""

    path: Path
    hash: str
    distributions: tuple[str, ...]
    compiled: bool


class Bundler:
    """Builds assets of `root`'s functions for one target, keeping them under `cache`."""

    def __init__(
        self, *, target: Target, root: Path = ROOT, lock: Path | None = None, cache: Path
    ) -> None:
        self._root = root
        self._target = target
        self._cache = cache / "assets"
        lock = lock or root / "requirements" / "runtime.txt"
        self._packages = Packages(lock=lock, target=target, cache=cache / "packages")

    def functions(self, prefix: str = "") -> list[str]:
        """Return the folders of `functions/` whose names start with `prefix`, in order."""
        folders = (self._root / "functions").glob(f"{prefix}*/")
        return sorted(folder.name for folder in folders if folder.name != "__pycache__")

    def build(self, function: str) -> Asset:
        """Return the asset of `functions/<function>`, building it unless it is already there.

        Raise BundleError when the handler is missing or needs a package that is not locked.
        """
        closure = closure_of(self._root, Path("functions") / function / "handler.py")
        distributions = self._packages.needed(closure.packages)
        with tempfile.TemporaryDirectory() as scratch:
            tree = Path(scratch)
            self._collect(function, closure, tree)
            name = self._hash(tree, distributions)
            path = self._cache / f"{function}-{self._target.name}-{name[:16]}.zip"
            if not path.is_file():
                compile_tree(tree, self._target)
                self._zip(tree, distributions, path)
        return Asset(
            path=path,
            hash=name,
            distributions=distributions,
            compiled=self._target.compiler is not None,
        )

    def _collect(self, function: str, closure: Closure, tree: Path) -> None:
        """Copy the first-party files, and write the generated ones."""
        for file in closure.files:
            copy = tree / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._root / file, copy)
        path, module = _GENERATED.get(function, (None, ""))
        if path and importlib.util.find_spec(module):
            importlib.import_module(module).write(tree / path)

    def _hash(self, tree: Path, distributions: tuple[str, ...]) -> str:
        digest = sha256(f"{_RECIPE} {self._target.identity}".encode())
        for distribution in distributions:
            digest.update(f"{distribution}=={self._packages.versions[distribution]}\0".encode())
        for file in sorted(path for path in tree.rglob("*") if path.is_file()):
            digest.update(f"{file.relative_to(tree)}\0".encode())
            digest.update(sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    def _zip(self, tree: Path, distributions: tuple[str, ...], path: Path) -> None:
        """Write the zip beside its final name and move it there whole, for concurrent builds."""
        path.parent.mkdir(parents=True, exist_ok=True)
        files = {file.relative_to(tree): file for file in tree.rglob("*") if file.is_file()} | {
            file: self._packages.folder / file
            for distribution in distributions
            for file in self._packages.files_of(distribution)
        }
        with (
            tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as scratch,
            zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name in sorted(files):
                # A fixed time and mode, so that equal content is an equal zip.
                entry = zipfile.ZipInfo(name.as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, files[name].read_bytes())
        Path(scratch.name).replace(path)
        self._forget_old(path)

    def _forget_old(self, newest: Path) -> None:
        """Keep a function's last few assets: going back to one is common, to an old one is not."""
        pattern = newest.name.rpartition("-")[0] + "-*.zip"
        kept = sorted(newest.parent.glob(pattern), key=lambda file: file.stat().st_mtime)
        for file in kept[:-_KEPT]:
            file.unlink(missing_ok=True)
