"""Snapshots of the money itself: payment intents, charges, refunds, disputes.

In the old shape a charge and a payment intent name their invoice; in the new shape they do not,
and only the invoice payment can tell that an invoice and a charge are one and the same money.
"""

from infra.samples.stripe_event import Json, View
from infra.samples.stripe_render_goods import address, card_details
from infra.samples.stripe_state import Charge, Dispute, Payment, Refund

# Rendered on payment intents and charges alike, and never used by this business.
_UNUSED: Json = {
    "application": None,
    "application_fee_amount": None,
    "on_behalf_of": None,
    "receipt_email": None,
    "review": None,
    "shipping": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "transfer_data": None,
    "transfer_group": None,
}


def payment(subject: Payment, view: View) -> Json:
    """Return a payment intent."""
    succeeded = subject.status == "succeeded"
    return {
        "id": subject.id,
        "object": "payment_intent",
        "amount": subject.amount,
        "amount_capturable": 0,
        "amount_received": subject.amount if succeeded else 0,
        "canceled_at": subject.canceled_at,
        "cancellation_reason": "abandoned" if subject.canceled_at else None,
        "capture_method": "automatic_async" if view.is_new else "automatic",
        **(_new_parts(subject) if view.is_new else _old_parts(subject, view)),
        "client_secret": f"{subject.id}_secret_generated",
        "confirmation_method": "automatic",
        "created": subject.created,
        "currency": subject.currency,
        "customer": subject.customer.id if subject.customer else None,
        "description": subject.description,
        "last_payment_error": _last_error(subject),
        "livemode": view.livemode,
        "metadata": {},
        "next_action": {"type": "use_stripe_sdk"} if subject.status == "requires_action" else None,
        # After a failed try the intent asks for another card and has none.
        "payment_method": subject.card.id
        if subject.card and subject.status != "requires_payment_method"
        else None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "setup_future_usage": "off_session" if subject.invoice else None,
        "status": subject.status,
        **_UNUSED,
        "processing": None,
    }


def _old_parts(subject: Payment, view: View) -> Json:
    return {
        "charges": {
            "object": "list",
            "data": [charge(each, view) for each in subject.charges[-1:]],
            "has_more": False,
            "total_count": len(subject.charges),
            "url": f"/v1/charges?payment_intent={subject.id}",
        },
        "invoice": subject.invoice.id if subject.invoice else None,
    }


def _new_parts(subject: Payment) -> Json:
    return {
        "amount_details": {"tip": {}},
        "automatic_payment_methods": None,
        "customer_account": None,
        "excluded_payment_method_types": None,
        "latest_charge": subject.charge.id if subject.charges else None,
        "payment_details": {"customer_reference": None, "order_reference": None},
    }


def _last_error(subject: Payment) -> Json | None:
    if subject.status != "requires_payment_method" or not subject.charges:
        return None
    return {
        "charge": subject.charge.id,
        "code": "card_declined",
        "decline_code": subject.charge.failure_code,
        "message": "Your card was declined.",
        "type": "card_error",
    }


def charge(subject: Charge, view: View) -> Json:
    """Return a charge; `refunded` stays false until all of it went back."""
    intent = subject.payment
    failed = subject.status == "failed"
    return {
        "id": subject.id,
        "object": "charge",
        "amount": subject.amount,
        "amount_captured": subject.amount if subject.status == "succeeded" else 0,
        "amount_refunded": subject.amount_refunded,
        "balance_transaction": subject.balance_transaction,
        "billing_details": _billing_details(intent),
        "calculated_statement_descriptor": "EXAMPLE BUSINESS",
        "captured": subject.status == "succeeded",
        "created": subject.created,
        "currency": intent.currency,
        "customer": intent.customer.id if intent.customer else None,
        "description": intent.description,
        "dispute": None,
        "disputed": subject.disputed,
        "failure_code": "card_declined" if failed else None,
        "failure_message": "Your card was declined." if failed else None,
        "fraud_details": {},
        **({} if view.is_new else _old_charge_parts(subject, view)),
        "livemode": view.livemode,
        "metadata": {},
        "outcome": _outcome(subject),
        "paid": subject.status == "succeeded",
        "payment_intent": intent.id,
        "payment_method": intent.card.id if intent.card else None,
        "payment_method_details": _method_details(intent),
        "receipt_number": None,
        "receipt_url": None,
        "refunded": 0 < subject.amount == subject.amount_refunded,
        "source": None,
        "status": subject.status,
        **_UNUSED,
    }


def _old_charge_parts(subject: Charge, view: View) -> Json:
    """Return the link to the invoice and the list of refunds, newest first."""
    bill = subject.payment.invoice
    return {
        "invoice": bill.id if bill else None,
        "refunds": {
            "object": "list",
            "data": [refund(each, view) for each in reversed(subject.refunds)],
            "has_more": False,
            "total_count": len(subject.refunds),
            "url": f"/v1/charges/{subject.id}/refunds",
        },
    }


def _billing_details(intent: Payment) -> Json:
    owner = intent.customer
    return {
        "address": address(owner.address if owner else None),
        "email": intent.email,
        "name": intent.name or (owner.name if owner else None),
        "phone": None,
    }


def _method_details(intent: Payment) -> Json:
    details = card_details(intent.card) if intent.card else {"brand": "visa", "last4": "4242"}
    return {"card": details, "type": "card"}


def _outcome(subject: Charge) -> Json:
    failed = subject.status == "failed"
    return {
        "network_status": "declined_by_network" if failed else "approved_by_network",
        "reason": subject.failure_code,
        "risk_level": "normal",
        "seller_message": "The bank declined." if failed else "Payment complete.",
        "type": "issuer_declined" if failed else "authorized",
    }


def refund(subject: Refund, view: View) -> Json:
    """Return a refund."""
    return {
        "id": subject.id,
        "object": "refund",
        "amount": subject.amount,
        "balance_transaction": f"txn_{subject.id[3:]}",
        "charge": subject.charge.id,
        "created": subject.created,
        "currency": subject.charge.payment.currency,
        **({"destination_details": _destination(subject)} if view.is_new else {}),
        **({"failure_reason": subject.failure_reason} if subject.failure_reason else {}),
        "metadata": {},
        "payment_intent": subject.charge.payment.id,
        "reason": "requested_by_customer",
        "receipt_number": subject.receipt_number,
        "source_transfer_reversal": None,
        "status": subject.status,
        "transfer_reversal": None,
    }


def _destination(subject: Refund) -> Json:
    return {
        "card": {
            "reference_status": subject.reference_status,
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "type": "card",
    }


def dispute(subject: Dispute, view: View) -> Json:
    """Return a dispute with the money that moved for it."""
    intent = subject.charge.payment
    return {
        "id": subject.id,
        "object": "dispute",
        "amount": subject.amount,
        "balance_transactions": [
            {
                "id": txn,
                "object": "balance_transaction",
                "amount": amount,
                "created": at,
                "currency": intent.currency,
                "source": subject.id,
                "status": "pending",
                "type": "adjustment",
            }
            for txn, amount, at in subject.transactions
        ],
        "charge": subject.charge.id,
        "created": subject.created,
        "currency": intent.currency,
        "evidence": {"customer_email_address": intent.email},
        "evidence_details": {
            "due_by": subject.created + 7 * 86_400,
            "has_evidence": subject.has_evidence,
            "past_due": False,
            "submission_count": int(subject.has_evidence),
        },
        "is_charge_refundable": False,
        "livemode": view.livemode,
        "metadata": {},
        "payment_intent": intent.id,
        "reason": "fraudulent",
        "status": subject.status,
    }
