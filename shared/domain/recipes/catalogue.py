"""The recipes there are. Each is one row; a test installs them all and plays a month through them.

Their names are part of the API. Tags begin with a word that says whose they are, so that a person
can tell a recipe's from one's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.recipes.recipe import ENDPOINT, Parameter, Recipe, Values, webhook

Json = dict[str, Any]

_ACTIVE = {"field": "recurring_payment.status", "operator": "is", "value": "active"}
_WEBHOOK = Parameter(ENDPOINT, "The endpoint a webhook is sent to; without one, none is sent.")


def _tag(name: str) -> Parameter:
    return Parameter("tag", "The tag it works with.", name)


def _days(default: int, description: str) -> Parameter:
    return Parameter("days", description, default, 0, 90)


def _add(values: Values) -> Json:
    return {"type": "add_tag", "tag": values["tag"]}


def _remove(values: Values) -> Json:
    return {"type": "remove_tag", "tag": values["tag"]}


def _updated(field: str, to: Any, before: Any = None, **more: Any) -> Json:
    known = {"type": "recurring_payment_updated", "field": field, "from": before, "to": to}
    return {**known, **more}


def _date(field: str, offset: str, *conditions: Json) -> Json:
    """Return a trigger by a date: of those alone that are active, and not about to end."""
    goes_on = [_ACTIVE, _is("cancel_at_period_end", value=False)]
    segment = {"match": "all", "conditions": [*goes_on, *conditions]}
    return {
        "type": "recurring_payment_date",
        "field": field,
        "offset": offset,
        "segment": segment,
    }


def _milestone(number: int) -> Json:
    """Return a trigger by an order's number, or the next: two may come within one `settle`."""
    value = [str(number), str(number + 1)]
    counted = {"field": "contact.orders_count", "operator": "between", "value": value}
    return _ordered({"match": "all", "conditions": [counted]})


def _first_order() -> Json:
    """Return a trigger by the first order, known as such by its day where a second came at once."""
    alone = {"field": "contact.orders_count", "operator": "is", "value": 1}
    today = {"field": "contact.first_order_date", "operator": "in_last", "value": "1 days"}
    return _ordered({"match": "any", "conditions": [alone, today]})


def _ordered(segment: Json) -> Json:
    return {"type": "order_created", "runs": "once", "segment": segment}


def _is(field: str, value: bool) -> Json:
    return {"field": f"recurring_payment.{field}", "operator": "is", "value": value}


def _win_back(values: Values) -> Json:
    """Return the win-back: a tag, a wait, and then only for who has not come back."""
    gone = {"field": "recurring_payment.status", "operator": "is", "value": "cancelled"}
    asked = {"match": "all", "conditions": [gone]}
    steps = [{"type": "add_tag", "tag": f"{values['tag']}: offer due"}, *webhook(values)]
    return {
        "trigger": _updated("status", "cancelled"),
        "steps": [
            _add(values),
            {"type": "wait", "for": f"P{max(1, values['days'])}D"},
            {"type": "branch", "branches": [{"segment": asked, "steps": steps}], "else": []},
        ],
    }


_ALL = (
    Recipe(
        "failed-payment",
        "Rescue failed payments",
        "Tags whoever's renewal was declined, so that a card can be asked for before it is too "
        "late.",
        "Each recurring payment whose status became payment_failed.",
        (_tag("STATUS: Payment failed"), _WEBHOOK),
        lambda values: {"trigger": _updated("status", "payment_failed"), "steps": [_add(values)]},
    ),
    Recipe(
        "payment-recovered",
        "Payment recovered",
        "Takes the tag of a failed payment off again when the money has come after all.",
        "Each recurring payment that went from payment_failed back to active.",
        (_tag("STATUS: Payment failed"), _WEBHOOK),
        lambda values: {
            "trigger": _updated("status", "active", "payment_failed"),
            "steps": [_remove(values)],
        },
    ),
    Recipe(
        "renewal-reminder",
        "Renewal reminder",
        "Tells of a renewal some days ahead: of those that are active, paid, and not about to end.",
        "Each renewal, so many days before it; days keep the clock of your time zone.",
        (_tag("RENEWS: Soon"), _days(3, "How many days ahead."), _WEBHOOK),
        lambda values: {
            "trigger": _date(
                "next_payment_date",
                f"-P{values['days']}D",
                _is("is_trial", value=False),
            ),
            "steps": [_add(values)],
        },
    ),
    Recipe(
        "overdue-renewal",
        "Overdue renewal",
        "Finds active subscriptions whose renewal should have happened and has not been heard of.",
        "Each recurring payment still active with its next payment so many days in the past.",
        (_tag("RENEWS: Overdue"), _days(1, "How many days after."), _WEBHOOK),
        lambda values: {
            "trigger": _date("next_payment_date", f"P{values['days']}D"),
            "steps": [_add(values)],
        },
    ),
    Recipe(
        "card-expiring",
        "Card expiring",
        "Asks for a new card before the last month of the one that pays; who is leaving is not "
        "asked.",
        "Each active recurring payment, so many days before the month its card expires in begins.",
        (_tag("CARD: Expiring"), _days(14, "How many days ahead."), _WEBHOOK),
        lambda values: {
            "trigger": _date("payment_method_expiration", f"-P{values['days']}D"),
            "steps": [_add(values)],
        },
    ),
    Recipe(
        "trial-started",
        "Trial started",
        "Welcomes whoever begins with a trial.",
        "Each recurring payment created as a trial.",
        (_tag("TRIAL: Running"), _WEBHOOK),
        lambda values: {
            "trigger": {
                "type": "recurring_payment_created",
                "segment": {"match": "all", "conditions": [_is("is_trial", value=True)]},
            },
            "steps": [_add(values)],
        },
    ),
    Recipe(
        "trial-ending",
        "Trial ending",
        "Tells of the first charge some days before a trial ends.",
        "Each trial, so many days before its first payment.",
        (_tag("TRIAL: Ending"), _days(3, "How many days ahead."), _WEBHOOK),
        lambda values: {
            "trigger": _date(
                "next_payment_date", f"-P{values['days']}D", _is("is_trial", value=True)
            ),
            "steps": [_add(values)],
        },
    ),
    Recipe(
        "trial-converted",
        "Trial converted",
        "Tells when a trial has become a paying subscription.",
        "Each recurring payment that stopped being a trial and is active.",
        (_tag("TRIAL: Converted"), _WEBHOOK),
        lambda values: {
            "trigger": _updated(
                "is_trial", to=False, segment={"match": "all", "conditions": [_ACTIVE]}
            ),
            "steps": [_add(values)],
        },
    ),
    Recipe(
        "cancelled-win-back",
        "Win back who cancelled",
        "Waits some days after a cancellation, and then marks whoever has not come back for an "
        "offer.",
        "Each recurring payment whose status became cancelled.",
        (_tag("WIN BACK"), _days(7, "How many days to wait, one at least."), _WEBHOOK),
        _win_back,
        tells=False,
    ),
    Recipe(
        "paused",
        "Subscription paused",
        "Tags whoever has paused, so that nobody is asked to pay meanwhile.",
        "Each recurring payment whose status became paused.",
        (_tag("STATUS: Paused"), _WEBHOOK),
        lambda values: {"trigger": _updated("status", "paused"), "steps": [_add(values)]},
    ),
    Recipe(
        "milestone-gift",
        "Milestone gift",
        "Thanks a contact for the order of a number you choose; a checkout counts as the first.",
        "Each contact, once, at the order of that number (or the next, where two came at once).",
        (
            _tag("GIFT: Milestone"),
            Parameter("number", "Which order it is.", 3, 1, 1_000),
            _WEBHOOK,
        ),
        lambda values: {"trigger": _milestone(values["number"]), "steps": [_add(values)]},
    ),
    Recipe(
        "upsell-after-cycles",
        "Upsell after so many payments",
        "Offers more to whoever has paid for a subscription a number of times and is active.",
        "Each recurring payment that has completed that many cycles.",
        (
            _tag("OFFER: Upsell"),
            Parameter("number", "How many payments, the checkout's included.", 2, 1, 1_000),
            _WEBHOOK,
        ),
        lambda values: {
            "trigger": _updated(
                "cycles_completed",
                values["number"],
                segment={"match": "all", "conditions": [_ACTIVE]},
            ),
            "steps": [_add(values)],
        },
    ),
    Recipe(
        "new-customer-welcome",
        "Welcome a new customer",
        "Welcomes a contact with the first order that brings money.",
        "Each contact, once, at the first order.",
        (_tag("CUSTOMER: New"), _WEBHOOK),
        lambda values: {"trigger": _first_order(), "steps": [_add(values)]},
    ),
)

RECIPES: Mapping[str, Recipe] = {each.name: each for each in _ALL}
