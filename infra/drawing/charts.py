"""Charts of characters: columns on an axis with a scale, and bars inside of tables.

Everything fits the width it is given. A series longer than that is put together by equal numbers
of days, and the chart says how: summed where a figure adds up, else the last of each. Zero is
always on the axis, and what is not zero is never drawn as nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from infra.drawing.numbers import nice_step, reach, steps_to

_ACROSS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class _Lines:
    """The characters of a chart; the blocks are by eighths of a row."""

    above: str
    below: str
    tick: str
    side: str
    cross: str
    along: str


_LINES = _Lines(" ▁▂▃▄▅▆▇█", " ▔▔▀▀▀███", "┤", "│", "┼", "─")
_LINES_ASCII = _Lines(" ...::::#", " ...::::#", "+", "|", "+", "-")
_EIGHTHS = 8
_COLUMN_MAX = 5
# At least so many columns of characters are for the bars, however long the scale's labels are.
_PLOT_MIN = 10
# On a chart that is lower than this each row has its label, else every second one.
_ALL_LABELS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a series; None where the figure is undefined."""

    label: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart's lines, and how many buckets one column stands for."""

    lines: tuple[str, ...]
    per_column: int


def columns(
    points: Sequence[Point],
    *,
    width: int,
    height: int = 8,
    sums: bool,
    whole: bool = False,
    scale: Callable[[Decimal], str] = "{:,f}".format,
    ascii_only: bool = False,
) -> Drawn:
    """Draw a series as columns. No lines where there is nothing but zeros.

    `sums` says that the figure adds up, `whole` that it comes in pieces; `scale` prints the
    axis' labels.
    """
    margin = 0
    while True:
        room = max(width - margin - 2, _PLOT_MIN)
        fitted, per_column = fit(points, room, sums=sums)
        values = [point.value or Decimal(0) for point in fitted]
        if not any(values):
            return Drawn((), per_column)
        axis = _Axis.of(values, height, whole, scale)
        if axis.margin <= margin:
            break
        # What is put together has longer labels, which leave less room: until both agree.
        margin = axis.margin
    column = _column(len(fitted), room)
    lines = _rows(values, axis, column, _LINES_ASCII if ascii_only else _LINES)
    labels = _labels([point.label for point in fitted], sum(column), room)
    return Drawn((*lines, f"{'':{axis.margin + 2}}{labels}".rstrip()), per_column)


def fit(points: Sequence[Point], most: int, *, sums: bool) -> tuple[list[Point], int]:
    """Put neighbours together until at most `most` are left; return them, and how many each is.

    A bucket of several has the first one's label and their sum, or the last one's value.
    """
    per_column = max(-(-len(points) // most), 1)
    parts = [points[at : at + per_column] for at in range(0, len(points), per_column)]
    return [Point(part[0].label, _together(part, sums)) for part in parts], per_column


def bar(part: Decimal, whole: Decimal, width: int, *, ascii_only: bool = False) -> str:
    """Draw a share of `whole` as a bar of at most `width` characters; nothing below zero."""
    if part <= 0 or whole <= 0:
        return ""
    eighths = max(int(min(part / whole, Decimal(1)) * width * _EIGHTHS), 1)
    if ascii_only:
        return "#" * max(eighths // _EIGHTHS, 1)
    return "█" * (eighths // _EIGHTHS) + _ACROSS[eighths % _EIGHTHS].strip()


def _together(part: Sequence[Point], sums: bool) -> Decimal | None:
    known = [point.value for point in part if point.value is not None]
    if not known:
        return None
    return sum(known, Decimal(0)) if sums else known[-1]


def _column(count: int, room: int) -> tuple[int, int]:
    """Return how wide a column and the gap after it are."""
    each = max(room // count, 1)
    return (min(each - 1, _COLUMN_MAX), 1) if each > 1 else (1, 0)


@dataclass(frozen=True, slots=True)
class _Axis:
    """The scale: a step for each row, the rows above and below zero, their labels by row."""

    unit: Decimal
    up: int
    down: int
    labels: dict[int, str]

    @classmethod
    def of(
        cls, values: Sequence[Decimal], height: int, whole: bool, scale: Callable[[Decimal], str]
    ) -> _Axis:
        high, low = reach(values)
        unit = nice_step(high, low, height, whole=whole)
        up, down = steps_to(high, unit), steps_to(low, unit)
        every = 1 if up + down <= _ALL_LABELS else 2
        labels = {row: scale(row * unit) for row in range(-down, up + 1) if row % every == 0}
        return cls(unit, up, down, labels)

    @property
    def margin(self) -> int:
        """How wide the labels are."""
        return max(len(label) for label in self.labels.values())


def _rows(
    values: Sequence[Decimal], axis: _Axis, column: tuple[int, int], lines: _Lines
) -> list[str]:
    """Return the lines from the top: the rows above zero, the axis, the rows below it."""
    eighths = [_eighths(value, axis.unit) for value in values]
    drawn = []
    for row in range(axis.up, -axis.down - 1, -1):
        label = axis.labels.get(row, "")
        if row == 0:
            side, cells = lines.cross, lines.along * (sum(column) * len(values))
        else:
            blocks = lines.above if row > 0 else lines.below
            side = lines.tick if label else lines.side
            parts = (blocks[_filled(each, row)] * column[0] for each in eighths)
            cells = (" " * column[1]).join(parts)
        drawn.append(f"{label:>{axis.margin}} {side}{cells}".rstrip())
    return drawn


def _eighths(value: Decimal, unit: Decimal) -> int:
    """Return a value in eighths of a row; what is not zero is at least one."""
    found = int((value / unit * _EIGHTHS).to_integral_value())
    return found or (value > 0) - (value < 0)


def _filled(eighths: int, row: int) -> int:
    """Return how many eighths of a row, 1 being the first above zero, -1 the first below."""
    if (eighths > 0) != (row > 0):
        return 0
    return min(max(abs(eighths) - _EIGHTHS * (abs(row) - 1), 0), _EIGHTHS)


def _labels(labels: Sequence[str], step: int, room: int) -> str:
    """Return the line of labels below the columns, as many as do not touch each other."""
    longest = max(len(label) for label in labels)
    stride = -(-(longest + 2) // step)
    line = ""
    for at in range(0, len(labels), stride):
        place = at * step
        if place + len(labels[at]) <= max(room, longest):
            line = f"{line:<{place}}{labels[at]}"
    return line
