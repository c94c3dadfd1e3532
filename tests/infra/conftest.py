"""The synthesised stack, once for all tests of the template."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Validations

from infra.app import build, new_app
from infra.bundle import ROOT

Template = dict[str, Any]
CACHE = ROOT / ".paysignal" / "cache"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the template on one worker: Node starts once."""
    for item in items:
        if "synth" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("template"))


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Template]:
    """Return a function that synthesises the stack with a context and returns its template."""

    def synthesise(*plugins: Any, **context: object) -> Template:
        folder = tmp_path_factory.mktemp("cdk.out")
        app = new_app(context=context, outdir=str(folder))
        build(app, cache=CACHE)
        Validations.of(app).add_plugins(*(plugin(app) for plugin in plugins))
        app.synth()
        (file,) = Path(folder).glob("*.template.json")
        template: Template = json.loads(file.read_text())
        return template

    return synthesise


@pytest.fixture(scope="session")
def template(synth: Callable[..., Template]) -> Template:
    """Return the template as it goes to AWS."""
    return synth()
