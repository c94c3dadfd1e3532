"""Snapshots of checkout sessions in the old and the new shape.

A session tells the buyer's email where nothing else does: a guest has no customer at all.
"""

from infra.samples.stripe_event import Json, View
from infra.samples.stripe_render_goods import address
from infra.samples.stripe_state import Session


def session(subject: Session, view: View) -> Json:
    """Return a checkout session; its line items are never included."""
    subscribing = subject.mode == "subscription"
    return {
        "id": subject.id,
        "object": "checkout.session",
        "amount_subtotal": subject.subtotal,
        "amount_total": subject.total,
        "cancel_url": "https://shop.example.com/cart",
        "client_reference_id": None,
        "created": subject.created,
        "currency": subject.currency,
        "customer": subject.customer.id if subject.customer else None,
        "customer_details": _buyer(subject),
        "customer_email": None,
        "expires_at": subject.created + 86_400,
        **(_new_session_parts(subject) if view.is_new else {"shipping": _shipping(subject)}),
        "livemode": view.livemode,
        "locale": None,
        "metadata": {},
        "mode": subject.mode,
        "payment_intent": subject.payment.id if subject.payment and not subscribing else None,
        "payment_method_types": ["card"],
        "payment_status": subject.payment_status,
        "setup_intent": None,
        "status": subject.status,
        "submit_type": None,
        "subscription": subject.subscription.id if subject.subscription else None,
        "success_url": "https://shop.example.com/thanks",
        "total_details": {
            "amount_discount": subject.discount,
            "amount_shipping": 0,
            "amount_tax": subject.tax,
        },
        "url": None,
    }


def _buyer(subject: Session) -> Json:
    """Return what the buyer typed; a guest has an email here and no customer anywhere."""
    return {
        "address": address(subject.customer.address if subject.customer else None),
        "email": subject.email,
        "name": subject.name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _shipping(subject: Session) -> Json | None:
    if subject.shipping is None:
        return None
    return {"address": address(subject.shipping), "name": subject.name}


def _new_session_parts(subject: Session) -> Json:
    return {
        "collected_information": {"shipping_details": _shipping(subject)},
        "customer_creation": None,
        "discounts": [],
        "invoice": subject.invoice.id if subject.invoice else None,
        "payment_link": None,
        "payment_method_collection": "always",
        "ui_mode": "hosted_page",
    }
