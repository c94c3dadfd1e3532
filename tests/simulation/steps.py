"""The seam: every AWS call of the product passes here, is numbered, traced, and may meet faults.

A trace is kept as it was seen and made into text only when somebody asks: most runs are never read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error
from tests.simulation.faults import NONE, PATIENT, Crashed, FaultPlan
from tests.simulation.virtual_clock import VirtualClock

T = TypeVar("T")

_THROTTLES = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "sqs": ("RequestThrottled", 400),
    "ssm": ("ThrottlingException", 400),
    "s3": ("SlowDown", 503),
    "lambda": ("TooManyRequestsException", 429),
    "events": ("ThrottlingException", 400),
    "http": ("ServiceUnavailable", 503),
}
# What a client that heard no answer is told, where the seam is above it.
LOST = "the reply was lost"
_SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")


@dataclass(slots=True)
class Frame:
    """One running invocation; once dead it can do nothing more."""

    name: str
    dead: bool = False
    began_ms: int | None = None


class Surroundings(Protocol):
    """What the seam asks of the world when a fault needs more than the call at hand."""

    def prepare(self, name: str, payload: Mapping[str, Any], faults: Mapping[str, int]) -> None:
        """Tell a fake about a fault that only it can carry out."""

    def disturb(self, faults: Mapping[str, int]) -> None:
        """Carry out what happens around the call: others work, people act, machines change."""

    def hang(self) -> None:
        """Let the running invocation's time run out."""


class Steps:
    """Numbers, traces and disturbs calls."""

    def __init__(
        self, clock: VirtualClock, plan: FaultPlan, surroundings: Surroundings, step_ms: int
    ) -> None:
        self.count = 0
        self.calm = False
        self.frames: list[Frame] = []
        # Who made each call (the running invocation's name, "" outside of any), and its name.
        self.actors: list[str] = []
        self.names: list[str] = []
        # How many faults of each kind were met, not only planned; and calls by service.
        self.took: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.watchers: list[Callable[[], None]] = []
        self.violation: Exception | None = None
        # How long an invocation may live before Lambda ends it; None where it may for ever.
        self.lifetime_ms: int | None = None
        # How a host that comes to be in the middle of a run joins the world.
        self.join: Callable[[Any], None] = lambda host: None
        self._clock = clock
        self._plan = plan
        self._surroundings = surroundings
        self._step_ms = step_ms
        self._log: list[tuple[int, int | None, str, Mapping[str, int], Mapping[str, Any]]] = []
        self._throttled: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        self._taken: set[tuple[int, str]] = set()
        self._sorted_out: tuple[tuple[int, str], Mapping[str, int]] = ((-1, ""), NONE)

    def faults_of_next(self, operation: str = "") -> Mapping[str, int]:
        """Return the faults of the step to come, those that have waited for its operation too."""
        if self.calm:
            return NONE
        if self._sorted_out[0] == (self.count, operation):
            return self._sorted_out[1]
        planned = self._plan.at(self.count)
        if not planned and not self._waiting:
            return planned
        self._sorted_out = ((self.count, operation), self._met_by(operation, planned))
        return self._sorted_out[1]

    def _met_by(self, operation: str, planned: Mapping[str, int]) -> dict[str, int]:
        """Return the faults that mean something to an operation, and have the others wait."""
        met = {}
        for kind, argument in planned.items():
            if operation in PATIENT.get(kind, (operation,)):
                met[kind] = argument
            elif (self.count, kind) not in self._taken:
                self._waiting[kind] = argument
        for kind in [kind for kind in self._waiting if operation in PATIENT[kind]]:
            met.setdefault(kind, self._waiting.pop(kind))
        return met

    def take(self, kind: str) -> int | None:
        """Return the argument of a fault that has waited to be met here; None without one."""
        argument = self._waiting.pop(kind, None)
        if argument is None and not self.calm and (self.count, kind) not in self._taken:
            argument = self._plan.at(self.count).get(kind)
            self._taken.add((self.count, kind))
        if argument is not None:
            self.took[kind] += 1
        return argument

    @property
    def trace(self) -> list[str]:
        """The run so far: a line for each call and for each error."""
        return [line for line, _ in self._lines()]

    def figures(self) -> Counter[str]:
        """Return how many calls were made, to what, and the faults that were met, by kind."""
        found = Counter({"calls": self.count})
        found.update({f"met {kind}": count for kind, count in self.took.items()})
        found.update({f"calls of {service}": count for service, count in self.calls.items()})
        return found

    def trace_hash(self) -> str:
        """Return the hash of all that was asked so far: equal runs have equal hashes."""
        told = hashlib.sha256()
        for line, payload in self._lines():
            detail = json.dumps(payload, sort_keys=True, default=_digest)
            told.update(f"{line} {detail}\n".encode())
        return told.hexdigest()

    def _lines(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for number, at_ms, name, faults, payload in self._log:
            if at_ms is None:
                yield f"{number} {name}", payload
            else:
                yield f"{number} {at_ms} {name} {dict(faults) or ''}", payload

    @property
    def actor(self) -> str:
        """Whose step it is; nobody's where no worker is at work."""
        return self.frames[-1].name if self.frames else ""

    def perform(
        self,
        service: str,
        operation: str,
        payload: Mapping[str, Any],
        effect: Callable[[], T],
    ) -> T:
        """Do one call as a step; raise Crashed or AwsError where its faults say so."""
        frames = self.frames
        if self.violation or (frames and frames[-1].dead):
            raise Crashed
        if frames and frames[-1].began_ms is None:
            frames[-1].began_ms = self._clock.now_ms
        if self.lifetime_ms is not None and self._is_overdue():
            self._die()
        number = self.count
        faults = self.faults_of_next(operation)
        self.count = number + 1
        self._clock.now_ms += self._step_ms
        name = f"{service}.{operation}"
        self.actors.append(self.actor)
        self.names.append(name)
        self.calls[service] += 1
        self._log.append((number, self._clock.now_ms, name, faults, payload))
        try:
            if faults:
                self._before(service, operation, payload, faults)
            if self._throttled:
                self._refuse_throttled(service)
            return self._effect(name, payload, faults, effect) if faults else effect()
        except AwsError as error:
            self._log.append((number, None, error.code, {}, {}))
            raise
        finally:
            if self.watchers:
                self._watch()

    def _watch(self) -> None:
        """Check the invariants. One that fails stops the whole world: the product never sees it."""
        try:
            for watch in self.watchers:
                watch()
        except Exception as error:
            self.violation = self.violation or error
            raise Crashed from error

    def _before(
        self, service: str, operation: str, payload: Mapping[str, Any], faults: Mapping[str, int]
    ) -> None:
        self._surroundings.disturb(faults)
        if self._is_overdue():
            self._die()
        if "timeout" in faults and self.frames:
            self.took["timeout"] += 1
            self._surroundings.hang()
            self._die()
        if "crash_before" in faults:
            self.took["crash_before"] += 1
            self._die()
        if "throttle" in faults:
            self._throttled[service] = max(1, faults["throttle"] % 4)
        if "conflict" in faults:
            self._refuse_write(operation, payload)

    def _is_overdue(self) -> bool:
        if not self.frames or self.lifetime_ms is None:
            return False
        began_ms = self.frames[-1].began_ms
        return began_ms is not None and self._clock.now_ms - began_ms > self.lifetime_ms

    def _refuse_throttled(self, service: str) -> None:
        if self._throttled.get(service, 0) > 0:
            self._throttled[service] -= 1
            self.took["throttle"] += 1
            code, status = _THROTTLES[service]
            raise aws_error(code, "the service is throttled", status)

    def _effect(
        self,
        name: str,
        payload: Mapping[str, Any],
        faults: Mapping[str, int],
        effect: Callable[[], T],
    ) -> T:
        self._surroundings.prepare(name, payload, faults)
        result = effect()
        if "resent" in faults and not name.startswith("http."):
            self.took["resent"] += 1
            self._surroundings.prepare(name, payload, faults)
            result = effect()
        if "crash_after" in faults:
            self.took["crash_after"] += 1
            self._die()
        if "in_progress" in faults and name == "dynamodb.TransactWriteItems":
            self.took["in_progress"] += 1
            message = "The transaction with the given request token is already in progress"
            raise aws_error("TransactionInProgressException", message)
        if "lost_reply" in faults:
            self.took["lost_reply"] += 1
            raise aws_error("InternalServerError", LOST, 500)
        return result

    def _refuse_write(self, operation: str, payload: Mapping[str, Any]) -> None:
        """Raise the conflict of a write with another transaction on its item."""
        message = "Transaction is ongoing for the item"
        if operation in _SINGLE_WRITES:
            self.took["conflict"] += 1
            raise aws_error("TransactionConflictException", message)
        if operation == "TransactWriteItems":
            self.took["conflict"] += 1
            reasons = [{"Code": "None"} for _ in payload["TransactItems"]]
            reasons[-1] = {"Code": "TransactionConflict", "Message": message}
            raise aws_error(
                "TransactionCanceledException", "Transaction cancelled", CancellationReasons=reasons
            )

    def _die(self) -> NoReturn:
        if self.frames:
            self.frames[-1].dead = True
        raise Crashed

    def calm_down(self) -> None:
        """Let nothing go wrong from here on."""
        self.calm = True
        self._throttled.clear()
        self._waiting.clear()


def _digest(content: object) -> str:
    """Return what stands for bytes in a trace."""
    assert isinstance(content, bytes)
    return hashlib.sha256(content).hexdigest()
