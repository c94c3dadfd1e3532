"""The fakes of the simulator answer as the emulator does, operation by operation.

Some thousands here; `python -m tests.simulation.conformance_main` compares as many as one likes.
The emulator is the suite's own: what lies in the stack's is other tests' affair.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.simulation import conformance_suite as suite
from tests.simulation.conformance_sides import Side, emulated, emulator, fakes, other_table


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with emulator(port, tmp_path_factory.mktemp("conformance")) as address:
        yield address


@pytest.fixture(scope="module")
def sides(url: str) -> tuple[Side, Side]:
    return fakes(), emulated(url)


def test_random_operations_are_answered_alike(sides: tuple[Side, Side]) -> None:
    left, right = sides

    for seed in range(suite.RUNS):
        suite.run(left, right, seed)

    assert suite.walk(left, right) > 0


@pytest.mark.parametrize("part", suite.LIVES)
def test_every_request_of_the_products_own_is_answered_alike(part: str, url: str) -> None:
    compared = sum(
        suite.live(part, seed, lambda schema: other_table(url, schema))
        for seed in range(suite.LIVES_EACH)
    )

    assert compared > 20 * suite.LIVES_EACH
