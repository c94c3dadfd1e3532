"""A report as one page that needs nothing else: style and charts inside, no script at all.

It can be mailed, printed and kept. Light and dark follow the reader's system; every chart has its
figures as a table below it. Whatever came from outside is escaped, and the page's own policy
forbids it to load or to run anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape
from itertools import chain, repeat

from infra.drawing import svg
from infra.drawing.charts import Point, fit
from infra.drawing.months import Triangle, triangles
from infra.drawing.numbers import change_of, label_of, plain, share_of, text_of
from infra.drawing.page_style import STYLE
from infra.drawing.report import Kind, Kpi, Report, caption, number
from infra.drawing.terminal import (
    heading_of,
    notes_of,
    points_of,
    range_of,
    scale_of,
    title_of,
    together,
)

_CHARTS_MAX = 6
_COLUMNS_MAX = 240
_VERDICTS = {1: "better", -1: "worse", 0: "same"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: Report, *, figure: str | None = None) -> str:
    """Return the report as HTML; `figure` is the chart to begin with."""
    title = escape(title_of(report))
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            f"<h1>{title}</h1>\n<p>{escape(plain(range_of(report)))}</p>",
            _figures(report),
            *(_chart(report, name) for name in _charted(report, figure)),
            *(_triangle(each) for each in triangles(report)),
            *_groups(report, figure),
            *(f'<p class="note">{escape(plain(note))}</p>' for note in notes_of(report)),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _figures(report: Report) -> str:
    cards = "\n".join(_card(report, kpi) for kpi in report.kpis)
    return f'<dl class="figures">\n{cards}\n</dl>'


def _card(report: Report, kpi: Kpi) -> str:
    kind, meaning = report.kind(kpi.name), report.meanings.get(kpi.name)
    parts = [
        f"<div><dt>{escape(caption(kpi.name))}</dt>",
        f'<dd class="value">{escape(text_of(kpi.value, kind))}</dd>',
    ]
    if kpi.previous is not None:
        change = "" if kpi.change is None else f"{escape(change_of(kpi))} "
        previous = escape(text_of(kpi.previous, kind))
        verdict = _VERDICTS[kpi.verdict]
        parts.append(f'<dd class="{verdict}">{change}<small>before: {previous}</small></dd>')
    if meaning:
        parts.append(f"<dd><small>{escape(plain(meaning.about))}</small></dd>")
    return "".join([*parts, "</div>"])


def _charted(report: Report, figure: str | None) -> list[str]:
    """Return the figures that are worth a chart, the most telling one first."""
    first = figure or report.telling(report.series)
    names = [first] if first else []
    return [
        *names,
        *(
            name
            for name in report.columns(report.series)
            if name not in names and any(report.values(report.series, name))
        ),
    ][:_CHARTS_MAX]


def _chart(report: Report, name: str) -> str:
    kind, sums = report.kind(name), report.adds_up(name)
    points = points_of(report, name)
    fitted, per_column = fit(points, _COLUMNS_MAX, sums=sums)
    title = heading_of(report, name)
    how = together(report, name, per_column)
    told = f"{how[0].upper() + how[1:]}. " if per_column > 1 else ""
    description = f"{told}{_summary(points, kind)} The table below has every figure."
    drawn = svg.columns(
        fitted,
        name=name,
        title=title,
        description=description,
        whole=kind == "count",
        scale=lambda value: scale_of(value, kind),
        figure=lambda value: text_of(str(value), kind),
    )
    rows = ([str(row["date"]), text_of(row.get(name), kind)] for row in report.series)
    table = _table([report.interval, caption(name)], rows)
    return (
        f"<section>\n<h2>{escape(title)}</h2>\n"
        + (f"<p>{escape(told)}</p>\n" if told else "")
        + f"{drawn}\n<details><summary>as a table</summary>{table}</details>\n</section>"
    )


def _summary(points: Sequence[Point], kind: Kind) -> str:
    """Return a chart in a sentence, for who cannot see it."""
    known = [(point.value, point.label) for point in points if point.value is not None]
    if not known:
        return "There are no values."
    (most, at), (least, there) = max(known), min(known)
    highest, lowest = text_of(str(most), kind), text_of(str(least), kind)
    return f"The highest is {highest} ({at}), the lowest {lowest} ({there})."


def _groups(report: Report, figure: str | None) -> list[str]:
    columns = report.columns(report.groups)
    name = figure if figure in columns else report.telling(report.groups)
    if name is None:
        return []
    positive = [each for each in report.values(report.groups, name) if each and each > 0]
    parts = report.has_parts(name)
    whole = sum(positive, Decimal(0)) if parts else max(positive, default=Decimal(0))
    rows, bars = [], []
    for row in report.ranked(name):
        size = number(row.get(name)) or Decimal(0)
        figures = [text_of(row.get(each), report.kind(each)) for each in columns]
        rows.append([label_of(row), *figures, *([share_of(size, whole)] if parts else [])])
        bars.append(size / whole if whole and report.group_by != "currency" else Decimal(0))
    heads = [report.group_by or "group", *(caption(each) for each in columns)]
    heads += [f"share of {caption(name)}"] if parts else []
    return [f"<section>\n<h2>Groups</h2>\n{_table(heads, rows, bars)}\n</section>"]


def _triangle(triangle: Triangle) -> str:
    table = _table(triangle.heads, triangle.rows)
    return f"<section>\n<h2>{escape(triangle.title)}</h2>\n{table}\n</section>"


def _table(
    heads: Iterable[str], rows: Iterable[Sequence[str]], bars: Sequence[Decimal] = ()
) -> str:
    """Return a table; `bars` are drawn behind its rows' names, as parts of 1."""
    head = "".join(f'<th scope="col">{escape(plain(each))}</th>' for each in heads)
    lengths = chain(bars, repeat(Decimal(0)))
    body = "\n".join(_row(row, bar) for row, bar in zip(rows, lengths, strict=False))
    return (
        '<div class="wide"><table>\n<thead><tr>'
        f"{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _row(cells: Sequence[str], bar: Decimal) -> str:
    first, *others = (escape(plain(each)) for each in cells)
    figures = "".join(f"<td>{each}</td>" for each in others)
    return f'<tr><th scope="row">{first}{_share(bar)}</th>{figures}</tr>'


def _share(part: Decimal) -> str:
    """Return a bar; the figures beside it say the same."""
    if part <= 0:
        return ""
    width = f"{min(part, Decimal(1)) * 100:.1f}"
    return (
        '<svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bar" width="{width}" height="4"/></svg>'
    )
