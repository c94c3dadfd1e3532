"""The third-party part of assets: locked distributions, unpacked and compiled once per target.

A target is where the code will run: this machine's interpreter (the embedded emulator) or
Lambda's (python3.13 on arm64). Versions come from `requirements/runtime.txt` alone; a package that
is not locked there is an error, never a silent download.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import os
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.imports import BundleError

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_LAMBDA_PYTHON = "3.13"
# The newer tag alone hides wheels published before it; the older alone resolves outdated versions.
_LAMBDA_PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_28_aarch64")


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an asset runs, and the interpreter here that compiles for it (None: sources only)."""

    name: str
    python: str
    machine: str
    compiler: str | None

    @classmethod
    def host(cls) -> Target:
        """Return the interpreter that runs this: the emulator's workers use the same one."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return cls(
            name="local", python=version, machine=os.uname().machine, compiler=sys.executable
        )

    @classmethod
    def aws(cls) -> Target:
        """Return Lambda's python3.13 on arm64."""
        compiler = _interpreter(_LAMBDA_PYTHON)
        return cls(name="aws", python=_LAMBDA_PYTHON, machine="aarch64", compiler=compiler)

    @property
    def identity(self) -> str:
        """Return what makes one asset differ from another; never a path of this machine."""
        compiled = "compiled" if self.compiler else "sources"
        return f"{self.name} {self.python} {self.machine} {compiled}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the values that environment markers of requirements are judged by."""
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "platform_machine": self.machine,
            "sys_platform": "linux" if self.name == "aws" else sys.platform,
            "platform_system": "Linux",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "os_name": "posix",
            "extra": "",
        }


def _interpreter(version: str) -> str | None:
    """Return a Python of exactly this minor version, if one here runs."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        return None
    probe = subprocess.run([found, "-c", ""], capture_output=True, check=False)
    return found if probe.returncode == 0 else None


def compile_tree(folder: Path, target: Target) -> None:
    """Compile every module under `folder` for `target`, if an interpreter for it is here.

    Unchecked hashes: Lambda's files carry one fixed time, so a stamp would tell nothing, and
    checking the source at each start costs what compiling saves.
    """
    if target.compiler == sys.executable:
        done = compileall.compile_dir(
            folder,
            quiet=2,
            stripdir=str(folder),
            prependdir="/var/task",
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    elif target.compiler is not None:
        command = [target.compiler, "-m", "compileall", "-q", "-s", str(folder), "-p", "/var/task"]
        command += ["--invalidation-mode", "unchecked-hash", str(folder)]
        done = subprocess.run(command, check=False).returncode == 0
    else:
        return
    if not done:
        raise BundleError(f"Compiling {folder} with {target.compiler} failed.")


class Packages:
    """The runtime lock's distributions for one target, unpacked under `cache`."""

    def __init__(self, *, lock: Path, target: Target, cache: Path) -> None:
        self._lock = lock
        self._target = target
        text = lock.read_text(encoding="utf-8")
        self.versions: dict[str, str] = {
            canonicalize_name(name): pin for name, pin in _PIN.findall(text)
        }
        key = sha256(f"{text}{target.identity}".encode()).hexdigest()[:12]
        self.folder = cache / f"{target.name}-{target.python}-{target.machine}-{key}"

    def needed(self, names: frozenset[str]) -> tuple[str, ...]:
        """Return the distributions behind import names, their own requirements included.

        Raise BundleError for a name no locked distribution provides.
        """
        providers = importlib.metadata.packages_distributions()
        waiting = [self._locked_provider(name, providers.get(name, ())) for name in names]
        found: set[str] = set()
        while waiting:
            distribution = waiting.pop()
            if distribution in found:
                continue
            found.add(distribution)
            for line in importlib.metadata.requires(distribution) or ():
                requirement = Requirement(line)
                if requirement.marker and not requirement.marker.evaluate(self._target.environment):
                    continue
                waiting.append(self._locked_provider(requirement.name, (requirement.name,)))
        return tuple(sorted(found))

    def _locked_provider(self, name: str, candidates: list[str] | tuple[str, ...]) -> str:
        for candidate in candidates:
            if (canonical := canonicalize_name(candidate)) in self.versions:
                return canonical
        raise BundleError(
            f"A handler needs the package {name}, which requirements/runtime.txt does not lock. "
            "Add it to requirements/runtime.in and run: make lock"
        )

    def files_of(self, distribution: str) -> list[Path]:
        """Return a distribution's files, relative to `folder`; unpacks the lock on first use."""
        self._unpack()
        found = list(importlib.metadata.distributions(name=distribution, path=[str(self.folder)]))
        if not found or found[0].version != self.versions[canonicalize_name(distribution)]:
            raise BundleError(f"{distribution} in {self.folder} is not the locked version.")
        return [path for file in found[0].files or () for path in self._with_bytecode(Path(file))]

    def _with_bytecode(self, file: Path) -> list[Path]:
        """Return a recorded file worth deploying, with what was compiled from it."""
        if ".." in file.parts or file.suffix in (".pyc", ".pyi") or file.parts[0] == "bin":
            return []
        if file.parent.suffix == ".dist-info" and file.name != "METADATA":
            return []
        compiled = (self.folder / file.parent / "__pycache__").glob(f"{file.stem}.cpython-*.pyc")
        bytecode = compiled if file.suffix == ".py" else ()
        return [file, *(path.relative_to(self.folder) for path in bytecode)]

    def _unpack(self) -> None:
        """Fill the cache once; several processes may try at the same time, and one wins."""
        if self.folder.is_dir():
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as scratch:
            fresh = Path(scratch) / "packages"
            fresh.mkdir()
            if self._target.name == "local":
                self._copy_installed(fresh)
            else:
                self._download(fresh)
            compile_tree(fresh, self._target)
            if not self.folder.is_dir():
                fresh.rename(self.folder)

    def _copy_installed(self, fresh: Path) -> None:
        """Copy the lock's distributions out of the environment this runs in."""
        for name, version in self.versions.items():
            try:
                distribution = importlib.metadata.distribution(name)
            except importlib.metadata.PackageNotFoundError:
                continue  # Locked for another platform; `files_of` reports it if it is needed.
            if distribution.version != version:
                raise BundleError(
                    f"{name} {distribution.version} is installed, {version} is locked. "
                    "Run: make check"
                )
            for file in distribution.files or ():
                if ".." in file.parts or file.suffix == ".pyc":
                    continue
                copy = fresh / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(distribution.locate_file(file)), copy)

    def _download(self, fresh: Path) -> None:
        """Install the lock's wheels for Lambda, whatever this machine is."""
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
        command += ["--implementation=cp", f"--python-version={self._target.python}"]
        command += [f"--platform={platform}" for platform in _LAMBDA_PLATFORMS]
        command += ["--no-compile", f"--target={fresh}", f"--requirement={self._lock}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BundleError(f"Fetching Lambda's packages failed:\n{done.stderr.strip()[-2000:]}")
