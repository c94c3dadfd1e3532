"""What happens around a call: others work meanwhile, people act, machines and clocks change.

Each is a fault of a plan, and counted where it was met and not planned alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.world import World

_SENDS = ("sqs.SendMessage", "sqs.SendMessageBatch")
_BATCHES = {
    "dynamodb.BatchGetItem": "RequestItems",
    "sqs.SendMessageBatch": "Entries",
    "events.PutEvents": "Entries",
}
# A receiver's tolerance, and Stripe's, is five minutes; clocks of machines are off by less.
SKEW_SECONDS_MAX = 50
# An index follows within a second or so; jobs look again after thirty, and rely on that.
LATENESS_MAX_SECONDS = 20
REQUEST_MS = 10_000
# What a delayed message comes late by, for each of the fault's argument.
DELAY_MS = 10_000


class Disturbances:
    """Carries out, in one world, what a plan has happen around calls."""

    def __init__(self, world: World) -> None:
        self.skew_ms = 0
        # How often a mended release was deployed.
        self.releases = 0
        self._world = world

    def calm_down(self) -> None:
        """Set clocks right."""
        self.skew_ms = 0

    def prepare(self, name: str, payload: Mapping[str, Any], faults: Mapping[str, int]) -> None:
        """Tell a fake about a fault that only it can carry out."""
        world = self._world
        if "stale" in faults and name == "dynamodb.Query":
            world.dynamodb.read_lag_ms = min(faults["stale"], LATENESS_MAX_SECONDS) * 1000
        if "delay" in faults and name in _SENDS:
            world.sqs.delay_ms = faults["delay"] * DELAY_MS
        if "partial" in faults and name in _BATCHES:
            self._limit(name, payload, faults["partial"] % 4)
        if "reorder" in faults and name in ("lambda.Poll", "sqs.ReceiveMessage"):
            world.sqs.receive_start = faults["reorder"]

    def _limit(self, name: str, payload: Mapping[str, Any], limit: int) -> None:
        """Have a batch done in part."""
        world = self._world
        entries = payload[_BATCHES[name]]
        if name.startswith("dynamodb"):
            entries = [key for asked in entries.values() for key in asked["Keys"]]
            world.dynamodb.batch_limit = limit
        elif name.startswith("sqs"):
            world.sqs.batch_limit = limit
        else:
            world.events.batch_limit = limit
        world.steps.took["partial"] += len(entries) > limit

    def disturb(self, faults: Mapping[str, int]) -> None:
        """Carry out what happens around the call."""
        self._change_machines(faults)
        if not self._world.steps.frames:
            return
        if "deed" in faults and self._world.deeds:
            self._act(faults["deed"])
        if "pause" in faults:
            self._took("pause")
            self._world.pass_until(self._world.clock() + faults["pause"] * 1000)
        if "switch" in faults:
            self._switch(faults["switch"])
        if "zombie" in faults:
            self._outlive()
            self._interleave(1)
        if "interleave" in faults:
            self._world.steps.took["interleave"] += self._interleave(
                max(1, faults["interleave"] % 4)
            )

    def _took(self, kind: str) -> None:
        self._world.steps.took[kind] += 1

    def _change_machines(self, faults: Mapping[str, int]) -> None:
        if "clock_jump" in faults:
            self._took("clock_jump")
            seconds = faults["clock_jump"] % (SKEW_SECONDS_MAX + 1)
            self.skew_ms = seconds * (-1000 if seconds % 2 else 1000)
        if "redeploy" in faults:
            self._took("redeploy")
            self.redeploy()
        if "cold_start" in faults or "redeploy" in faults:
            self._took("cold_start")
            self._world.restart()

    def redeploy(self) -> None:
        """Deploy a mended release: all execution environments start anew."""
        self.releases += 1
        self._world.restart()

    def _act(self, which: int) -> None:
        """Have a person do something, here and now."""
        world = self._world
        name = sorted(world.deeds)[which % len(world.deeds)]
        self._took("deed")
        self._took(f"deed: {name}")
        world.workers.start(world.deeds[name])

    def _switch(self, choice: int) -> None:
        """Make way for another worker."""
        workers = self._world.workers
        if workers.running is None:
            self._interleave(1)
            return
        ended = workers.switches
        workers.make_way(choice)
        self._world.steps.took["switch"] += workers.switches > ended + 1

    def _interleave(self, count: int) -> bool:
        """Let others run from start to end; say whether there was one."""
        world = self._world
        before = world.workers.ended
        if world.workers.running is None:
            for _ in range(count):
                world.go_on_at_once()
        else:
            world.workers.wait(others=count)
        return world.workers.ended > before

    def _outlive(self) -> None:
        """Sleep until what the running invocation holds is given to another one."""
        world = self._world
        running = {frame.name for frame in world.steps.frames}
        silent = [host for host in world.hosts if host.name in running]
        world.pass_until(world.clock() + max((host.hold_ms for host in silent), default=0))
        for host in silent:
            host.lapse()
        world.steps.took["zombie"] += len(silent)

    def hang(self) -> None:
        """Let the running invocation's time run out: a sixth of what its queue waits for it."""
        world = self._world
        running = world.steps.frames[-1].name
        held = (host.hold_ms for host in world.hosts if host.name == running)
        world.pass_until(world.clock() + next(held, 6 * REQUEST_MS) // 6)
