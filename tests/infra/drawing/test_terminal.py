"""A whole report on a terminal: as it looks, at other widths, without colours, of nothing."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from infra.drawing.report import Report
from infra.drawing.tables import ledger_table
from infra.drawing.terminal import draw
from tests.infra.drawing.answers import answer, days, empty, kpi, report

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def drawn(shown: Report, *, width: int = 80, encoding: str = "utf-8", **how: Any) -> str:
    raw = io.BytesIO()
    output = io.TextIOWrapper(raw, encoding=encoding, newline="")
    draw(shown, Console(file=output, width=width, highlight=False), **how)
    output.flush()
    return raw.getvalue().decode(encoding)


def trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_a_report_looks_like_this() -> None:
    assert trimmed(drawn(report(answer(), "product"))) == (
        """\
Orders, USD
2026-10-01 to 2026-10-04 (Europe/Paris); as of 2026-10-04 12:00:00 UTC

figure                  value    before    change
Gross                1,250.00  1,000.00   ▲ 25.0%
Refunds                 50.00     25.00  ▲ 100.0%
Net                  1,200.00    975.00   ▲ 23.1%
Orders                     24        30   ▼ 20.0%
Average order value     50.00     50.00         =
Declined                    0         0         -

Net by day, USD
    │      ▂▂▂▂▂
800 ┤      █████
    │      █████
400 ┤█████ █████
    │█████ █████
  0 ┼────────────────────────
    │            ▔▔▔▔▔
     1 Oct       3 Oct

product         Net  share  Orders
Coffee club  900.00    75%      18  ███████████████
Tea box      300.00    25%       6  █████
note: money in EUR, JPY is not in these figures; ask by currency
note: History of shop was not imported."""
    )


def test_a_report_of_nothing_says_so() -> None:
    assert trimmed(drawn(report(empty()))) == (
        """\
Orders, USD
2026-10-01 to 2026-10-04 (Europe/Paris)

figure               value
Net                   0.00
Orders                   0
Average order value      -

Net by day, USD
nothing but zeros in this range"""
    )


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_every_line_fits_the_terminal_and_no_figure_is_cut(width: int) -> None:
    long = {"key": "x", "label": "A very long name of a product " * 9, "net": "123456.78"}
    shown = report(answer(groups=[long, *answer()["groups"]]), "product")

    text = drawn(shown, width=width)

    assert max(len(line) for line in text.splitlines()) <= width
    assert re.search(r"A very.*… +123,456\.78 ", text)


def test_a_terminal_without_unicode_gets_ascii_alone() -> None:
    odd = {"key": "x", "label": "Café crème ☕", "net": "1.00", "orders": 1}

    text = drawn(report(answer(groups=[odd]), "product"), encoding="ascii", explain=True)

    assert "Caf? cr?me ?" in text
    assert "+25.0%" in text
    assert "400 +##" in text


def test_colours_are_for_terminals_and_no_color_is_honoured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = report(answer(), "product")

    def on_terminal() -> str:
        output = io.StringIO()
        draw(shown, Console(file=output, width=80, force_terminal=True, color_system="standard"))
        return output.getvalue()

    colours = re.compile(r"\x1b\[[0-9;]*3[1-7]m")
    assert colours.search(on_terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours.search(on_terminal())
    assert not COLOUR.search(drawn(shown))


def test_a_strangers_text_is_neither_markup_nor_a_command_to_the_terminal() -> None:
    odd = {"key": "x", "label": "[red]Tea[/] \x1b[2Jbox", "net": "1.00", "orders": 1}

    text = drawn(report(answer(groups=[odd], notes=[{"code": "x", "message": "[/b] \x07"}])))

    assert "[red]Tea[/] \ufffd[2Jbox" in text
    assert "note: [/b] \ufffd" in text
    assert "\x1b" not in text


def test_four_hundred_days_are_put_together_and_it_is_said_how() -> None:
    series = days(400, net=lambda _: "10.00", orders=lambda day: day % 2)
    shown = report(answer(series=series))

    text = drawn(shown, width=60)

    assert "Net by day, USD; each column is 8 days, summed" in text
    assert "80 ┤" in text, "eight days of ten each"
    active = answer(
        report="subscriptions",
        kpis={"active": kpi(5)},
        series=days(399, active=lambda day: day),
        groups=[],
    )
    levels = " ".join(drawn(report(active), width=60).split())
    assert "; each column is 8 days (the last one 7), as of the last of them" in levels


def test_days_without_a_value_are_counted() -> None:
    series = days(3, average_order_value=lambda day: None if day else "5.00")

    text = drawn(report(answer(series=series, groups=[])), figure="average_order_value")

    assert "Average order value by day, USD; 2 of 3 have no value" in text


def test_each_figure_is_explained_in_the_words_of_its_definition() -> None:
    text = " ".join(drawn(report(answer()), width=200, explain=True).split())

    assert "Net 1,200.00 975.00 ▲ 23.1% Gross less refunds and what is withheld." in text


def test_groups_that_overlap_have_no_shares_and_currencies_no_bars() -> None:
    by_tag = drawn(report(answer(), "tag"))
    by_currency = drawn(
        report(
            answer(
                groups=[
                    {"key": "USD", "label": "USD", "currency": "USD", "net": "5.00", "orders": 1},
                    {"key": "JPY", "label": "JPY", "currency": "JPY", "net": "900", "orders": 1},
                ]
            ),
            "currency",
        )
    )

    assert "share" not in by_tag
    assert "Coffee club  900.00      18  ████████████████████" in by_tag
    assert "share" not in by_currency
    assert "█" not in by_currency.partition("currency")[2]


def test_more_groups_than_a_screen_holds_are_counted() -> None:
    groups = [{"key": str(n), "label": f"Product {n}", "net": f"{n}.00"} for n in range(25)]

    text = drawn(report(answer(groups=groups)))

    assert "Product 24" in text
    assert "Product 4 " not in text
    assert "and 5 more" in text


def test_a_ledger_shows_the_columns_that_fit_the_most_telling_first() -> None:
    rows = [
        {
            "kind": "refund",
            "date": "2026-11-11T06:16:54.000Z",
            "connection_id": "shop",
            "id": "in_1",
            "email": None,
            "amount": "19.00",
            "currency": "USD",
        }
    ]

    def lines(width: int) -> str:
        output = io.StringIO()
        console = Console(file=output, width=width)
        console.print(ledger_table(rows, width=width))
        return trimmed(output.getvalue())

    assert lines(80) == (
        "date                 kind    amount  currency  email  id    connection_id\n"
        "2026-11-11 06:16:54  refund   19.00  USD       -      in_1  shop"
    )
    assert lines(52) == (
        "date                 kind    amount  currency\n2026-11-11 06:16:54  refund   19.00  USD"
    )
