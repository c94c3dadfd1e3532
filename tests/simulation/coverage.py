"""What a sweep prints: how much was run, how fast, which faults were met, and what was broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.simulation.faults import KINDS
from tests.simulation.sweep import Sums

YEAR_MS = 365 * 86_400_000
_APART = ("calls", "faults", "invocations", "virtual ms")
_PREFIXES = ("calls of ", "planned ", "met ")


def told(sums: Sums, seconds: float) -> Iterator[str]:
    """Yield the lines of a sweep that took as many seconds."""
    figures, count = sums.figures, sums.schedules.total()
    yield from _speeds(sums)
    yield _line("seen", _others(figures))
    yield _line("calls", _begun(figures, "calls of "))
    per = (
        f"{figures['calls'] / max(1, count):.0f} calls and {figures['faults'] / max(1, count):.0f}"
    )
    yield f"a schedule has {per} faults on average"
    yield from _faults(figures)
    laws = Counter(red.law for red in sums.reds)
    yield _line("laws broken", laws) if laws else "laws broken: none; 0 lost, 0 duplicate, 0 false"
    cpu_minutes = sum(sums.seconds.values()) / 60
    yield (
        f"{count:,} schedules, {figures['calls']:,} AWS calls and posts, {figures['faults']:,} "
        f"faults planned, {_begun(figures, 'met ').total():,} met, {figures['invocations']:,} "
        f"invocations, {figures['virtual ms'] / YEAR_MS:,.1f} virtual years, {len(sums.reds):,} "
        f"broken"
    )
    yield (
        f"{cpu_minutes:.1f} min of CPU in {seconds / 60:.1f} min, "
        f"{count / max(cpu_minutes, 1e-9):,.0f} schedules/min/core"
    )


def _speeds(sums: Sums) -> Iterator[str]:
    """Yield how many schedules of each part were run, and how fast."""
    for part, count in sorted(sums.schedules.items()):
        speed = count / max(sums.seconds[part] / 60, 1e-9)
        yield f"{part:<14} {count:>9,} schedules {speed:>9,.0f}/min/core"


def _faults(figures: Counter[str]) -> Iterator[str]:
    """Yield each kind of fault: how often it was planned, and met; none is left out."""
    yield f"{'fault':<18} {'planned':>12} {'met':>12}"
    for kind in sorted(KINDS):
        planned, met = figures[f"planned {kind}"], figures[f"met {kind}"]
        yield f"{kind:<18} {planned:>12,} {met:>12,}{'' if met else '   never met'}"
    rest = {k: n for k, n in _begun(figures, "met ").items() if k not in KINDS}
    for name, met in sorted(rest.items()):
        yield f"{name:<31} {met:>12,}"


def _begun(figures: Counter[str], prefix: str) -> Counter[str]:
    """Return the figures under names that begin so, without that."""
    found = {k.removeprefix(prefix): n for k, n in figures.items() if k.startswith(prefix)}
    return Counter(found)


def _others(figures: Counter[str]) -> Counter[str]:
    """Return what the parts have counted themselves."""
    named = {k: n for k, n in figures.items() if k not in _APART and not k.startswith(_PREFIXES)}
    return Counter(named)


def _line(title: str, counts: Counter[str]) -> str:
    told = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
    return f"{title}: {told}"
