"""PayPal's transaction search: all of the last three years, in windows it will answer for.

It takes 31 days at most at a time, has what is older than three hours, answers up to 10,000 rows
for one window and needs a permission of its own. How far a search has come is a plain dict, so that
it goes on from nothing but that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain import times
from shared.domain.errors import Quarantined

Json = Mapping[str, Any]
# Asks PayPal for a path and returns the answer's status and JSON. Raises Retryable.
Ask = Callable[[str, Mapping[str, str | int]], tuple[int, Any]]
Place = dict[str, Any]

PATH = "/v1/reporting/transactions"
WINDOW_DAYS = 31
# PayPal's three years, less a day: its clock is not ours.
REACH = 3 * 365 * times.DAY - times.DAY
# Months in which nothing was found are passed over, as many as fit well into one call of ours.
_REQUESTS = 8
_TOO_LARGE = "RESULTSET_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Sought:
    """What is searched for: kinds of transactions, the parts of a row, and rows a page."""

    codes: tuple[str, ...]
    fields: str
    size: int


def begun(now: int, since: int | None) -> Place:
    """Return where a search begins that looks back from `now` (ms) to `since`, or for ever."""
    start = max(now - REACH, since or 0)
    return {"code": 0, "from": start, "since": start, "until": now, "page": 1, "days": WINDOW_DAYS}


def some(ask: Ask, sought: Sought, place: Place) -> tuple[list[Json], Place | None]:
    """Return the next rows there are, if any, and where to go on: None at the end.

    Raise Retryable, and Quarantined where PayPal refuses the search.
    """
    rows: list[Json] = []
    following: Place | None = place
    for _ in range(_REQUESTS):
        if rows or following is None:
            break
        rows, following = _one(ask, sought, following)
    return rows, following


def rows_of(found: Any) -> list[Json]:
    """Return the rows of an answer, those that name a transaction."""
    told = found.get("transaction_details") if isinstance(found, dict) else None
    return [
        row
        for row in (told if isinstance(told, list) else [])
        if isinstance(row, dict)
        and isinstance(row.get("transaction_info"), dict)
        and isinstance(row["transaction_info"].get("transaction_id"), str)
    ]


def window(since: int, until: int) -> dict[str, str | int]:
    """Return what a search is told of its window, in ms."""
    return {"start_date": _whole(since), "end_date": _whole(until)}


def refused(status: int) -> Quarantined:
    """Return the refusal of a search, with what a person can do."""
    return Quarantined(
        "call_refused",
        f"PayPal refuses the transaction search: {status}; turn on Transaction Search for the REST "
        "app, which takes PayPal up to nine hours, then start the history again",
    )


def _one(ask: Ask, sought: Sought, place: Place) -> tuple[list[Json], Place | None]:
    last = min(place["from"] + place["days"] * times.DAY - times.SECOND, place["until"])
    about = {
        "transaction_type": sought.codes[place["code"]],
        **window(place["from"], last),
        "fields": sought.fields,
        "page_size": sought.size,
        "page": place["page"],
    }
    status, found = ask(PATH, about)
    if status == 400 and _TOO_LARGE in str(found) and place["days"] > 1:
        return [], {**place, "days": place["days"] // 2, "page": 1}
    if status != 200:
        raise refused(status)
    pages = found.get("total_pages")
    if isinstance(pages, int) and pages > place["page"]:
        return rows_of(found), {**place, "page": place["page"] + 1}
    return rows_of(found), _next_window(sought, place, last)


def _next_window(sought: Sought, place: Place, last: int) -> Place | None:
    if last < place["until"]:
        days = min(WINDOW_DAYS, place["days"] * 2)
        return {**place, "from": last + times.SECOND, "page": 1, "days": days}
    if place["code"] + 1 < len(sought.codes):
        return {**place, "code": place["code"] + 1, "from": place["since"], "page": 1}
    return None


def _whole(milliseconds: int) -> str:
    return str(times.to_text(milliseconds - milliseconds % times.SECOND)).replace(".000Z", "Z")
