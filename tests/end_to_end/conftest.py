"""A whole stack of the tests' own: another port, another folder, started once and stopped."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from infra.aws import Aws
from infra.cli.api import Api
from infra.local.stack import LocalStack

HERE = __file__.rpartition("/")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder, and keep it on one worker: it shares one emulator."""
    for item in items:
        if str(item.path).startswith(HERE):
            item.add_marker(pytest.mark.end_to_end)
            item.add_marker(pytest.mark.xdist_group("end_to_end"))


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A running stack: where it answers, the key that may do everything, and AWS's clients."""

    api_url: str
    admin_key: str
    webhooks: dict[str, str]
    outputs: dict[str, str]
    aws: Aws
    api: Api
    local: LocalStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the stack, and stop it after the last test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    local = LocalStack(port=port, state_dir=tmp_path_factory.mktemp("stack"), say=print)
    with ExitStack() as ending:
        ending.callback(local.aws.close)
        ending.callback(local.down)
        endpoints = local.up()
        yield Stack(
            api_url=endpoints.api_url,
            admin_key=endpoints.admin_key,
            webhooks=dict(endpoints.webhooks),
            outputs=local.outputs(),
            aws=local.aws,
            api=ending.enter_context(closing(Api(endpoints))),
            local=local,
        )
