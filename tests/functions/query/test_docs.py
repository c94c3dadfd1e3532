"""The documentation: served without a key, whole, and free of anything from outside."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

import pytest

from functions.query.docs import page
from infra import openapi
from shared.domain.reports.catalogue import REPORTS
from tests.support.api_client import ROUTES, ApiClient


class Page(HTMLParser):
    """Collects what a page refers to, and whether its tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.links += [value for name in ("href", "src") if (value := values.get(name))]
        self.ids += [value for value in [values.get("id")] if value]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def parsed() -> Page:
    parsed = Page()
    parsed.feed(page(openapi.document()))
    return parsed


def test_the_documentation_needs_no_key_and_nothing_from_elsewhere(parsed: Page) -> None:
    reply = ApiClient().get("/docs", authorization=None)

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
    assert all(link.startswith("#") or link == "v1/openapi.json" for link in parsed.links)
    assert not re.search(r"https?://|@import|url\(", reply.text)


def test_every_route_is_on_the_page_and_every_link_leads_somewhere(parsed: Page) -> None:
    assert parsed.open == []
    assert {route.run.__name__ for route in ROUTES} <= set(parsed.ids)
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_the_page_says_what_every_figure_of_every_report_means() -> None:
    text = page(openapi.document())

    for report in REPORTS.values():
        for figure in report.kpis:
            assert escape(f"{figure.name}: {figure.about}") in text


def test_what_the_document_says_cannot_break_out_of_the_page() -> None:
    document = openapi.document()
    document["info"] = {**document["info"], "title": "<script>alert(1)</script>"}

    assert "<script>" not in page(document)


def test_the_description_needs_no_key_and_is_the_generated_one() -> None:
    reply = ApiClient().get("/v1/openapi.json", authorization=None)

    assert reply.body == openapi.document()
    assert reply.headers["cache-control"] == "public, max-age=300"
