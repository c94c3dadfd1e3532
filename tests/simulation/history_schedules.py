"""Schedules of imports and verifications amid live notices: what is asked when, what is never sent.

As with `schedules`, everything follows from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.simulation.faults import Plan, random_plan
from tests.simulation.history_stories import STORIES, History, told
from tests.simulation.providers_schedules import manners, some_time, weather

_STEPS = 250
# A fetch is dated by the clock of whoever fetches: how an API stood is told of another moment by a
# clock that is wrong, which none of AWS's is.
_NOT_MEANT = frozenset({"clock_jump"})


@dataclass(frozen=True)
class HistorySchedule:
    """A story, when each of its notices is posted (its number, and ms), and what goes wrong.

    `asks` is what a person asks for meanwhile: `import`, `verify` or `repair`, and when (ms); all
    times count from the story's beginning. `unsent` are the notices of ends that are lost on their
    way, to be sent after all when everything is over, and `before` those of a time in which nobody
    listened. `checked` says that in the end all is verified once more.
    """

    name: str
    history: History
    arrivals_ms: tuple[tuple[int, int], ...]
    asks: tuple[tuple[str, int], ...] = ()
    unsent: frozenset[int] = frozenset()
    before: frozenset[int] = frozenset()
    plan: Plan = ()
    checked: bool = True
    manners: tuple[str, ...] = ()

    @property
    def ends_ms(self) -> int:
        """When the last notice is posted, or the last question asked."""
        told = [after_ms for _, after_ms in (*self.arrivals_ms, *self.asks)]
        return max([0, *told, self.history.notices[-1].at_ms - self.history.begins_ms])


def in_order(history: History) -> HistorySchedule:
    """Return the schedule in which all is told as it happens, and nobody asks for anything."""
    arrivals = tuple((n, _happens(history, n) + n) for n in range(len(history.notices)))
    return HistorySchedule(f"{history.name} in order", history, arrivals)


def quiet(
    history: History,
    *asks: tuple[str, int],
    unsent: frozenset[int] = frozenset(),
    before: frozenset[int] = frozenset(),
) -> HistorySchedule:
    """Return the schedule in order with questions in it, and notices left out, without faults."""
    left_out = unsent | before
    arrivals = tuple(each for each in in_order(history).arrivals_ms if each[0] not in left_out)
    return HistorySchedule(f"{history.name} quiet", history, arrivals, asks, unsent, before)


def random_schedule(seed: int) -> HistorySchedule:
    """Return the schedule of a seed."""
    dice = Random(f"history/{seed}")
    history = told(dice.randrange(STORIES))
    count = len(history.notices)
    # The moment at which a person comes, near something that happens.
    now = dice.randrange(count)
    came_ms = max(0, _happens(history, now) + dice.randrange(-5_000, 5_000))
    what = dice.choice(("import", "import", "verify", "repair"))
    asks = [(what, came_ms + dice.randrange(0, 3_000))]
    if dice.random() < 0.3:
        asks.append((what, came_ms + some_time(dice)))
    # What happens in the very second in which an import begins is left to its notice.
    earlier = frozenset(n for n in range(count) if _happens(history, n) < came_ms - 1_000)
    before = earlier if what == "import" and dice.random() < 0.5 else frozenset()
    unsent = history.ends - before if what == "repair" and dice.random() < 0.7 else frozenset()
    plan = [*random_plan(seed, _STEPS, dice.choice((1, 3, 8))), *weather(dice, _STEPS // 2)]
    return HistorySchedule(
        f"history of seed {seed}: {history.name}",
        history,
        _arrivals(history, before | unsent, dice),
        tuple(asks),
        unsent,
        before,
        [each for each in plan if each[1] not in _NOT_MEANT],
        bool(unsent) or dice.random() < 0.3,
        manners(dice),
    )


def _arrivals(
    history: History, left_out: frozenset[int], dice: Random
) -> tuple[tuple[int, int], ...]:
    """Return when notices come: never before what they tell of, often later, some twice."""
    lateness, repeats = dice.choice((0, 0.2, 0.5)), dice.choice((0, 0.1))
    arrivals = []
    for number in range(len(history.notices)):
        if number in left_out:
            continue
        after_ms = _happens(history, number) + dice.randrange(10, 2_000)
        if dice.random() < lateness:
            after_ms += some_time(dice)
        arrivals.append((number, after_ms))
        if dice.random() < repeats:
            arrivals.append((number, after_ms + some_time(dice)))
    return tuple(arrivals)


def _happens(history: History, number: int) -> int:
    """Return when something happens, in ms since the story's beginning."""
    return history.notices[number].at_ms - history.begins_ms
