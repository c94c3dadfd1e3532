"""The routes of what people did and what was spent to reach them: bulk bodies, result by result."""

from __future__ import annotations

from functions.manage.activity import post_activity
from functions.manage.activity_bodies import ActivityBody, ActivityItems, SpendBody, SpendItems
from functions.manage.adapters import Adapters
from functions.manage.spend import put_spend
from shared.api.bodies import validated
from shared.api.route import Answer, Request, Route


def write_activity(request: Request, at: Adapters) -> Answer:
    """Tell what people did or were sent, up to 500 items.

    Each item has its result in the order sent: `created`, `unchanged` where it was told before, or
    `rejected` with its errors. One is known by its `id`, else by all that it states; without an id
    and an `occurred_date` it is another each time. Of an unknown email it is kept and attached when
    the contact appears. `tag_added`, `tag_removed`, `list_added` and `list_removed` also change the
    contact, at their date; the first `visit` tells where a contact came from.
    """
    results = post_activity(
        validated(ActivityItems, request.json()), store=at.store, now=at.now(), new_id=at.new_id
    )
    return Answer(200, {"results": results})


def write_spend(request: Request, at: Adapters) -> Answer:
    """Tell what was spent to reach people, up to 500 items.

    It makes cost per customer and return on ad spend. The day, `source`, `campaign` and currency
    say which is meant: an item replaces what was said of them before, and an amount of 0 takes it
    back. The names are those of the contacts' own source and campaign. Each item has its result in
    the order sent.
    """
    results = put_spend(validated(SpendItems, request.json()), store=at.store)
    return Answer(200, {"results": results})


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="POST",
        path="/v1/activity",
        run=write_activity,
        body=ActivityBody,
        answers={200: "Results"},
    ),
    Route(
        method="PUT",
        path="/v1/spend",
        run=write_spend,
        body=SpendBody,
        answers={200: "Results"},
    ),
)
