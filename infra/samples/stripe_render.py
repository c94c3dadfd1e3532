"""One door to all renderers: a thing of Stripe's in, its snapshot out."""

from collections.abc import Callable
from typing import Any

from infra.samples import (
    stripe_render_goods,
    stripe_render_invoice,
    stripe_render_payments,
    stripe_render_session,
    stripe_render_subscription,
)
from infra.samples.stripe_event import Json, View
from infra.samples.stripe_goods import Coupon, Price, Product, PromotionCode
from infra.samples.stripe_state import (
    Card,
    Charge,
    Customer,
    Discount,
    Dispute,
    Invoice,
    InvoicePayment,
    LegacyCard,
    Payment,
    Refund,
    Schedule,
    Session,
    Subscription,
)

RENDERERS: dict[type, Callable[[Any, View], Json]] = {
    Product: stripe_render_goods.product,
    Price: stripe_render_goods.price,
    Coupon: stripe_render_goods.coupon,
    PromotionCode: stripe_render_goods.promotion_code,
    Discount: stripe_render_goods.discount,
    Customer: stripe_render_goods.customer,
    Card: stripe_render_goods.card,
    LegacyCard: stripe_render_goods.legacy_card,
    Subscription: stripe_render_subscription.subscription,
    Schedule: stripe_render_subscription.schedule,
    Invoice: stripe_render_invoice.invoice,
    InvoicePayment: stripe_render_invoice.invoice_payment,
    Payment: stripe_render_payments.payment,
    Charge: stripe_render_payments.charge,
    Refund: stripe_render_payments.refund,
    Dispute: stripe_render_payments.dispute,
    Session: stripe_render_session.session,
}


def render(subject: object, view: View) -> Json:
    """Return the snapshot of a thing as an endpoint of this view gets it now."""
    return RENDERERS[type(subject)](subject, view)
