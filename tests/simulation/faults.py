"""What can go wrong, and plans of it: sparse lists of (step, kind, argument), which shrink well.

A step is one AWS call or one post of the product, or one poll or delete of Lambda's event source.
An empty plan is a plain run in order. A fault that means nothing at its step waits for one at which
it does (`PATIENT`), or does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from random import Random
from types import MappingProxyType

from hypothesis import strategies as st

# What each kind does at its step; the argument's meaning is in parentheses.
KINDS = {
    "crash_before": "the worker dies before the effect",
    "crash_after": "the worker dies after the effect, before it learns of it",
    "timeout": "the worker hangs in the call until its function's time is up, and is killed",
    "lost_reply": "the effect is done, but a retryable error is raised",
    "resent": "the reply was lost and the client of AWS sent the request again by itself",
    "in_progress": "the transaction goes through, but its answer says it is still in progress",
    "throttle": "the service refuses this call and the next of its kind (how many in all)",
    "conflict": "a write meets another transaction on its item",
    "partial": "only the first entries of a batch are done (how many)",
    "stale": "a query that may be stale sees the past (seconds, twenty at most)",
    "delay": "a message becomes visible later (tens of seconds)",
    "pause": "the worker sleeps before the effect, while others work (seconds)",
    "switch": "another worker goes on before the effect, this one later (which)",
    "interleave": "other invocations run from start to end before the effect (how many)",
    "zombie": "the batch becomes visible again and is taken by another worker before the effect",
    "reorder": "a standard queue gives messages from further back (how far)",
    "duplicate": "one message, or the stream's batch, is delivered again (which)",
    "pick": "another source than the one whose turn it is gets polled (which)",
    "garbled": "the function's answer arrives as nonsense: its whole batch comes again",
    "blamed": "the answer names a message that went well as failed (which)",
    "shard_split": "the stream's shard is closed and goes on in two new ones",
    "mapping_recreated": "the stream's mapping is made anew and reads from the oldest record on",
    "clock_jump": "the functions' clocks are off from here on (seconds; odd ones are behind)",
    "dns_flip": "the receiver's name resolves to an address inside (which)",
    "cold_start": "the execution environments are thrown away",
    "redeploy": "a mended release is deployed: old messages meet new code",
    "deed": "a person does something in the middle, of what the part offers (which)",
}
Fault = tuple[int, str, int]
Plan = Sequence[Fault]
_WRITES = frozenset({"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"})
_POLLS = frozenset({"Poll", "GetRecords"})
# The operations at which a kind means something; elsewhere it waits for the next one of these.
# What means something at no call at all is taken where it does: at a name's lookup, at a choice.
PATIENT: Mapping[str, frozenset[str]] = {
    "conflict": _WRITES,
    "in_progress": frozenset({"TransactWriteItems"}),
    "partial": frozenset({"BatchGetItem", "SendMessageBatch", "PutEvents"}),
    # The product reads whole items consistently; an index can only be read as it was.
    "stale": frozenset({"Query"}),
    "delay": frozenset({"SendMessage", "SendMessageBatch"}),
    "reorder": frozenset({"Poll"}),
    "duplicate": _POLLS,
    "garbled": _POLLS,
    "blamed": _POLLS,
    "shard_split": frozenset({"GetRecords"}),
    "mapping_recreated": frozenset({"GetRecords"}),
    "pick": frozenset(),
    "dns_flip": frozenset(),
}
NONE: Mapping[str, int] = MappingProxyType({})
# In force while a plan is shrunk or replayed: stands for that of every world that has one.
_forced: list[Plan] = []


class Crashed(BaseException):
    """The worker is dead: no `except Exception` of the product can catch it."""


class FaultPlan:
    """The faults of a run, by step."""

    def __init__(self, plan: Plan) -> None:
        self._by_step: dict[int, dict[str, int]] = {}
        for step, kind, argument in plan:
            if kind not in KINDS:
                raise ValueError(f"no such fault: {kind}")
            self._by_step.setdefault(step, {})[kind] = argument

    def at(self, step: int) -> Mapping[str, int]:
        """Return the faults of a step: kind and argument."""
        return self._by_step.get(step, NONE)


@contextmanager
def forced(plan: Plan) -> Iterator[None]:
    """Have every world that would have a plan have this one: for replays, and for shrinking."""
    _forced.append(plan)
    try:
        yield
    finally:
        _forced.pop()


def in_force(plan: Plan) -> Plan:
    """Return the plan a world is to have; one without faults keeps to none."""
    return _forced[-1] if _forced and plan else plan


def random_plan(seed: int, steps: int = 200, mean_faults: int = 6) -> Plan:
    """Return a plan for seed sweeps: each seed enables some of the kinds, at its own rate."""
    random = Random(seed)
    kinds = random.sample(sorted(KINDS), random.randint(1, len(KINDS)))
    count = random.randint(0, 2 * mean_faults)
    return sorted(
        (random.randrange(steps), random.choice(kinds), random.randint(0, 60)) for _ in range(count)
    )


def plans(steps: int = 200, faults: int = 12) -> st.SearchStrategy[Plan]:
    """Return Hypothesis's strategy of plans; failures shrink to the one or two that matter."""
    fault = st.tuples(st.integers(0, steps), st.sampled_from(list(KINDS)), st.integers(0, 60))
    return st.lists(fault, max_size=faults)


def exhaustive(steps: int, kinds: Iterable[str], size: int = 1) -> Iterator[Plan]:
    """Yield every plan of `size` faults of these kinds within the first `steps` steps."""
    singles = [(step, kind, 1) for step in range(steps) for kind in kinds]
    yield from combinations(singles, size)
