"""Assets: the right files, the locked versions, bytes that repeat, and imports that hold."""

import importlib.util
import inspect
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.bundle import ROOT, Asset, BundleError, Bundler, Target
from infra.packages import Packages
from shared.settings import Settings
from tests.infra.conftest import CACHE

LOCK = ROOT / "requirements" / "runtime.txt"
LAMBDAS = sorted(handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py"))
DOORS = [name for name in LAMBDAS if name.startswith("ingest_")]
# PayPal proves itself by certificates, which the standard library cannot judge.
_PACKAGES_OF_DOORS = {"ingest_paypal": ("cffi", "cryptography", "pycparser")}


def _some_value(name: str) -> str:
    """Return a value that fits a setting of this name."""
    if name.endswith("_url"):
        return f"https://sqs.example.com/1/{name}"
    if name.endswith("_prefix"):
        return "/paysignal/something"
    return "1" if name.endswith("_seconds") else name


# What a handler reads at its import; any values do.
ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    **{
        name.upper(): _some_value(name)
        for settings in Settings.__subclasses__()
        for name in inspect.get_annotations(settings)
    },
}


def build(name: str, target: Target) -> Asset:
    return Bundler(target=target, cache=CACHE).build(name)


def contents(asset: Asset) -> list[str]:
    with zipfile.ZipFile(asset.path) as archive:
        return archive.namelist()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a checkout with one Lambda that uses a package."""
    folder = tmp_path / "root" / "functions" / "greet"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("import jmespath\n\ndef handler(event, context): ...\n")
    return tmp_path / "root"


def bundler(tree: Path, cache: Path) -> Bundler:
    return Bundler(target=Target.host(), root=tree, lock=LOCK, cache=cache)


@pytest.mark.parametrize("name", LAMBDAS)
def test_a_handler_finds_all_it_imports_in_its_asset(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(build(name, Target.host()).path) as archive:
        archive.extractall(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import functions.{name}.handler"

    # No site-packages, no current folder, no PYTHONPATH: the asset or nothing.
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-I", "-S", "-c", code],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("target", [Target.host(), Target.aws()], ids=lambda target: target.name)
def test_a_door_carries_no_package_it_can_do_without(name: str, target: Target) -> None:
    asset = build(name, target)

    assert asset.distributions == _PACKAGES_OF_DOORS.get(name, ())
    if not asset.distributions:
        assert {file.partition("/")[0] for file in contents(asset)} == {"functions", "shared"}


@pytest.mark.parametrize("name", LAMBDAS)
def test_no_lambda_carries_another_or_the_tests(name: str) -> None:
    folders = {file.split("/")[1] for file in contents(build(name, Target.aws())) if "/" in file}

    assert folders & set(LAMBDAS) == {name}
    assert not any(
        file.startswith(("tests/", "infra/")) for file in contents(build(name, Target.aws()))
    )


@pytest.mark.parametrize("name", LAMBDAS)
def test_on_aws_every_package_is_the_locked_one_for_lambdas_machine(name: str) -> None:
    asset = build(name, Target.aws())
    locked = Packages(lock=LOCK, target=Target.aws(), cache=CACHE).versions

    found = {}
    with zipfile.ZipFile(asset.path) as archive:
        for file in archive.namelist():
            if file.endswith(".dist-info/METADATA"):
                metadata = archive.read(file).decode()
                found[re.findall("^Name: (.*)$", metadata, re.M)[0].lower().replace("_", "-")] = (
                    re.findall("^Version: (.*)$", metadata, re.M)[0]
                )
            if file.endswith(".so"):
                # For this interpreter, or for every one of its kind.
                assert file.endswith((".cpython-313-aarch64-linux-gnu.so", ".abi3.so"))
                # ELF's machine: 183 is aarch64.
                assert struct.unpack_from("<H", archive.read(file), 18) == (183,)

    assert found == {each: locked[each] for each in asset.distributions}


def test_only_the_packages_that_are_used_come_along(tree: Path) -> None:
    asset = bundler(tree, CACHE).build("greet")

    assert asset.distributions == ("jmespath",)
    tops = {file.partition("/")[0] for file in contents(asset)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"functions", "jmespath"}


def test_requirements_of_requirements_come_along() -> None:
    packages = Packages(lock=LOCK, target=Target.aws(), cache=CACHE)

    needed = packages.needed(frozenset({"aws_lambda_powertools", "httpx"}))

    assert {"aws-lambda-powertools", "typing-extensions", "jmespath", "anyio", "idna"} < set(needed)
    assert not {"boto3", "botocore", "pydantic"} & set(needed)


def test_a_package_that_is_not_locked_stops_the_build(tree: Path, tmp_path: Path) -> None:
    (tree / "functions" / "greet" / "handler.py").write_text("import hypothesis\n")

    with pytest.raises(BundleError, match=r"hypothesis, which requirements/runtime\.txt does not"):
        bundler(tree, tmp_path / "cache").build("greet")


def test_equal_input_makes_equal_bytes(tree: Path, tmp_path: Path) -> None:
    first = bundler(tree, tmp_path / "one").build("greet")
    second = bundler(tree, tmp_path / "two").build("greet")

    assert first.hash == second.hash
    assert first.path.read_bytes() == second.path.read_bytes()


def test_an_unchanged_lambda_is_not_built_again(tree: Path) -> None:
    first = bundler(tree, CACHE).build("greet")
    built_at = first.path.stat().st_mtime_ns

    again = bundler(tree, CACHE).build("greet")

    assert again == first
    assert again.path.stat().st_mtime_ns == built_at


def test_a_changed_lambda_has_another_hash(tree: Path) -> None:
    first = bundler(tree, CACHE).build("greet")
    (tree / "functions" / "greet" / "handler.py").write_text("import jmespath\n")

    assert bundler(tree, CACHE).build("greet").hash != first.hash


def test_modules_are_compiled_so_that_lambda_never_checks_their_source() -> None:
    with zipfile.ZipFile(build("process_events", Target.host()).path) as archive:
        files = set(archive.namelist())
        sources = [file for file in files if file.endswith(".py")]
        for source in sources:
            compiled = importlib.util.cache_from_source(source)
            assert compiled in files
            # The header's flags: a hash, and not to be checked.
            assert struct.unpack_from("<I", archive.read(compiled), 4) == (0b01,)
    assert sources


def test_the_api_carries_its_own_description() -> None:
    assert "functions/query/openapi.json" in contents(build("query", Target.aws()))
    assert "functions/query/openapi.json" not in contents(build("manage", Target.aws()))
