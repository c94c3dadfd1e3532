"""A report as a page: well formed, whole in itself, readable by everybody, and safe."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from infra.drawing.page import page
from infra.drawing.report import Report
from tests.infra.drawing.answers import answer, days, empty, report

EVIL = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Outline(HTMLParser):
    """Reads a page and refuses one whose tags do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(shown: Report, figure: str | None = None) -> Outline:
    outline = Outline()
    outline.feed(page(shown, figure=figure))
    outline.close()
    assert outline.open == []
    return outline


def test_a_page_needs_nothing_from_anywhere_and_runs_nothing() -> None:
    text = page(report(answer(), "product"))
    outline = read(report(answer(), "product"))

    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in outline.tags)
    assert not re.search(r"https?://|url\(|@import|\son\w+=", text)
    assert "default-src 'none'" in text
    assert all("src" not in values and "href" not in values for _, values in outline.tags)


def test_a_page_shows_figures_charts_groups_and_notes() -> None:
    outline = read(report(answer(), "product"))

    for told in ("1,250.00", "▲ 25.0%", "Net by day, USD", "Coffee club", "75%", "EUR, JPY"):
        assert told in outline.text
    assert "Gross less refunds and what is withheld." in outline.text


def test_light_and_dark_follow_the_reader() -> None:
    text = page(report(answer()))

    assert "prefers-color-scheme: dark" in text
    assert '<meta name="color-scheme" content="light dark">' in text
    style = text.partition("<style>")[2].partition("</style>")[0]
    used = set(re.findall(r"var\((--\w+)\)", style))
    light, dark = re.findall(r":root \{([^}]*)\}", style)
    assert used <= set(re.findall(r"(--\w+):", light)) == set(re.findall(r"(--\w+):", dark))


def test_every_chart_has_a_title_a_description_and_its_table() -> None:
    text = page(report(answer()))

    pictures = re.findall(r"<svg viewBox.*?</svg>", text, re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        root = ElementTree.fromstring(picture)  # noqa: S314 - our own page
        title, described = root[0], root[1]
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {described.attrib['id']}"
        assert (title.tag, described.tag) == ("title", "desc")
    assert "The highest is 850.00 (2 Oct), the lowest -50.00 (3 Oct)." in text
    assert text.count("<details><summary>as a table</summary>") == 2
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def test_columns_stand_on_the_line_of_zero_or_hang_from_it() -> None:
    picture = re.findall(r"<svg.*?</svg>", page(report(answer())), re.DOTALL)[0]

    root = ElementTree.fromstring(picture)  # noqa: S314 - our own page
    (zero,) = (each for each in root if each.attrib.get("class") == "zero")
    bars = [each for each in root if each.tag == "rect"]
    line = float(zero.attrib["y1"])
    for each in bars:
        top, height = float(each.attrib["y"]), float(each.attrib["height"])
        below = "below" in each.attrib["class"]
        assert top == pytest.approx(line, abs=0.2) if below else top + height <= line + 0.2
    assert [each[0].text for each in bars] == ["1 Oct: 400.00", "2 Oct: 850.00", "3 Oct: -50.00"]


def test_whatever_came_from_outside_is_escaped() -> None:
    groups = [{"key": EVIL, "label": EVIL, "net": "1.00", "orders": 1}]
    shown = report(
        answer(
            groups=groups,
            notes=[{"code": "x", "message": EVIL}],
            timezone=EVIL,
            other_currencies=[EVIL],
            series=[{"date": EVIL, "net": "1.00", EVIL: 3}],
            currency=EVIL,
        ),
        "product",
    )

    outline = read(shown)

    assert {"script", "img"}.isdisjoint(tag for tag, _ in outline.tags)
    assert EVIL in outline.text


def test_a_page_of_nothing_is_a_page() -> None:
    outline = read(report(empty()))

    assert "0.00" in outline.text
    assert "<svg" not in page(report(empty(series=[])))
    no_value = empty(series=days(2, net=lambda _: None))
    assert "There are no values." in read(report(no_value)).text


def test_years_of_days_stay_a_picture_and_say_how_they_were_put_together() -> None:
    shown = report(answer(series=days(1_000, net=lambda _: "1.00"), groups=[]))

    outline = read(shown)

    assert sum(tag == "rect" for tag, _ in outline.tags) == 200
    assert "Each column is 5 days, summed." in outline.text


def test_the_figure_asked_for_is_the_first_chart() -> None:
    outline = read(report(answer()), figure="orders")

    assert outline.text.index("Orders by day") < outline.text.index("Net by day")


def test_groups_have_bars_of_their_shares() -> None:
    text = page(report(answer(), "product"))

    assert re.findall(r'<rect class="bar" width="([\d.]+)" height="4"/>', text) == ["75.0", "25.0"]
    assert 'width="100.0" height="4"' in page(report(answer(), "tag"))
    assert 'height="4"/>' not in page(report(answer(), "currency"))
