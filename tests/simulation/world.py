"""A simulated world: one virtual clock, fake AWS, Lambdas on queues, and a plan of faults.

The product's own code runs against it unchanged. A run has two phases: faults as planned (`run`),
then none (`drain`), in which everything must come to rest within a bound. The same seed and plan
give the same run, step by step: nothing reads real time or real randomness.

Concurrency is what it is: one thread, and invocations that run from poll to delete, except that a
fault may run another invocation inside a call (`interleave`), or first let the batch's visibility
end so that a second worker takes the very same messages (`zombie`).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, TypeVar

from tests.simulation.callers import Fake, SteppedCaller, SteppedObjects
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_s3 import FakeObjects
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.fake_ssm import FakeSSM
from tests.simulation.faults import Crashed, FaultPlan, Plan
from tests.simulation.lambda_host import Handle, LambdaHost
from tests.simulation.sqs.message import Message, QueueSpec
from tests.simulation.sqs.queue import Queue
from tests.simulation.steps import Frame, Steps
from tests.simulation.virtual_clock import VirtualClock

T = TypeVar("T")

FOURTEEN_DAYS = 1_209_600
QUEUES = (
    QueueSpec("events-dead.fifo", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("events.fifo", 180, max_receive_count=12, dead_letter="events-dead.fifo"),
    QueueSpec("history-dead", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("history", 180, max_receive_count=12, dead_letter="history-dead"),
    QueueSpec("calls-dead", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("calls", 180, max_receive_count=12, dead_letter="calls-dead"),
)
DEPTH_MAX = 3
INVOCATIONS_MAX = 100_000


class NotDrained(AssertionError):
    """Work was left when the bound was reached: something waits for ever, or goes round."""


class World:
    """Everything outside the product, under one seed and one plan."""

    def __init__(
        self,
        seed: int = 0,
        plan: Plan = (),
        *,
        queues: Iterable[QueueSpec] = QUEUES,
        schema: Schema | None = None,
        step_ms: int = 5,
    ) -> None:
        self.seed = seed
        self.plan = tuple(plan)
        self.random = Random(seed)
        self.clock = VirtualClock()
        self.dynamodb = FakeDynamoDB(schema, self.clock)
        self.sqs = FakeSQS(queues, self.clock)
        self.ssm = FakeSSM(self.clock)
        self.s3 = FakeObjects()
        self.steps = Steps(self.clock, FaultPlan(self.plan), self, step_ms)
        self.hosts: list[LambdaHost] = []
        self._scheduled: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._turn = 0

    def caller(self, service: str) -> SteppedCaller:
        """Return the client of `dynamodb`, `sqs` or `ssm` the product is to be given."""
        fakes: dict[str, Fake] = {"dynamodb": self.dynamodb, "sqs": self.sqs, "ssm": self.ssm}
        return SteppedCaller(service, fakes[service], self.steps)

    def objects(self) -> SteppedObjects:
        """Return the bucket the product is to be given."""
        return SteppedObjects(self.s3, self.steps)

    def add_host(
        self,
        name: str,
        queue: str,
        build: Callable[[], Handle],
        *,
        batch_size: int = 10,
        reports_failures: bool = True,
    ) -> LambdaHost:
        """Attach a function to a queue; `build` makes a cold execution environment's handler."""
        host = LambdaHost(
            name,
            self.sqs.queues[queue],
            build,
            self.steps,
            self.clock,
            batch_size=batch_size,
            reports_failures=reports_failures,
            receive=self._receive,
        )
        self.hosts.append(host)
        return host

    def schedule(self, after_ms: int, action: Callable[[], object]) -> None:
        """Do something `after_ms` from now, between invocations: a provider's POST, an edit."""
        heapq.heappush(self._scheduled, (self.clock() + after_ms, next(self._order), action))

    def request(self, function: Callable[..., T], *arguments: Any) -> T | None:
        """Call a function as one invocation (a door, an API); return None where it crashed."""
        self.steps.frames.append(Frame("request"))
        try:
            return function(*arguments)
        except Crashed:
            return None
        finally:
            self.steps.frames.pop()
            self._raise_violation()

    def run(self, duration_ms: int) -> None:
        """Let `duration_ms` of virtual time pass, with all that is due in it."""
        deadline_ms = self.clock() + duration_ms
        self._go_on(deadline_ms)
        self.clock.advance_to(deadline_ms)

    def drain(self, bound_ms: int) -> int:
        """Stop all faults, run until no work is left, and return how long that took.

        Raise NotDrained where work is left when `bound_ms` of virtual time have passed.
        """
        self.steps.calm_down()
        start_ms = self.clock()
        self._go_on(start_ms + bound_ms)
        if self.left():
            raise NotDrained(f"after {bound_ms} ms of calm: {self.left()}")
        return self.clock() - start_ms

    def _go_on(self, deadline_ms: int) -> None:
        for _ in range(INVOCATIONS_MAX):
            if not self._advance(deadline_ms):
                return
        raise NotDrained(f"more than {INVOCATIONS_MAX} invocations: {self.left()}")

    def left(self) -> dict[str, int]:
        """Return how many messages wait in the queues that have a function."""
        counts = {host.queue.spec.name: len(host.queue.messages) for host in self.hosts}
        counts["scheduled"] = len(self._scheduled)
        return {name: count for name, count in counts.items() if count}

    def watch(self, check: Callable[[], None]) -> None:
        """Have an invariant checked after every step, while faults rage."""
        self.steps.watchers.append(check)

    def trace_hash(self) -> str:
        """Return the hash of the run so far; the same seed and plan give the same hash."""
        return self.steps.trace_hash()

    def _advance(self, deadline_ms: int) -> bool:
        """Do the next thing that is due, moving the clock to it; say whether there was one."""
        due = [at_ms for host in self.hosts if (at_ms := host.queue.next_visible_ms()) is not None]
        due += [self._scheduled[0][0]] if self._scheduled else []
        if not due or min(due) > deadline_ms or self.clock() > deadline_ms:
            return False
        self.clock.advance_to(min(due))
        if self._scheduled and self._scheduled[0][0] <= self.clock():
            heapq.heappop(self._scheduled)[2]()
        else:
            self._invoke_next()
        self._raise_violation()
        return True

    def _raise_violation(self) -> None:
        if self.steps.violation and not self.steps.frames:
            raise self.steps.violation

    def _invoke_next(self) -> bool:
        """Invoke a host that has something to do, each in turn; say whether there was one."""
        ready = [host for host in self._by_turn() if host.queue.next_visible_ms() == self.clock()]
        if not ready:
            return False
        host = ready[self.steps.faults_of_next().get("pick", 0) % len(ready)]
        self._turn = self.hosts.index(host) + 1
        host.invoke_once()
        return True

    def _by_turn(self) -> list[LambdaHost]:
        cut = self._turn % len(self.hosts) if self.hosts else 0
        return self.hosts[cut:] + self.hosts[:cut]

    def _receive(self, queue: Queue, limit: int) -> list[Message]:
        start, self.sqs.receive_start = self.sqs.receive_start, 0
        return queue.receive(limit, queue.spec.visibility_seconds * 1000, start)

    # What the seam asks for, when a fault needs more than the call at hand.

    def prepare(self, name: str, faults: Mapping[str, int]) -> None:
        """Tell a fake about a fault that only it can carry out."""
        service, _, operation = name.partition(".")
        partial = faults["partial"] % 4 if "partial" in faults else None
        if service == "dynamodb":
            self.dynamodb.read_lag_ms = faults.get("stale", 0) * 1000
            self.dynamodb.batch_limit = partial
        elif service == "sqs":
            self.sqs.batch_limit = partial
        if operation in ("Poll", "ReceiveMessage"):
            self.sqs.receive_start = faults.get("reorder", 0)

    def interleave(self, count: int, *, zombie: bool) -> None:
        """Run up to `count` other invocations inside the current one."""
        if len(self.steps.frames) >= DEPTH_MAX:
            return
        if zombie:
            running = {frame.name for frame in self.steps.frames}
            held = [h.queue.spec.visibility_seconds for h in self.hosts if h.name in running]
            self.clock.advance(max(held, default=0) * 1000)
        for _ in range(count):
            if not self._invoke_next():
                return

    def restart(self) -> None:
        """Throw all execution environments away."""
        for host in self.hosts:
            host.restart()
