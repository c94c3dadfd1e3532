"""Snapshots of subscriptions and their schedules in the old and the new shape.

The two differ in what most parsers read first: the old shape has the current period on the
subscription and the discount as an object, the new one has the period on each item, discounts as
ids, and flexible billing.
"""

from infra.samples.stripe_event import Json, View
from infra.samples.stripe_render_goods import discount, plan, price
from infra.samples.stripe_state import Item, Schedule, Subscription

TAX_RATE = "txr_1SalesTaxOfTheGeneratedW"


def item(subject: Item, subscription: Subscription, view: View) -> Json:
    """Return a subscription item; only the new shape tells its period."""
    period: Json = {}
    if view.is_new:
        period = {
            "current_period_end": subject.period_end,
            "current_period_start": subject.period_start,
            "discounts": [],
        }
    return {
        "id": subject.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": subject.created,
        **period,
        "metadata": {},
        "plan": plan(subject.price, view),
        "price": price(subject.price, view),
        "quantity": subject.quantity,
        "subscription": subscription.id,
        "tax_rates": [],
    }


def subscription(subject: Subscription, view: View) -> Json:
    """Return a subscription."""
    return {
        "id": subject.id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "billing_cycle_anchor": subject.anchor,
        "billing_thresholds": None,
        "cancel_at": subject.cancel_at,
        "cancel_at_period_end": subject.cancel_at_period_end,
        "canceled_at": subject.canceled_at,
        "collection_method": "charge_automatically",
        "created": subject.created,
        **(_new_parts(subject) if view.is_new else _old_parts(subject, view)),
        "customer": subject.customer.id,
        "days_until_due": None,
        "default_payment_method": subject.card.id if subject.card else None,
        "default_source": None,
        "default_tax_rates": _tax_rates(subject, view),
        "ended_at": subject.ended_at,
        "items": _items(subject, view),
        "latest_invoice": subject.latest_invoice.id if subject.latest_invoice else None,
        "livemode": view.livemode,
        "metadata": dict(subject.metadata),
        "next_pending_invoice_item_invoice": None,
        "pause_collection": _pause_collection(subject),
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": _pending_update(subject, view),
        **_single_plan(subject, view),
        "schedule": subject.schedule.id if subject.schedule else None,
        "start_date": subject.start_date,
        "status": subject.status,
        "transfer_data": None,
        "trial_end": subject.trial_end,
        "trial_start": subject.trial_start,
    }


def _items(subject: Subscription, view: View) -> Json:
    return {
        "object": "list",
        "data": [item(each, subject, view) for each in subject.items],
        "has_more": False,
        "total_count": len(subject.items),
        "url": f"/v1/subscription_items?subscription={subject.id}",
    }


def _old_parts(subject: Subscription, view: View) -> Json:
    """Return what only the old shape says; a subscription had no currency of its own then."""
    next_item = min(subject.items, key=lambda each: each.period_end)
    return {
        "current_period_end": next_item.period_end,
        "current_period_start": next_item.period_start,
        "discount": discount(subject.discount, view) if subject.discount else None,
    }


def _new_parts(subject: Subscription) -> Json:
    return {
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": subject.created,
        },
        "cancellation_details": {
            "comment": None,
            "feedback": None,
            "reason": subject.cancellation_reason,
        },
        "currency": subject.currency,
        "customer_account": None,
        "description": subject.description,
        "discounts": [subject.discount.id] if subject.discount else [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "on_behalf_of": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "status_details": _status_details(subject),
        "test_clock": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": subject.missing_card}},
    }


def _status_details(subject: Subscription) -> Json | None:
    if subject.status != "paused":
        return None
    return {
        "paused": {
            "subscription": {"type": subject.pause_reason},
            "transitioned_at": subject.paused_at,
            "type": "subscription",
        }
    }


def _pause_collection(subject: Subscription) -> Json | None:
    if subject.pause_behavior is None:
        return None
    return {"behavior": subject.pause_behavior, "resumes_at": None}


def _pending_update(subject: Subscription, view: View) -> Json | None:
    update = subject.pending_update
    if update is None:
        return None
    waiting = {**item(update.item, subject, view), "price": price(update.price, view)}
    return {
        "billing_cycle_anchor": None,
        "expires_at": update.expires_at,
        "subscription_items": [{**waiting, "plan": plan(update.price, view)}],
        "trial_end": None,
        "trial_from_plan": None,
    }


def _single_plan(subject: Subscription, view: View) -> Json:
    """Return the top-level plan and quantity, which Stripe renders for single items only."""
    if len(subject.items) != 1:
        return {"plan": None, "quantity": None}
    only = subject.items[0]
    return {"plan": plan(only.price, view), "quantity": only.quantity}


def _tax_rates(subject: Subscription, view: View) -> list[Json]:
    if not subject.tax_percent:
        return []
    return [
        {
            "id": TAX_RATE,
            "object": "tax_rate",
            "active": True,
            "country": None,
            "created": subject.created,
            "description": None,
            "display_name": "Sales tax",
            "inclusive": False,
            "jurisdiction": None,
            "livemode": view.livemode,
            "metadata": {},
            "percentage": subject.tax_percent,
            "state": None,
        }
    ]


def schedule(subject: Schedule, view: View) -> Json:
    """Return a schedule with its only phase."""
    finished = subject.status in ("released", "canceled", "completed")
    first = subject.subscription.items[0]
    return {
        "id": subject.id,
        "object": "subscription_schedule",
        "application": None,
        "canceled_at": subject.canceled_at,
        "completed_at": subject.completed_at,
        "created": subject.created,
        "current_phase": None
        if finished
        else {"end_date": subject.phase_end, "start_date": subject.phase_start},
        "customer": subject.subscription.customer.id,
        "end_behavior": subject.end_behavior,
        "livemode": view.livemode,
        "metadata": {},
        "phases": [
            {
                "currency": first.price.currency,
                "end_date": subject.phase_end,
                "items": [{"price": first.price.id, "quantity": first.quantity}],
                "metadata": {},
                "proration_behavior": "create_prorations",
                "start_date": subject.phase_start,
                "trial_end": None,
            }
        ],
        "released_at": subject.released_at,
        "released_subscription": subject.subscription.id if subject.status == "released" else None,
        "status": subject.status,
        "subscription": None if subject.status == "released" else subject.subscription.id,
    }
