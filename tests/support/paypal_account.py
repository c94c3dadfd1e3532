"""PayPal's API behind a transport: an account of the samples' made-up world, in documented shapes.

It holds to what PayPal states of itself: lists of twenty, a search of 31 days at most and three
years back, a limit of rows for one window, ids that are not there. What an account may not do is
answered as PayPal does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from infra.samples import paypal_render as render
from infra.samples.paypal_event import Json, decimal, moment
from infra.samples.paypal_state import DAY, Payment
from infra.samples.paypal_world import World
from shared.domain import times
from shared.providers.paypal_api import PayPalApi
from tests.support.shop import Shop

_LIST = "/v1/billing/subscriptions"
_SEARCH = "/v1/reporting/transactions"


class Account:
    """The world's account; `calls` are what was asked.

    `refused` are paths it answers 403 to, `most` the rows of a window, `gone` ids no longer known.
    """

    def __init__(self, world: World, *, refused: tuple[str, ...] = (), most: int = 10_000) -> None:
        self.world = world
        self.refused = refused
        self.most = most
        self.calls: list[httpx.URL] = []
        self.gone: set[str] = set()
        self.now = world.now + DAY
        self._all = list(self._rows())

    def api(self) -> PayPalApi:
        return PayPalApi(
            "id",
            "secret",
            rate=None,
            transport=httpx.MockTransport(self._respond),
            sleep=lambda _: None,
            clock=lambda: float(self.now),
        )

    def asked(self, path: str) -> int:
        return sum(1 for url in self.calls if url.path == path)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/oauth2/token":
            return httpx.Response(200, json={"access_token": "A21", "expires_in": 32_400})
        self.calls.append(request.url)
        about = dict(request.url.params)
        if path in self.refused:
            return httpx.Response(403, json={"name": "NOT_AUTHORIZED"})
        if path == _SEARCH:
            return self._search(about)
        found = self._found(path, about)
        if found is None:
            return httpx.Response(404, json={"name": "RESOURCE_NOT_FOUND"})
        return httpx.Response(200, json=found)

    def _found(self, path: str, about: dict[str, str]) -> Json | None:
        parts = path.split("/")[2:]
        if self.gone & set(parts):
            return None
        match parts:
            case ["billing", "subscriptions"]:
                ids = [{"id": each} for each in self.world.truth.subscriptions]
                return _paged("subscriptions", ids, about)
            case ["catalogs", "products"]:
                return _paged("products", [{"id": each} for each in self._product_ids()], about)
            case ["customer", "disputes"]:
                return {"items": [{"dispute_id": each} for each in self._disputes()]}
            case ["billing", "subscriptions", identity, "transactions"]:
                return self._transactions(identity, about)
        return self._object(parts, about)

    def _object(self, parts: list[str], about: dict[str, str]) -> Json | None:
        match parts:
            case ["billing", "subscriptions", identity]:
                assert about["fields"] == "plan,last_failed_payment"
                return self.world.object("subscription", identity)
            case ["catalogs", "products", identity]:
                return self.world.object("product", identity)
            case ["customer", "disputes", identity]:
                return self._disputes().get(identity)
        return None

    def _product_ids(self) -> list[str]:
        sold = (it.plan.product_id for it in self.world.truth.subscriptions.values())
        return sorted(set(sold))

    def _disputes(self) -> dict[str, Json]:
        kinds = ("CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.RESOLVED")
        told = (each.resource for each in self.world.events if each.type in kinds)
        return {each["dispute_id"]: each for each in told}

    def _transactions(self, identity: str, about: dict[str, str]) -> Json | None:
        it = self.world.truth.subscriptions.get(identity)
        if it is None:
            return None
        since, until = _seconds(about["start_time"]), _seconds(about["end_time"])
        told = [_transaction(each) for each in it.sales if since <= each.at <= until]
        return {"transactions": told, "total_items": len(told), "total_pages": 1}

    def _search(self, about: dict[str, str]) -> httpx.Response:
        since, until = _seconds(about["start_date"]), _seconds(about["end_date"])
        assert 0 <= until - since <= 31 * DAY
        assert since >= self.now - 3 * 365 * DAY
        rows = [
            row
            for row in self._all
            if since <= _seconds(row["transaction_info"]["transaction_initiation_date"]) <= until
            and _fits(row["transaction_info"], about)
        ]
        if len(rows) > self.most:
            return httpx.Response(400, json={"name": "RESULTSET_TOO_LARGE"})
        return httpx.Response(200, json=_paged("transaction_details", rows, about))

    def _rows(self) -> Iterator[Json]:
        paid = self.world.truth.payments
        for each in paid.values():
            yield self._bought(each) if each.subscription_id is None else _cycle(each)
        for event in self.world.events:
            back = event.resource
            if event.type == "PAYMENT.SALE.REVERSED":
                sale = next(link for link in back["links"] if link["rel"] == "sale")
                yield _returned("T1106", back, sale["href"].rpartition("/")[2])
            elif event.type == "PAYMENT.SALE.REFUNDED":
                yield _returned("T1107", back, back["sale_id"])
            elif event.type == "PAYMENT.CAPTURE.REFUNDED":
                capture = next(link for link in back["links"] if link["rel"] == "up")
                yield _returned("T1107", back, capture["href"].rpartition("/")[2])

    def _bought(self, it: Payment) -> Json:
        approved = {
            event.resource["id"]: event.resource
            for event in self.world.events
            if event.type == "CHECKOUT.ORDER.APPROVED"
        }
        captured = next(event for event in self.world.events if event.resource.get("id") == it.id)
        order = approved[captured.resource["supplementary_data"]["related_ids"]["order_id"]]
        payer = order["payer"]
        info = {
            **_info("T0006", it.id, it.amount, it.at),
            "fee_amount": render.money(-64) | {"value": "-0.64"},
            "transaction_status": "S" if it.status == "completed" else "D",
        }
        item = {"item_name": "Film", "item_quantity": "1", "item_amount": render.money(it.amount)}
        name = payer["name"]
        who = {"account_id": payer["payer_id"], "email_address": payer["email_address"]}
        return {
            "transaction_info": info,
            "payer_info": {**who, "payer_name": name},
            "cart_info": {"item_details": [item]},
        }


def imported(shop: Shop, account: Account, since: int | None = None) -> int:
    """Have a shop told the whole history, page by page; return the number of pages."""
    api, pages = account.api(), 0
    for phase in api.phases(["subscriptions", "orders"]):
        cursor: str | None = ""
        while cursor is not None:
            page = api.page(phase, cursor, since)
            assert len(page.objects) <= 100
            for each in page.objects:
                call = {"object": page.kind, "id": each["id"]}
                _, body = api.event(call, each, account.now * times.SECOND)
                shop.receive(body, source="history")
            cursor, pages = page.following, pages + 1
    api.close()
    return pages


def _fits(info: Json, about: dict[str, str]) -> bool:
    wanted = {"transaction_type": "transaction_event_code", "transaction_id": "transaction_id"}
    return all(info[name] == about[key] for key, name in wanted.items() if key in about)


def _paged(name: str, rows: list[Any], about: dict[str, str]) -> Json:
    size, page = int(about.get("page_size", "100")), int(about.get("page", "1"))
    pages = -(-len(rows) // size)
    some = rows[(page - 1) * size : page * size]
    return {name: some, "total_items": len(rows), "total_pages": pages}


def _transaction(it: Payment) -> Json:
    status = "COMPLETED"
    if it.returned:
        status = "REFUNDED" if it.returned >= it.amount else "PARTIALLY_REFUNDED"
    amounts = {
        "gross_amount": render.money(it.amount),
        "fee_amount": render.money(49),
        "net_amount": render.money(it.amount - 49),
    }
    return {
        "id": it.id,
        "status": status,
        "payer_email": it.email,
        "amount_with_breakdown": amounts,
        "time": moment(it.at),
    }


def _cycle(it: Payment) -> Json:
    reference = {"paypal_reference_id": it.subscription_id, "paypal_reference_id_type": "SUB"}
    return {"transaction_info": {**_info("T0002", it.id, it.amount, it.at), **reference}}


def _returned(code: str, back: Json, payment: str) -> Json:
    amount = str(back["amount"].get("total") or back["amount"].get("value")).lstrip("-")
    info = _info(code, back["id"], 0, int(_seconds(back["create_time"])))
    info["transaction_amount"] = {"currency_code": "USD", "value": f"-{amount}"}
    return {
        "transaction_info": {
            **info,
            "paypal_reference_id": payment,
            "paypal_reference_id_type": "TXN",
        }
    }


def _info(code: str, identity: str, cents: int, at: int) -> Json:
    return {
        "transaction_id": identity,
        "transaction_event_code": code,
        # With an offset that has no colon, as PayPal writes it there.
        "transaction_initiation_date": moment(at).replace("Z", "+0000"),
        "transaction_amount": {"currency_code": "USD", "value": decimal(cents)},
        "transaction_status": "S",
    }


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
