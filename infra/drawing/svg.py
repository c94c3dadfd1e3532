"""A chart as SVG, drawn by us: no script, no font, nothing from anywhere else.

Its colours are classes that the page's style gives a meaning to, so that dark and light are one
drawing. A screen reader gets its title and its description; the figures stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from infra.drawing.charts import Point
from infra.drawing.numbers import nice_step, reach, steps_to

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 8, 12, 26
_ROWS = 5
_LABELS_MAX = 8
# The widest a column gets, so that two days do not look like a wall.
_COLUMN_MAX = Decimal(40)


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a value lies on the picture."""

    unit: Decimal
    up: int
    down: int

    def height_of(self, value: Decimal) -> Decimal:
        """Return the distance from the picture's top in its own units."""
        room = Decimal(_HEIGHT - _TOP - _BOTTOM)
        return _TOP + room * (self.up - value / self.unit) / (self.up + self.down)


def columns(
    points: Sequence[Point],
    *,
    name: str,
    title: str,
    description: str,
    whole: bool,
    scale: Callable[[Decimal], str],
    figure: Callable[[Decimal], str],
) -> str:
    """Return a series as an SVG picture; `name` makes its ids, and has to be one of a kind.

    `scale` prints the scale's labels, `figure` what a column says when it is pointed at.
    """
    values = [point.value for point in points if point.value is not None]
    high, low = reach(values)
    unit = nice_step(high, low, _ROWS, whole=whole) if high or low else Decimal(1)
    plot = _Plot(unit, max(steps_to(high, unit), int(not low)), steps_to(low, unit))
    name = escape(name, quote=True)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(description)}</desc>',
        *_grid(plot, scale),
        *_bars(points, plot, figure),
        *_dates(points),
        "</svg>",
    ]
    return "\n".join(parts)


def _grid(plot: _Plot, scale: Callable[[Decimal], str]) -> list[str]:
    """Return the scale: a line and a label for each step, zero stronger than the others."""
    parts = []
    for step in range(-plot.down, plot.up + 1):
        value = step * plot.unit
        y = _written(plot.height_of(value))
        kind = "zero" if step == 0 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        )
        label = escape(scale(value))
        parts.append(f'<text class="scale" x="{_LEFT - 8}" y="{y}" dy="4">{label}</text>')
    return parts


def _bars(points: Sequence[Point], plot: _Plot, figure: Callable[[Decimal], str]) -> list[str]:
    each = _each(points)
    width = min(each * Decimal("0.8"), _COLUMN_MAX)
    parts = []
    for at, point in enumerate(points):
        if not point.value:
            continue
        ends = (
            plot.height_of(max(point.value, Decimal(0))),
            plot.height_of(min(point.value, Decimal(0))),
        )
        # A thin line at least: what is not zero can be seen.
        height = max(ends[1] - ends[0], Decimal(1))
        x = _LEFT + each * at + (each - width) / 2
        kind = "bar" if point.value > 0 else "bar below"
        told = escape(f"{point.label}: {figure(point.value)}")
        parts.append(
            f'<rect class="{kind}" x="{_written(x)}" y="{_written(ends[0])}" '
            f'width="{_written(width)}" height="{_written(height)}"><title>{told}</title></rect>'
        )
    return parts


def _dates(points: Sequence[Point]) -> list[str]:
    each = _each(points)
    stride = -(-len(points) // _LABELS_MAX) or 1
    y = _HEIGHT - 6
    return [
        f'<text class="date" x="{_written(_LEFT + each * at + each / 2)}" y="{y}">'
        f"{escape(points[at].label)}</text>"
        for at in range(0, len(points), stride)
    ]


def _each(points: Sequence[Point]) -> Decimal:
    return Decimal(_WIDTH - _LEFT - _RIGHT) / max(len(points), 1)


def _written(value: Decimal) -> str:
    """Return a length with one decimal, which is finer than any screen."""
    return f"{value:.1f}"
