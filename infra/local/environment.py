"""The emulator's own Python environment, apart from everything a Lambda brings along.

Functions run on the emulator's interpreter and can import whatever it has. In an environment of its
own that is little, so a package missing from an asset is missed here too, not only on Lambda.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path


class InstallError(Exception):
    """The emulator could not be installed; the message carries the installer's last words."""


def emulator_python(*, folder: Path, lock: Path, say: Callable[[str], None]) -> Path:
    """Return the interpreter that has MiniStack, installing it when the lock has changed.

    Several processes may ask at once; they wait for the one that installs.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    stamp = folder / "installed"
    python = folder / "bin" / "python"
    with (folder.parent / f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != wanted:
            say("installing the emulator (once)")
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            _install(python, lock)
            stamp.write_text(wanted)
    return python


def _install(python: Path, lock: Path) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(f"Installing the emulator failed:\n{done.stderr.strip()[-2000:]}")
