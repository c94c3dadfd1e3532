"""What was before: a PayPal account's subscriptions, their payments, and what went back, in pages.

The list of subscriptions is young and not everywhere: where PayPal does not know it, the payments
of three years name them. Each subscription is then fetched by its id, with its plan, and after a
page of subscriptions come the pages of what they were paid. Refunds and reversals are told by the
transaction search alone, disputes by a list of their own that reaches back half a year.

A cursor holds all there is to know: an import that is killed goes on from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from shared.domain import times
from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_pages import OBJECTS_MAX, Page
from shared.providers import paypal_search as search
from shared.providers.paypal_search import Ask, Json, Place, Sought

_SUBSCRIPTIONS = "/v1/billing/subscriptions"
_PRODUCTS = "/v1/catalogs/products"
_DISPUTES = "/v1/customer/disputes"
# What is fetched one by one: as many as PayPal lists at once, and as fit well into a call.
_SIZE = 20
_BY_SUBSCRIPTION = Sought(("T0002",), "transaction_info", 4 * _SIZE)
_RETURNS = Sought(("T1106", "T1107"), "transaction_info", OBJECTS_MAX)
_PURCHASES = Sought(("T0006",), "transaction_info,payer_info,cart_info", OBJECTS_MAX)
# A subscription is paid every month and fetched once: so many are remembered on the way.
_SEEN_MAX = 1_000
# Without its own word, a subscription began when there were none yet: in 2012.
_FIRST = 1_325_376_000_000
_DISPUTES_REACH = 179 * times.DAY
_NOT_THERE = (400, 403, 404)
_OVER = ("CANCELLED", "EXPIRED")


class History:
    """Pages of an account; `ask` gets a path's status and JSON, `clock` tells the time in ms."""

    def __init__(self, ask: Ask, clock: Callable[[], int]) -> None:
        self._ask = ask
        self._clock = clock
        self._phases: dict[str, Callable[[Place, int | None], Page]] = {
            "products": self._products,
            "subscriptions": self._subscriptions,
            "purchases": self._purchases,
            "returns": self._returns,
            "disputes": self._disputes,
        }

    def phases(self, resources: Sequence[str]) -> tuple[str, ...]:
        """Return what to page through: products before what is sold, sales before returns."""
        sold = ("products", "subscriptions") if "subscriptions" in resources else ()
        once = ("purchases",) if "orders" in resources else ()
        return (*sold, *once, "returns", "disputes")

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        """Return one page. Raise Retryable, and Quarantined for what PayPal refuses for good."""
        if phase not in self._phases:
            raise Quarantined("unknown_phase", "PayPal's history has no such phase")
        return self._phases[phase](json.loads(cursor) if cursor else {}, since)

    def newest_payment(self, identity: str) -> dict[str, Any] | None:
        """Return what a subscription was paid last, None where that is over a month ago."""
        now = self._clock()
        paid = self._paid(identity, now - search.WINDOW_DAYS * times.DAY, now)
        return dict(paid[-1]) if paid else None

    def money_back(self, identity: str) -> dict[str, Any]:
        """Return a refund or reversal with the payment it is of.

        Raise Retryable where PayPal does not tell (yet): its search lags some hours behind.
        """
        status, found = self._ask(f"/v1/payments/refund/{quote(identity, safe='')}", {})
        if status == 200 and (found.get("sale_id") or found.get("capture_id")):
            return dict(found)
        until = self._clock()
        for age in (0, search.WINDOW_DAYS * times.DAY):
            start = until - age - search.WINDOW_DAYS * times.DAY + times.SECOND
            about = {"transaction_id": identity, **search.window(start, until - age)}
            status, found = self._ask(search.PATH, {**about, "fields": "transaction_info"})
            told = _told_returns(search.rows_of(found)) if status == 200 else []
            if told:
                return told[0]
        raise Retryable("PayPal does not tell yet which payment a reversal is of")

    def _products(self, place: Place, since: int | None) -> Page:
        del since  # a product has no time: it is what it is called now
        page = place.get("page", 1)
        status, found = self._ask(_PRODUCTS, _numbered(page))
        if status in _NOT_THERE:
            return Page((), "product", None)
        told = _rows(_given(status, found), "products")
        objects, skipped = self._each(f"{_PRODUCTS}/{{}}", _ids(told, "id"))
        return Page(objects, "product", _cursor(_next_page(found, page)), skipped=skipped)

    def _subscriptions(self, place: Place, since: int | None) -> Page:
        if "left" in place:
            return self._payments(place, since)
        listed = None if "search" in place else self._listed(place.get("page", 1))
        ids, following = self._searched(place, since) if listed is None else listed
        found, skipped = self._each(
            f"{_SUBSCRIPTIONS}/{{}}", ids, fields="plan,last_failed_payment"
        )
        objects = tuple(each for each in found if since is None or not _is_over(each, since))
        left = [[each["id"], each.get("create_time")] for each in objects]
        place = {"left": left, "then": following}
        return Page(objects, "subscription", _cursor(place if left else following), skipped=skipped)

    def _listed(self, page: int) -> tuple[list[str], Place | None] | None:
        """Return the ids PayPal lists, None where it knows no such list."""
        status, found = self._ask(_SUBSCRIPTIONS, _numbered(page))
        if page == 1 and status in _NOT_THERE:
            return None
        ids = _ids(_rows(_given(status, found), "subscriptions"), "id")
        return ids, _next_page(found, page)

    def _searched(self, place: Place, since: int | None) -> tuple[list[str], Place | None]:
        """Return the next ids that payments name; what is too much for a page is kept for later."""
        seen, ids = list(place.get("seen", ())), list(place.get("ids", ()))
        at = place["search"] if "search" in place else search.begun(self._clock(), since)
        if not ids and at:
            rows, at = search.some(self._ask, _BY_SUBSCRIPTION, at)
            told = [row["transaction_info"] for row in rows]
            named = [e for e in told if e.get("paypal_reference_id_type") == "SUB"]
            ids = [each for each in _ids(named, "paypal_reference_id") if each not in seen]
            seen = [*seen, *ids][:_SEEN_MAX]
        rest = ids[_SIZE:]
        if not rest and not at:
            return ids, None
        return ids[:_SIZE], {"search": at or {}, "seen": seen, "ids": rest}

    def _payments(self, place: Place, since: int | None) -> Page:
        """Return what subscriptions were paid, as much as a page takes."""
        left, skip = list(place["left"]), place.get("skip", 0)
        rows: list[Json] = []
        while left and len(rows) < OBJECTS_MAX:
            identity, created = left[0]
            room = OBJECTS_MAX - len(rows)
            start = max(_moment(created) - times.DAY, since or 0)
            paid = self._paid(identity, start, self._clock())[skip:]
            rows += paid[:room]
            if len(paid) > room:
                skip += room
                break
            left, skip = left[1:], 0
        rest = {"left": left, "skip": skip, "then": place["then"]} if left else place["then"]
        return Page(tuple(rows), "transaction", _cursor(rest))

    def _paid(self, identity: str, since: int, until: int) -> list[Json]:
        """Return a subscription's payments, the oldest first; what is paged is asked in halves."""
        about = {"start_time": _text(since), "end_time": _text(until)}
        path = f"{_SUBSCRIPTIONS}/{quote(identity, safe='')}/transactions"
        found = _given(*self._ask(path, about))
        pages = found.get("total_pages")
        if isinstance(pages, int) and pages > 1 and until - since > times.DAY:
            middle = (since + until) // 2
            halves = self._paid(identity, since, middle) + self._paid(identity, middle, until)
            told = list({each["id"]: each for each in halves}.values())
        else:
            told = [e for e in _rows(found, "transactions") if e.get("id") and not _is_back(e)]
        named = [{**each, "subscription_id": identity} for each in told]
        return sorted(named, key=lambda each: (str(each.get("time")), each["id"]))

    def _purchases(self, place: Place, since: int | None) -> Page:
        begin = place or search.begun(self._clock(), since)
        rows, following = search.some(self._ask, _PURCHASES, begin)
        told = [{**row, "id": row["transaction_info"]["transaction_id"]} for row in rows]
        once = [e for e in told if e["transaction_info"].get("paypal_reference_id_type") != "SUB"]
        return Page(tuple(once), "purchase", _cursor(following))

    def _returns(self, place: Place, since: int | None) -> Page:
        begin = place or search.begun(self._clock(), since)
        rows, following = search.some(self._ask, _RETURNS, begin)
        told = _told_returns(rows)
        known = {each["id"] for each in told}
        every = [row["transaction_info"]["transaction_id"] for row in rows]
        skipped = tuple(each for each in every if each not in known)
        return Page(tuple(told), "return", _cursor(following), skipped=skipped)

    def _disputes(self, place: Place, since: int | None) -> Page:
        after = max(self._clock() - _DISPUTES_REACH, since or 0)
        about: dict[str, str | int] = {"page_size": _SIZE, "update_time_after": _text(after)}
        if "token" in place:
            about["next_page_token"] = place["token"]
        status, found = self._ask(_DISPUTES, about)
        if status in _NOT_THERE:
            # An app may have no part in disputes; that must not cost it all the rest.
            return Page((), "dispute", None, skipped=("disputes",))
        ids = _ids(_rows(_given(status, found), "items"), "dispute_id")
        told, skipped = self._each(f"{_DISPUTES}/{{}}", ids)
        objects = tuple({**each, "id": each["dispute_id"]} for each in told)
        return Page(objects, "dispute", _cursor(_next_token(found)), skipped=skipped)

    def _each(
        self, path: str, ids: Sequence[str], **about: str
    ) -> tuple[tuple[Json, ...], tuple[str, ...]]:
        """Return the objects of these ids, and the ids PayPal knows nothing of."""
        answers = {each: self._ask(path.format(quote(each, safe="")), about) for each in ids}
        gone = tuple(each for each, (status, _) in answers.items() if status == 404)
        return tuple(_given(*answers[each]) for each in ids if each not in gone), gone


def _given(status: int, found: Any) -> dict[str, Any]:
    """Return the object of an answer. Raise Quarantined for a refusal."""
    if status != 200 or not isinstance(found, dict):
        raise Quarantined("call_refused", f"PayPal will not answer this call: {status}")
    return found


def _told_returns(rows: Sequence[Json]) -> list[dict[str, Any]]:
    """Return refunds and reversals that say which payment they are of."""
    told = [row["transaction_info"] for row in rows]
    return [
        {**each, "id": each["transaction_id"]}
        for each in told
        if each.get("paypal_reference_id_type") == "TXN" and each.get("paypal_reference_id")
    ]


def _is_over(it: Json, since: int) -> bool:
    """Tell whether a subscription had ended before, so that nothing of it is newer."""
    ended = it.get("status_update_time")
    return it.get("status") in _OVER and ended is not None and _moment(ended, since) < since


def _moment(text: object, default: int = _FIRST) -> int:
    """Return a time in ms; one that cannot be read must not end the import, and is the default."""
    try:
        return times.from_text(str(text))
    except ValueError:
        return default


def _is_back(transaction: Json) -> bool:
    """Tell whether a row is money that went back, which is told elsewhere."""
    amount = transaction.get("amount_with_breakdown") or {}
    return str((amount.get("gross_amount") or {}).get("value", "")).startswith("-")


def _rows(found: Mapping[str, Any], name: str) -> list[Json]:
    told = found.get(name)
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _ids(rows: Sequence[Json], name: str) -> list[str]:
    """Return the ids of rows, each once."""
    named = (row.get(name) for row in rows)
    return list(dict.fromkeys(each for each in named if isinstance(each, str) and each))


def _numbered(page: int) -> dict[str, str | int]:
    return {"page_size": _SIZE, "page": page, "total_required": "true"}


def _next_page(found: Any, page: int) -> Place | None:
    pages = found.get("total_pages")
    return {"page": page + 1} if isinstance(pages, int) and pages > page else None


def _next_token(found: Any) -> Place | None:
    for link in _rows(found, "links"):
        if link.get("rel") == "next":
            told = parse_qs(urlsplit(str(link.get("href"))).query).get("next_page_token")
            return {"token": told[0]} if told else None
    return None


def _cursor(place: Place | None) -> str | None:
    return None if place is None else json.dumps(place, separators=(",", ":"))


def _text(milliseconds: int) -> str:
    return str(times.to_text(milliseconds))
