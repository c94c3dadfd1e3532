"""The routes of API stores and of imported records: bulk bodies in, a result for each item out."""

from __future__ import annotations

from functions.manage.adapters import Adapters
from functions.manage.paykickstart_orders import PATHS, order_of
from functions.manage.store_bodies import Items, OrderItems, OrdersBody, RecurringPaymentsBody
from functions.manage.stores import OURS, Form, put_items
from shared.api.bodies import validated
from shared.api.route import Answer, Request, Route
from shared.providers.api_store import ORDER, RECURRING_PAYMENT

FORMS = {"paykickstart": Form(order_of, PATHS)}


def write_recurring_payments(request: Request, at: Adapters) -> Answer:
    """Make or replace recurring payments of API stores, up to 100.

    An item replaces what its store said before; the pair of `connection_id` and
    `store_recurring_payment_id` says which is meant. Items are done one by one, and each has its
    result in the order sent: a rejected one, with its errors, keeps no other from being done.
    Sending the same again changes nothing. Enums may be spelt in capitals, as ActiveCampaign does.
    With `"historical": true` they are records of any connection, imported as history: they fire
    nothing, and what the connection's own provider has told of is left as it is.
    """
    return _done(RECURRING_PAYMENT, validated(Items, request.json()), at)


def write_orders(request: Request, at: Adapters) -> Answer:
    """Make or replace orders of API stores, up to 100.

    The same as recurring payments, by `connection_id` and `store_order_id`. One with a
    `recurring_payment_id` is of that subscription, one without is a one-time order. With
    `"format": "paykickstart"` items are PayKickstart's own fields, as Zapier has them.
    """
    body = validated(OrderItems, request.json())
    return _done(ORDER, body, at, FORMS[body.format] if body.format else OURS)


def _done(kind: str, body: Items, at: Adapters, form: Form = OURS) -> Answer:
    results = put_items(
        kind,
        body,
        store=at.store,
        jobs=at.outbox,
        now=at.now(),
        new_id=at.new_id,
        form=form,
    )
    return Answer(200, {"results": results})


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="PUT",
        path="/v1/recurring-payments",
        run=write_recurring_payments,
        body=RecurringPaymentsBody,
        answers={200: "Results"},
    ),
    Route(
        method="PUT",
        path="/v1/orders",
        run=write_orders,
        body=OrdersBody,
        answers={200: "Results"},
    ),
)
