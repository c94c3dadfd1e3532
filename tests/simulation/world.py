"""A simulated world: one virtual clock, fake AWS, Lambdas on their sources, a plan of faults.

The product's own code runs against it unchanged. A run has two phases: faults as planned (`run`),
then none (`drain`), in which everything must come to rest within a bound. The same seed and plan
give the same run, step by step: nothing reads real time or real randomness.

Concurrency is what it is: one thread, and invocations that run from poll to delete, except that a
fault may run another invocation inside a call (`interleave`), or first let the batch's visibility
end so that a second worker takes the very same messages (`zombie`). Where an invocation waits for
an answer from outside (`pass_until`), the others run meanwhile.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Protocol, TypeVar

from tests.simulation.callers import Fake, SteppedCaller, SteppedObjects
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_eventbridge import FakeEventBridge
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
    QueueSpec("automations-dead", retention_seconds=FOURTEEN_DAYS),
    QueueSpec("automations", 360, max_receive_count=12, dead_letter="automations-dead"),
    QueueSpec("stream-dead", retention_seconds=FOURTEEN_DAYS),
)
DEPTH_MAX = 3
# As many workers as an event source mapping runs at once.
WORKERS_MAX = 10
INVOCATIONS_MAX = 100_000


class NotDrained(AssertionError):
    """Work was left when the bound was reached: something waits for ever, or goes round."""


class Host(Protocol):
    """What invokes a function: a queue, a stream's shard, a clock."""

    name: str
    errors: list[Exception]
    invocations: int

    @property
    def hold_ms(self) -> int:
        """How long a worker may be silent before another one is given its batch."""

    def next_due_ms(self) -> int | None:
        """Return when there is something to invoke the function with, None for never."""

    def invoke_once(self) -> None:
        """Invoke the function with what there is."""

    def waiting(self) -> tuple[str, int]:
        """Return the source's name, and how much waits in it."""

    def lapse(self) -> None:
        """Let the batch of a silent worker go."""

    def restart(self) -> None:
        """Throw warm execution environments away."""


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
        self.events = FakeEventBridge(self.clock)
        self.steps = Steps(self.clock, FaultPlan(self.plan), self, step_ms)
        self.hosts: list[Host] = []
        self._scheduled: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._turn = 0

    def caller(self, service: str) -> SteppedCaller:
        """Return the client of `dynamodb`, `sqs`, `ssm` or `events` the product is to be given."""
        fakes: dict[str, Fake] = {
            "dynamodb": self.dynamodb,
            "sqs": self.sqs,
            "ssm": self.ssm,
            "events": self.events,
        }
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

    def pass_until(self, instant_ms: int) -> None:
        """Let time pass inside an invocation that waits for an answer: the others run meanwhile."""
        while len(self.steps.frames) < WORKERS_MAX and not self.steps.violation:
            if not self._advance(instant_ms):
                break
        self.clock.advance_to(instant_ms)

    def left(self) -> dict[str, int]:
        """Return how much waits in the sources that have a function."""
        counts = dict(host.waiting() for host in self.hosts)
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
        due = [at_ms for host in self.hosts if (at_ms := host.next_due_ms()) is not None]
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
        ready = [host for host in self._by_turn() if host.next_due_ms() == self.clock()]
        if not ready:
            return False
        host = ready[self.steps.faults_of_next().get("pick", 0) % len(ready)]
        self._turn = self.hosts.index(host) + 1
        host.invoke_once()
        return True

    def _by_turn(self) -> list[Host]:
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
        elif service == "events":
            self.events.batch_limit = partial
        if operation in ("Poll", "ReceiveMessage"):
            self.sqs.receive_start = faults.get("reorder", 0)

    def interleave(self, count: int, *, zombie: bool) -> None:
        """Run up to `count` other invocations inside the current one."""
        if len(self.steps.frames) >= DEPTH_MAX:
            return
        if zombie:
            running = {frame.name for frame in self.steps.frames}
            silent = [host for host in self.hosts if host.name in running]
            self.clock.advance(max((host.hold_ms for host in silent), default=0))
            for host in silent:
                host.lapse()
        for _ in range(count):
            if not self._invoke_next():
                return

    def restart(self) -> None:
        """Throw all execution environments away."""
        for host in self.hosts:
            host.restart()
