"""A simulated world: one virtual clock, fake AWS, Lambdas on their sources, a plan of faults.

The product's own code runs against it unchanged. A run has two phases: faults as planned (`run`),
then none (`drain`), in which everything must come to rest within a bound. The same seed and plan
give the same run, step by step: nothing reads real time or real randomness.

Concurrency is what it is: each invocation, and each thing scheduled, is a worker of its own
(`workers`). Without a fault a worker goes on until it ends or waits for an answer from outside;
the faults of `disturbances` have it wait at a step, while others work.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, ClassVar, TypeVar

from tests.simulation import wire
from tests.simulation.callers import Fake, SteppedCaller, SteppedObjects
from tests.simulation.disturbances import Disturbances
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_eventbridge import FakeEventBridge
from tests.simulation.fake_s3 import FakeObjects
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.fake_ssm import FakeSSM
from tests.simulation.faults import Crashed, FaultPlan, Plan, in_force
from tests.simulation.function import Handle
from tests.simulation.host import Host
from tests.simulation.lambda_host import LambdaHost
from tests.simulation.person import Person
from tests.simulation.queues import QUEUES
from tests.simulation.sqs.message import Message, QueueSpec
from tests.simulation.sqs.queue import Queue
from tests.simulation.steps import Frame, Steps
from tests.simulation.virtual_clock import VirtualClock
from tests.simulation.workers import Workers

T = TypeVar("T")

FOR_EVER_MS = 10**18
INVOCATIONS_MAX = 100_000


class NotDrained(AssertionError):
    """Work was left when the bound was reached: something waits for ever, or goes round."""


class World:
    """Everything outside the product, under one seed and one plan."""

    # The world made last that has a plan: whoever runs a part can look at what it came to.
    latest: ClassVar[World | None] = None

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
        self.plan = tuple(in_force(plan))
        if plan:
            World.latest = self
        self.random = Random(seed)
        self._is_wired = wire.is_wired()
        self.clock = VirtualClock()
        self._began_ms = self.clock()
        self.dynamodb = FakeDynamoDB(schema, self.clock)
        self.sqs = FakeSQS(queues, self.clock)
        self.ssm = FakeSSM(self.clock)
        self.s3 = FakeObjects()
        self.events = FakeEventBridge(self.clock)
        self.disturbances = Disturbances(self)
        redeploy = self.disturbances.redeploy
        self.person = Person(self.sqs, self.clock, redeploy, lambda: self.steps.calm)
        self.hosts: list[Host] = [self.person]
        # What a person may do in the middle, by name: the fault `deed` picks one.
        self.deeds: dict[str, Callable[[], object]] = {}
        self.steps = Steps(self.clock, FaultPlan(self.plan), self.disturbances, step_ms)
        self.steps.join = self.hosts.append
        self.events.caller = lambda: self.steps.actor
        self.sqs.met = self.dynamodb.met = self.steps.took
        self.workers = Workers(self.steps, self.clock)
        self._scheduled: list[tuple[int, int, Callable[[], object]]] = []
        self._order, self._turn = itertools.count(), 0

    def caller(self, service: str) -> Fake:
        """Return the client of `dynamodb`, `sqs`, `ssm` or `events` the product is to be given."""
        fakes: dict[str, Fake] = {"dynamodb": self.dynamodb, "sqs": self.sqs}
        fakes |= {"ssm": self.ssm, "events": self.events}
        if self._is_wired:
            return wire.client(service, fakes[service], self)
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
        """Do something `after_ms` from now, as a worker of its own: a provider's POST, an edit."""
        heapq.heappush(self._scheduled, (self.clock() + after_ms, next(self._order), action))

    def request(self, function: Callable[..., T], *arguments: Any) -> T | None:
        """Call a function as one invocation (a door, an API); return None where it crashed."""
        if self.workers.running is not None:
            return self._requested(function, *arguments)
        answers: list[T | None] = []
        worker = self.workers.start(lambda: answers.append(self._requested(function, *arguments)))
        while not worker.thread.dead and not self.steps.violation:
            self._advance(FOR_EVER_MS)
        self._raise_violation()
        return answers[0]

    def _requested(self, function: Callable[..., T], *arguments: Any) -> T | None:
        self.steps.frames.append(Frame("request"))
        try:
            return function(*arguments)
        except Crashed:
            return None
        finally:
            self.steps.frames.pop()

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
        self.disturbances.calm_down()
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
        if self.workers.running is not None:
            self.workers.wait(instant_ms)
            return
        while self._advance(instant_ms):
            pass
        self.clock.advance_to(instant_ms)

    def pass_seconds(self, seconds: float) -> None:
        """Stand where `time.sleep` does: the others work meanwhile."""
        self.pass_until(self.clock() + int(seconds * 1000))

    def go_on_at_once(self) -> bool:
        """Have one go on or begin that can at this very instant; say whether there was one."""
        return self._proceed([] if self.workers.full else self._dues())

    def product_clock(self) -> int:
        """Return the time as the functions see it: their clocks may be off."""
        return self.clock.now_ms + self.disturbances.skew_ms

    def left(self) -> dict[str, int]:
        """Return how much waits in the sources that have a function."""
        counts = dict(host.waiting() for host in self.hosts)
        counts["scheduled"] = len(self._scheduled)
        counts["at work"] = len(self.workers.waiting)
        return {name: count for name, count in counts.items() if count}

    def watch(self, check: Callable[[], None]) -> None:
        """Have an invariant checked after every step, while faults rage."""
        self.steps.watchers.append(check)

    def figures(self) -> Counter[str]:
        """Return what is to be added up and printed: of the faults, those planned and those met."""
        found = self.steps.figures()
        found["faults"] = len(self.plan)
        found["invocations"] = sum(host.invocations for host in self.hosts)
        found["virtual ms"] = self.clock() - self._began_ms
        for _, kind, _ in self.plan:
            found[f"planned {kind}"] += 1
        return found

    def trace_hash(self) -> str:
        """Return the hash of the run so far; the same seed and plan give the same hash."""
        return self.steps.trace_hash()

    def _advance(self, deadline_ms: int) -> bool:
        """Do the next thing that is due, moving the clock to it; say whether there was one."""
        self._raise_violation()
        if self.clock() > deadline_ms:
            return False
        dues = [] if self.workers.full else self._dues()
        if not self._proceed(dues):
            woken_ms = self.workers.next_due_ms()
            moments = [at_ms for at_ms, _ in dues] + ([] if woken_ms is None else [woken_ms])
            if not moments or min(moments) > deadline_ms:
                return False
            self.clock.advance_to(min(moments))
            self.go_on_at_once()
        self._raise_violation()
        return True

    def _dues(self) -> list[tuple[int, Host | None]]:
        """Return what is due when: what is scheduled first (None), then the hosts by turn."""
        dues: list[tuple[int, Host | None]] = []
        if self._scheduled:
            dues.append((self._scheduled[0][0], None))
        for host in self._by_turn():
            at_ms = host.next_due_ms()
            if at_ms is not None:
                dues.append((at_ms, host))
        return dues

    def _proceed(self, dues: list[tuple[int, Host | None]]) -> bool:
        """Have one go on or begin, of those that can at this very instant; say if there was one.

        Who waited goes on before anybody begins; who has just made way for another comes last.
        """
        now, workers = self.clock(), self.workers
        ready, fresh = workers.ready(), [host for at_ms, host in dues if at_ms <= now]
        last = [each for each in ready if each is workers.polite]
        first = [each for each in ready if each is not workers.polite]
        others, choice = len(first) + len(fresh), workers.choice
        workers.polite, workers.choice = None, 0
        place = choice % others if others else 0
        if place < len(first) or not fresh:
            going = (first or last or workers.patient())[place : place + 1]
            for worker in going:
                workers.go_on(worker)
            return bool(going)
        self._begin(fresh[place - len(first) :])
        return True

    def _begin(self, fresh: list[Host | None]) -> None:
        """Do what is scheduled first, or else invoke the host that has something to do."""
        if fresh[0] is None:
            self.workers.start(heapq.heappop(self._scheduled)[2])
            return
        pick = (self.steps.take("pick") or 0) if len(fresh) > 1 else 0
        host = fresh[pick % len(fresh)]
        assert host is not None
        self._turn = self.hosts.index(host) + 1
        self.workers.start(host.invoke_once)

    def _raise_violation(self) -> None:
        if self.steps.violation and self.workers.running is None:
            self.workers.stop()
            raise self.steps.violation

    def _by_turn(self) -> list[Host]:
        cut = self._turn % len(self.hosts) if self.hosts else 0
        return self.hosts[cut:] + self.hosts[:cut]

    def _receive(self, queue: Queue, limit: int) -> list[Message]:
        start, self.sqs.receive_start = self.sqs.receive_start, 0
        if start and not queue.spec.fifo:
            self.steps.took["reorder"] += 1
        return queue.receive(limit, queue.spec.visibility_seconds * 1000, start)

    def restart(self) -> None:
        """Throw all execution environments away."""
        for host in self.hosts:
            host.restart()
