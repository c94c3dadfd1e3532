"""A shop's REST API in memory, made of what the shop has posted: lists by id, dated refunds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import httpx

from infra.samples.woocommerce_event import Event
from shared.providers.woocommerce_api import WooCommerceApi

Json = dict[str, Any]

FOLDERS = ("products", "subscriptions", "orders")


class WooCommerceShop:
    """Holds objects by folder and id; `requests` are the addresses that were asked for.

    A refund's date is the moment its order was first posted with it.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.held: dict[str, dict[int, Json]] = {folder: {} for folder in FOLDERS}
        self.refunded: dict[int, str] = {}
        self.requests: list[httpx.URL] = []
        for event in events:
            self.take(event)
        self.api = WooCommerceApi(
            "https://shop.example.com",
            "ck_1",
            "cs_1",
            transport=httpx.MockTransport(self._answer),
            monotonic=itertools.count().__next__,
        )

    def take(self, event: Event) -> None:
        """Hold what a message has told."""
        folder = f"{event.topic.partition('.')[0]}s"
        own = int(event.content["id"])
        if event.topic.endswith(".deleted"):
            self.held[folder].pop(own, None)
            return
        self.held[folder][own] = event.content
        for each in event.content.get("refunds", ()):
            self.refunded.setdefault(each["id"], event.content["date_modified_gmt"])

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url)
        parts = request.url.path.removeprefix("/wp-json/wc/v3/").split("/")
        folder = self.held[parts[0]]
        if len(parts) == 1:
            return self._list(folder, request.url.params)
        held = folder.get(int(parts[1]))
        if held is None:
            return httpx.Response(404)
        if len(parts) == 2:
            return httpx.Response(200, json=held)
        if parts[0] == "subscriptions":
            assert parts[2] == "orders"
            mine = [each for each in self.held["orders"].values() if _is_of(each, held)]
            return httpx.Response(200, json=mine)
        refunds = [
            {"id": each["id"], "date_created_gmt": self.refunded[each["id"]]}
            for each in held["refunds"]
        ]
        return httpx.Response(200, json=refunds)

    def _list(self, folder: dict[int, Json], asked: httpx.QueryParams) -> httpx.Response:
        assert (asked["orderby"], asked["order"]) == ("id", "asc")
        rows = [folder[own] for own in sorted(folder)]
        after = asked.get("modified_after")
        if after is not None:
            assert asked["dates_are_gmt"] == "true"
            rows = [row for row in rows if row["date_modified_gmt"] > after]
        first, most = int(asked["offset"]), int(asked["per_page"])
        headers = {"x-wp-total": str(len(rows))}
        return httpx.Response(200, headers=headers, json=rows[first : first + most])


def _is_of(order: Json, subscription: Json) -> bool:
    """Tell whether an order began a subscription or renewed it."""
    renewed = [m["value"] for m in order["meta_data"] if m["key"] == "_subscription_renewal"]
    return order["id"] == subscription["parent_id"] or str(subscription["id"]) in map(str, renewed)
