"""PayPal's resources as it words them: subscriptions of v2 and v1, sales, refunds, captures."""

from __future__ import annotations

from infra.samples.paypal_event import Json, decimal, moment
from infra.samples.paypal_state import Buyer, Checkout, Payment, Plan, Subscription

_API = "https://api.paypal.com"


def money(cents: int) -> Json:
    """Return money as v2 words it."""
    return {"currency_code": "USD", "value": decimal(cents)}


def total(cents: int) -> Json:
    """Return money as v1 words it."""
    return {"total": decimal(cents), "currency": "USD"}


def subscription(it: Subscription, *, with_plan: bool = False) -> Json:
    """Return a subscription of v2; its creation knows no subscriber."""
    told: Json = {
        "id": it.id,
        "plan_id": it.plan.id,
        "status": it.status,
        "status_update_time": moment(it.changed_at),
        "start_time": moment(it.started_at),
        "quantity": str(it.quantity),
        "shipping_amount": money(0),
        "custom_id": it.custom_id,
        "plan_overridden": False,
        # Not stable in PayPal's own events: the later ones say so many seconds more.
        "create_time": moment(it.created_at + it.told),
        "update_time": moment(it.changed_at),
    }
    if it.approved:
        told |= {"subscriber": subscriber(it.buyer), "billing_info": _billing(it)}
    if with_plan:
        told["plan"] = plan(it.plan)
    return told


def subscriber(it: Buyer) -> Json:
    """Return who pays."""
    return {
        "email_address": it.email,
        "payer_id": it.id,
        "name": {"given_name": it.first_name, "surname": it.last_name},
        "shipping_address": {
            "name": {"full_name": f"{it.first_name} {it.last_name}"},
            "address": {
                "address_line_1": "1 Sample Street",
                "admin_area_2": "San Jose",
                "admin_area_1": "CA",
                "postal_code": "95131",
                "country_code": "US",
            },
        },
    }


def _billing(it: Subscription) -> Json:
    cycles = it.plan.cycles
    regular = {
        "tenure_type": "REGULAR",
        "sequence": 2 if it.plan.trial_days else 1,
        "cycles_completed": it.cycles,
        "cycles_remaining": max(0, cycles - it.cycles) if cycles else 0,
        "total_cycles": cycles,
    }
    executions = [regular]
    if it.plan.trial_days:
        left = 1 if it.in_trial else 0
        done = {"cycles_completed": 1 - left, "cycles_remaining": left, "total_cycles": 1}
        executions.insert(0, {"tenure_type": "TRIAL", "sequence": 1, **done})
    told: Json = {
        "outstanding_balance": money(0),
        "cycle_executions": executions,
        "failed_payments_count": it.failures,
    }
    if it.paid_at is not None:
        told["last_payment"] = {"amount": money(it.amount), "time": moment(it.paid_at)}
    if it.next_at is not None:
        told["next_billing_time"] = moment(it.next_at)
    if it.failed_at is not None:
        told["last_failed_payment"] = {
            "amount": money(it.amount),
            "time": moment(it.failed_at),
            "reason_code": "PAYMENT_DENIED",
            **({"next_payment_retry_time": moment(it.retry_at)} if it.retry_at else {}),
        }
    return told


def plan(it: Plan) -> Json:
    """Return a plan of v2."""
    frequency = {"interval_unit": it.unit, "interval_count": it.count}
    regular = {
        "frequency": frequency,
        "tenure_type": "REGULAR",
        "sequence": 2 if it.trial_days else 1,
        "total_cycles": it.cycles,
        "pricing_scheme": {"version": 1, "fixed_price": money(it.price)},
    }
    trial = {
        "frequency": {"interval_unit": "DAY", "interval_count": it.trial_days},
        "tenure_type": "TRIAL",
        "sequence": 1,
        "total_cycles": 1,
        "pricing_scheme": {"version": 1, "fixed_price": money(0)},
    }
    return {
        "id": it.id,
        "product_id": it.product_id,
        "name": it.name,
        "status": "ACTIVE",
        "quantity_supported": True,
        "billing_cycles": [trial, regular] if it.trial_days else [regular],
        "taxes": {"percentage": "0", "inclusive": False},
    }


def product(it: Plan) -> Json:
    """Return the product a plan sells."""
    return {"id": it.product_id, "name": "Video Club", "type": "SERVICE", "category": "SOFTWARE"}


def agreement(it: Subscription) -> Json:
    """Return a subscription as v1 words it: an agreement with its plan inline."""
    states = {"APPROVAL_PENDING": "Pending", "CANCELLED": "Cancelled"}
    details: Json = {
        "outstanding_balance": {"value": "0.00"},
        "num_cycles_completed": str(it.cycles),
        "failed_payment_count": str(it.failures),
        "final_payment_due_date": "1970-01-01T00:00:00Z",
    }
    if it.paid_at is not None:
        details["last_payment_date"] = moment(it.paid_at)
        details["last_payment_amount"] = {"value": decimal(it.amount)}
    if it.next_at is not None:
        details["next_billing_date"] = moment(it.next_at)
    definition = {
        "type": "REGULAR",
        "frequency": it.plan.unit.capitalize(),
        "frequency_interval": str(it.plan.count),
        "amount": {"value": decimal(it.amount)},
        "cycles": str(it.plan.cycles),
        "charge_models": [{"type": "TAX", "amount": {"value": "0.00"}}],
    }
    info = {"email": it.buyer.email, "payer_id": it.buyer.id}
    name = {"first_name": it.buyer.first_name, "last_name": it.buyer.last_name}
    return {
        "id": it.id,
        "state": states.get(it.status, it.status.capitalize()),
        "description": it.plan.name,
        "start_date": moment(it.started_at),
        "payer": {"payment_method": "paypal", "payer_info": {**info, **name}},
        "plan": {"curr_code": "USD", "payment_definitions": [definition]},
        "agreement_details": details,
    }


def sale(it: Payment, state: str) -> Json:
    """Return a sale of v1, which pays subscriptions of both versions."""
    return {
        "id": it.id,
        "state": state,
        "amount": {**total(it.amount), "details": {"subtotal": decimal(it.amount)}},
        "transaction_fee": {"value": "0.49", "currency": "USD"},
        "payment_mode": "INSTANT_TRANSFER",
        "billing_agreement_id": it.subscription_id,
        "create_time": moment(it.at),
        "update_time": moment(it.at),
        "links": [{"href": f"{_API}/v1/payments/sale/{it.id}", "rel": "self", "method": "GET"}],
    }


def sale_refund(refund_id: str, it: Payment, cents: int, at: int, *, negative: bool) -> Json:
    """Return a refund of a sale; the simulator's have another sign than genuine ones."""
    return {
        "id": refund_id,
        "sale_id": it.id,
        "state": "completed",
        "amount": {"total": ("-" if negative else "") + decimal(cents), "currency": "USD"},
        "total_refunded_amount": total(it.returned),
        "create_time": moment(at),
        "update_time": moment(at),
    }


def reversal(reversal_id: str, it: Payment, at: int) -> Json:
    """Return a reversal, which names its sale by a link alone."""
    place = f"{_API}/v1/payments"
    return {
        "id": reversal_id,
        "state": "completed",
        "amount": {"total": f"-{decimal(it.amount)}", "currency": "USD"},
        "create_time": moment(at),
        "links": [
            {"href": f"{place}/refund/{reversal_id}", "rel": "self", "method": "GET"},
            {"href": f"{place}/sale/{it.id}", "rel": "sale", "method": "GET"},
        ],
    }


def dispute(dispute_id: str, it: Payment, at: int, outcome: str | None) -> Json:
    """Return a dispute about a payment, resolved where there is an outcome."""
    told: Json = {
        "dispute_id": dispute_id,
        "disputed_transactions": [{"seller_transaction_id": it.id}],
        "reason": "UNAUTHORIZED",
        "status": "OPEN" if outcome is None else "RESOLVED",
        "dispute_amount": money(it.amount),
        "create_time": moment(at),
    }
    return told if outcome is None else {**told, "dispute_outcome": {"outcome_code": outcome}}


def capture(it: Payment, status: str, order_id: str) -> Json:
    """Return a capture of v2."""
    return {
        "id": it.id,
        "status": status,
        "amount": money(it.amount),
        "final_capture": True,
        "seller_receivable_breakdown": {"paypal_fee": money(64)},
        "supplementary_data": {"related_ids": {"order_id": order_id}},
        "create_time": moment(it.at),
        "update_time": moment(it.at),
    }


def capture_refund(refund_id: str, it: Payment, cents: int, at: int) -> Json:
    """Return a refund of v2, which names its capture by a link."""
    place = f"{_API}/v2/payments"
    return {
        "id": refund_id,
        "status": "COMPLETED",
        "amount": money(cents),
        "seller_payable_breakdown": {"total_refunded_amount": money(it.returned)},
        "create_time": moment(at),
        "links": [
            {"href": f"{place}/refunds/{refund_id}", "rel": "self", "method": "GET"},
            {"href": f"{place}/captures/{it.id}", "rel": "up", "method": "GET"},
        ],
    }


def checkout(it: Checkout, status: str, captures: list[Json]) -> Json:
    """Return a checkout of v2 with the captures it has led to."""
    unit: Json = {
        "reference_id": "default",
        "amount": {**money(it.amount), "breakdown": {"item_total": money(it.amount)}},
        "items": [{"name": "Film", "unit_amount": money(it.amount), "quantity": "1"}],
    }
    if captures:
        unit["payments"] = {"captures": captures}
    who = subscriber(it.buyer)
    return {
        "id": it.id,
        "status": status,
        "payer": {key: who[key] for key in ("email_address", "payer_id", "name")},
        "purchase_units": [unit],
        "create_time": moment(it.at),
    }
