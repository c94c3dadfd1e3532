"""The seam: every AWS call of the product passes here, is numbered, traced, and may meet faults."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error
from tests.simulation.faults import Crashed, FaultPlan
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
_SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")


@dataclass(slots=True)
class Frame:
    """One running invocation; once dead it can do nothing more."""

    name: str
    dead: bool = False


class Surroundings(Protocol):
    """What the seam asks of the world when a fault needs more than the call at hand."""

    def prepare(self, name: str, faults: Mapping[str, int]) -> None:
        """Tell a fake about a fault that only it can carry out."""

    def interleave(self, count: int, *, zombie: bool) -> None:
        """Run other invocations from start to end, here and now."""

    def restart(self) -> None:
        """Throw the execution environments away."""


class Steps:
    """Numbers, traces and disturbs calls."""

    def __init__(
        self, clock: VirtualClock, plan: FaultPlan, surroundings: Surroundings, step_ms: int
    ) -> None:
        self.count = 0
        self.calm = False
        self.frames: list[Frame] = []
        self.trace: list[str] = []
        # Who made each call: the running invocation's name, "" outside of any.
        self.actors: list[str] = []
        self.watchers: list[Callable[[], None]] = []
        self.violation: Exception | None = None
        self._clock = clock
        self._plan = plan
        self._surroundings = surroundings
        self._step_ms = step_ms
        self._hash = hashlib.sha256()
        self._throttled: dict[str, int] = {}

    def faults_of_next(self) -> Mapping[str, int]:
        """Return the faults planned for the step to come."""
        return {} if self.calm else self._plan.at(self.count)

    def trace_hash(self) -> str:
        """Return the hash of all that was asked so far: equal runs have equal hashes."""
        return self._hash.hexdigest()

    def perform(
        self,
        service: str,
        operation: str,
        payload: Mapping[str, Any],
        effect: Callable[[], T],
    ) -> T:
        """Do one call as a step; raise Crashed or AwsError where its faults say so."""
        if self.violation or (self.frames and self.frames[-1].dead):
            raise Crashed
        faults = self.faults_of_next()
        number, self.count = self.count, self.count + 1
        self._clock.advance(self._step_ms)
        name = f"{service}.{operation}"
        text = json.dumps(payload, sort_keys=True)
        self.actors.append(self.frames[-1].name if self.frames else "")
        self._note(f"{number} {self._clock.now_ms} {name} {dict(faults) or ''}", text)
        try:
            self._before(service, operation, payload, faults)
            return self._effect(name, faults, effect)
        except AwsError as error:
            self._note(f"{number} {error.code}", "")
            raise
        finally:
            self._watch()

    def _watch(self) -> None:
        """Check the invariants. One that fails stops the whole world: the product never sees it."""
        try:
            for watch in self.watchers:
                watch()
        except Exception as error:
            self.violation = self.violation or error
            raise Crashed from error

    def _note(self, line: str, detail: str) -> None:
        self.trace.append(line)
        self._hash.update(f"{line} {detail}\n".encode())

    def _before(
        self, service: str, operation: str, payload: Mapping[str, Any], faults: Mapping[str, int]
    ) -> None:
        if faults:
            self._clock.advance(faults.get("pause", 0) * 1000)
            if "cold_start" in faults:
                self._surroundings.restart()
            if self.frames and ("interleave" in faults or "zombie" in faults):
                count = max(1, faults.get("interleave", 1) % 4)
                self._surroundings.interleave(count, zombie="zombie" in faults)
            if "crash_before" in faults:
                self._die()
            if "throttle" in faults:
                self._throttled[service] = max(1, faults["throttle"] % 4)
            if "conflict" in faults:
                _refuse_write(operation, payload)
        if self._throttled.get(service, 0) > 0:
            self._throttled[service] -= 1
            code, status = _THROTTLES[service]
            raise aws_error(code, "the service is throttled", status)

    def _effect(self, name: str, faults: Mapping[str, int], effect: Callable[[], T]) -> T:
        if faults:
            self._surroundings.prepare(name, faults)
        result = effect()
        if "resent" in faults and not name.startswith("http."):
            result = effect()
        if "crash_after" in faults:
            self._die()
        if "lost_reply" in faults:
            raise aws_error("InternalServerError", "the reply was lost", 500)
        return result

    def _die(self) -> NoReturn:
        if self.frames:
            self.frames[-1].dead = True
        raise Crashed

    def calm_down(self) -> None:
        """Let nothing go wrong from here on."""
        self.calm = True
        self._throttled.clear()


def _refuse_write(operation: str, payload: Mapping[str, Any]) -> None:
    """Raise the conflict of a write with another transaction on its item."""
    message = "Transaction is ongoing for the item"
    if operation in _SINGLE_WRITES:
        raise aws_error("TransactionConflictException", message)
    if operation == "TransactWriteItems":
        reasons = [{"Code": "None"} for _ in payload["TransactItems"]]
        reasons[-1] = {"Code": "TransactionConflict", "Message": message}
        raise aws_error(
            "TransactionCanceledException", "Transaction cancelled", CancellationReasons=reasons
        )
