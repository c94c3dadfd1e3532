"""The gateway: environments stay warm until they are thrown away, and a door's clock is its own."""

from __future__ import annotations

import json
from typing import Any

from tests.simulation.faults import Crashed
from tests.simulation.gateway import Entry, Gateway
from tests.simulation.processor import SIGNING_SECRET, Deployment
from tests.simulation.stories import STARTS_AT_MS, checkout
from tests.simulation.world import World


class Cold:
    """Builds environments, and knows how many there were and who answered."""

    def __init__(self) -> None:
        self.world = World()
        self.gateway = Gateway("api", self._build, self.world)
        self.built = 0
        self.answered: list[int] = []

    def _build(self) -> Entry:
        self.built += 1
        number = self.built

        def entry(request: dict[str, Any], context: object) -> dict[str, Any]:
            del context
            if request.get("restarts"):
                self.world.restart()
            if request.get("crashes"):
                raise Crashed
            self.answered.append(number)
            return {"statusCode": 200}

        return entry


def test_an_environment_stays_warm_until_all_are_thrown_away() -> None:
    cold = Cold()

    cold.gateway.answer({})
    cold.gateway.answer({})
    cold.world.restart()
    cold.gateway.answer({})

    assert cold.answered == [1, 1, 2]
    assert cold.gateway.invocations == 3


def test_what_was_at_work_when_all_were_thrown_away_is_not_used_again() -> None:
    cold = Cold()

    cold.gateway.answer({"restarts": True})
    cold.gateway.answer({})

    assert cold.answered == [1, 2]


def test_an_environment_that_died_answers_nothing_and_is_gone() -> None:
    cold = Cold()

    assert cold.gateway.answer({"crashes": True}) is None
    cold.gateway.answer({})

    assert cold.answered == [2]


def test_a_gateway_gives_a_world_nothing_to_do() -> None:
    cold = Cold()
    cold.gateway.answer({})

    assert cold.world.drain(1_000) == 0
    assert cold.world.left() == {}


def test_stripes_door_tells_the_time_of_its_own_machine() -> None:
    world = World()
    world.clock.advance_to(STARTS_AT_MS)
    deployment = Deployment(world)
    event = checkout().events[0]
    request = deployment._request(event, SIGNING_SECRET)

    world.disturbances.skew_ms = 50_000
    accepted = deployment.door.answer(request)
    (message,) = world.sqs.queues["events.fifo"].messages.values()
    world.disturbances.skew_ms = 400_000
    too_old = deployment.door.answer(request)

    assert accepted is not None
    assert too_old is not None
    assert (accepted["statusCode"], too_old["statusCode"]) == (200, 401)
    assert 50_000 <= json.loads(message.body)["received_at"] - STARTS_AT_MS < 51_000


def test_a_restart_has_stripes_door_read_its_secrets_anew() -> None:
    world = World()
    world.clock.advance_to(STARTS_AT_MS)
    deployment = Deployment(world)
    first, second = (deployment._request(event) for event in checkout().events[:2])

    deployment.door.answer(first)
    deployment.door.answer(second)
    before = world.steps.calls["ssm"]
    world.restart()
    deployment.door.answer(second)

    assert (before, world.steps.calls["ssm"]) == (1, 2)
