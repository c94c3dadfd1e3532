"""Cold starts: a Lambda's own module executed anew, with the world's clients, clock and dice.

Nothing of the product is replaced by a double: what runs here is what is deployed, down to the
adapters. Only what reaches outside the process is led to the world.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any

import pytest

from shared.adapters import outbound
from shared.adapters.aws import AwsClient
from shared.adapters.bodies import S3Objects
from tests.simulation.function import Handle
from tests.simulation.world import World

_SERVICES = ("dynamodb", "sqs", "ssm", "events")


@cache
def _code(handler: str) -> tuple[Any, Any]:
    """Return a module's spec and its compiled code, which no cold start changes."""
    spec: Any = importlib.util.find_spec(handler)
    return spec, spec.loader.get_code(handler)


def execute(
    handler: str,
    world: World,
    environ: Mapping[str, str],
    make_outbound: Callable[..., Any] | None = None,
    *,
    is_step: bool = True,
) -> Any:
    """Execute the module of that name as a new execution environment does; return it.

    Its calls of AWS are steps of the world, which may meet faults, unless `is_step` is false.
    """
    callers: dict[str, Any] = {
        service: world.caller(service) if is_step else getattr(world, service)
        for service in _SERVICES
    }
    objects = world.objects() if is_step else world.s3
    (spec, code), clock = _code(handler), world.clock
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        patch.setattr(AwsClient, "from_environment", lambda service, _: callers[service])
        patch.setattr(S3Objects, "from_environment", lambda *_: objects)
        patch.setattr("random.random", world.random.random)
        # Names that a module binds while it is executed; later it asks the module's own `time`.
        patch.setattr(time, "monotonic", lambda: clock() / 1000)
        if make_outbound is not None:
            patch.setattr(outbound, "Outbound", make_outbound)
        module: Any = importlib.util.module_from_spec(spec)
        FunctionType(code, module.__dict__)()
    module.time = SimpleNamespace(time_ns=lambda: world.product_clock() * 1_000_000)
    return module


def handle_of(module: Any) -> Handle:
    """Return a module's handler as a host invokes it: nothing asks how much time is left."""
    return lambda event, _: module.handler(event, None)


def open_door(handler: str, world: World, environ: Mapping[str, str]) -> Any:
    """Execute a door's module; return the door, whose clock is the machine's of that world."""
    door = execute(handler, world, environ).handler
    door._clock = lambda: world.product_clock() / 1000
    door._monotonic = lambda: world.clock() / 1000
    return door


def sleeper(world: World) -> Callable[[float], None]:
    """Return a `sleep` that lets virtual time pass, and others work meanwhile."""
    return world.pass_seconds
