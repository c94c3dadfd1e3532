"""What can go wrong, and plans of it: sparse lists of (step, kind, argument), which shrink well.

A step is one AWS call or one post of the product, or one poll or delete of Lambda's event source.
An empty plan is a plain run in order. A fault that means nothing at its step does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from random import Random

from hypothesis import strategies as st

# What each kind does at its step; the argument's meaning is in parentheses.
KINDS = {
    "crash_before": "the worker dies before the effect",
    "crash_after": "the worker dies after the effect, before it learns of it",
    "lost_reply": "the effect is done, but a retryable error is raised",
    "resent": "the reply was lost and the client of AWS sent the request again by itself",
    "throttle": "the service refuses this call and the next of its kind (how many in all)",
    "conflict": "a write meets another transaction on its item",
    "partial": "only the first entries of a batch are done (how many)",
    "stale": "a read that may be stale sees the past (seconds)",
    "pause": "the worker sleeps before the effect (seconds)",
    "interleave": "another invocation runs from start to end before the effect (how many)",
    "zombie": "the batch becomes visible again and is taken by another worker before the effect",
    "reorder": "a standard queue gives messages from further back (how far)",
    "duplicate": "one message of the batch polled is delivered again (which)",
    "pick": "another queue than the one whose turn it is gets polled (which)",
    "cold_start": "the execution environments are thrown away",
}
Plan = Sequence[tuple[int, str, int]]


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

    def at(self, step: int) -> dict[str, int]:
        """Return the faults of a step: kind and argument."""
        return self._by_step.get(step, {})


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
