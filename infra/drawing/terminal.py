"""A whole report on the terminal: its range, its figures, a chart of its days, its groups, notes.

It fits the console's width, and where the terminal cannot show blocks it uses plain ASCII. A test
of a script's output never depends on colours: on no terminal there are none.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from infra.drawing.charts import Point, columns
from infra.drawing.months import draw_triangle, triangles
from infra.drawing.numbers import day_of, moment_of, plain, text_of
from infra.drawing.report import Kind, Report, caption
from infra.drawing.tables import group_table, kpi_table

_HEIGHT = 8
_WIDTH_MAX = 110


def draw(
    report: Report,
    console: Console,
    *,
    figure: str | None = None,
    explain: bool = False,
    notes: bool = True,
) -> None:
    """Print the report; `figure` is what the chart shows, by default the most telling one."""
    ascii_only = console.options.ascii_only
    console.print(Text(title_of(report), "bold"))
    console.print(Text(range_of(report), "dim"))
    console.print()
    console.print(kpi_table(report, explain=explain, ascii_only=ascii_only))
    charted = figure or report.telling(report.series)
    if charted is not None:
        console.print()
        draw_chart(report, console, charted)
    told = triangles(report)
    for each in told:
        console.print()
        draw_triangle(each, console, _width(console))
    grouped = figure if figure in report.columns(report.groups) else report.telling(report.groups)
    if grouped is not None and not told:
        console.print()
        console.print(group_table(report, grouped, width=_width(console), ascii_only=ascii_only))
    if notes:
        draw_notes(notes_of(report), console)


def draw_notes(notes: Iterable[str], console: Console) -> None:
    """Print what a reader has to know beside the figures."""
    for note in notes:
        told = plain(note, ascii_only=console.options.ascii_only)
        console.print(Text(f"note: {told}", "yellow"))


def draw_chart(report: Report, console: Console, figure: str) -> None:
    """Print a figure's days as columns, with what one column is."""
    kind = report.kind(figure)
    points = points_of(report, figure)
    drawn = columns(
        points,
        width=_width(console),
        height=_HEIGHT,
        sums=report.adds_up(figure),
        whole=kind == "count",
        scale=lambda value: scale_of(value, kind),
        ascii_only=console.options.ascii_only,
    )
    head = heading_of(report, figure)
    if drawn.per_column > 1:
        head += f"; {together(report, figure, drawn.per_column)}"
    missing = sum(point.value is None for point in points)
    if missing:
        head += f"; {missing} of {len(points)} have no value"
    console.print(Text(head, "bold"))
    if not drawn.lines:
        console.print(Text("nothing but zeros in this range", "dim"))
    for line in drawn.lines:
        console.print(Text(line, "cyan", no_wrap=True, overflow="crop"))


def heading_of(report: Report, figure: str) -> str:
    """Return what a chart shows."""
    unit = f", {report.currency}" if report.kind(figure) == "money" else ""
    return f"{caption(figure)} by {report.interval}{unit}"


def together(report: Report, figure: str, per_column: int) -> str:
    """Return how a chart puts days together, where they are too many for a column each."""
    how = "summed" if report.adds_up(figure) else "as of the last of them"
    left = len(report.series) % per_column
    last = f" (the last one {left})" if left else ""
    return f"each column is {per_column} {report.interval}s{last}, {how}"


def points_of(report: Report, figure: str) -> list[Point]:
    """Return a figure's days, or weeks or months, as a chart draws them."""
    labels = (day_of(str(row["date"]), report.interval) for row in report.series)
    return [
        Point(label, value)
        for label, value in zip(labels, report.values(report.series, figure), strict=True)
    ]


def scale_of(value: Decimal, kind: Kind) -> str:
    """Return a step of a scale, without the zeros that money has."""
    return text_of(f"{value.normalize():f}", kind)


def _width(console: Console) -> int:
    return min(console.width, _WIDTH_MAX)


def title_of(report: Report) -> str:
    """Return the report's name and the money it speaks of."""
    return f"{caption(report.name)}, {report.currency}"


def range_of(report: Report) -> str:
    """Return the range and how fresh the answer is."""
    first = report.first or "the beginning"
    told = f"{first} to {report.last} ({report.timezone})"
    return f"{told}; as of {moment_of(report.as_of)}" if report.as_of else told


def notes_of(report: Report) -> list[str]:
    """Return what a reader has to know beside the figures."""
    others = ", ".join(report.other_currencies)
    left = [f"money in {others} is not in these figures; ask by currency"] if others else []
    return [*left, *report.notes]
