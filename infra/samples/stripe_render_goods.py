"""Snapshots of products, prices, coupons, customers and cards in the old and the new shape."""

from infra.samples.stripe_event import Json, View
from infra.samples.stripe_goods import Address, Coupon, Price, Product, PromotionCode
from infra.samples.stripe_state import Card, Customer, Discount, LegacyCard


def product(subject: Product, view: View) -> Json:
    """Return a product; both shapes agree."""
    return {
        "id": subject.id,
        "object": "product",
        "active": subject.active,
        "attributes": [],
        "created": subject.created,
        "description": subject.description,
        "images": [],
        "livemode": view.livemode,
        "metadata": dict(subject.metadata),
        "name": subject.name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": subject.updated,
        "url": None,
    }


def price(subject: Price, view: View) -> Json:
    """Return a price, recurring or one-time; the product is an id."""
    return {
        "id": subject.id,
        "object": "price",
        "active": subject.active,
        "billing_scheme": "per_unit",
        "created": subject.created,
        "currency": subject.currency,
        "custom_unit_amount": None,
        "livemode": view.livemode,
        "lookup_key": subject.lookup_key,
        "metadata": {},
        "nickname": subject.nickname,
        "product": subject.product.id,
        "recurring": _recurring(subject, view),
        "tax_behavior": "exclusive",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time" if subject.interval is None else "recurring",
        "unit_amount": subject.amount,
        "unit_amount_decimal": str(subject.amount),
    }


def _recurring(subject: Price, view: View) -> Json | None:
    if subject.interval is None:
        return None
    return {
        "interval": subject.interval,
        "interval_count": subject.interval_count,
        **({"meter": None} if view.is_new else {"aggregate_usage": None}),
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def plan(subject: Price, view: View) -> Json | None:
    """Return the plan that Stripe still renders beside a recurring price."""
    if subject.interval is None:
        return None
    return {
        "id": subject.id,
        "object": "plan",
        "active": subject.active,
        **({"meter": None} if view.is_new else {"aggregate_usage": None}),
        "amount": subject.amount,
        "amount_decimal": str(subject.amount),
        "billing_scheme": "per_unit",
        "created": subject.created,
        "currency": subject.currency,
        "interval": subject.interval,
        "interval_count": subject.interval_count,
        "livemode": view.livemode,
        "metadata": {},
        "nickname": subject.nickname,
        "product": subject.product.id,
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def coupon(subject: Coupon, view: View) -> Json:
    """Return a coupon; both shapes agree."""
    return {
        "id": subject.id,
        "object": "coupon",
        "amount_off": subject.amount_off,
        "created": subject.created,
        "currency": subject.currency,
        "duration": "forever",
        "duration_in_months": None,
        "livemode": view.livemode,
        "max_redemptions": None,
        "metadata": {},
        "name": subject.name,
        "percent_off": subject.percent_off,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }


def promotion_code(subject: PromotionCode, view: View) -> Json:
    """Return a promotion code; the new shape names the coupon by id in `promotion`."""
    source: Json = {"coupon": coupon(subject.coupon, view)}
    if view.is_new:
        source = {"promotion": {"coupon": subject.coupon.id, "type": "coupon"}}
    return {
        "id": subject.id,
        "object": "promotion_code",
        "active": subject.active,
        "code": subject.code,
        **source,
        "created": subject.created,
        "customer": None,
        "expires_at": None,
        "livemode": view.livemode,
        "max_redemptions": None,
        "metadata": {},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }


def discount(subject: Discount, view: View) -> Json:
    """Return a discount; the new shape carries the coupon's id only."""
    source: Json = {"coupon": coupon(subject.coupon, view)}
    if view.is_new:
        source = {"source": {"coupon": subject.coupon.id, "type": "coupon"}}
    return {
        "id": subject.id,
        "object": "discount",
        "checkout_session": None,
        **source,
        "customer": subject.customer.id,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "start": subject.start,
        "subscription": subject.subscription,
        **({"subscription_item": None} if view.is_new else {}),
    }


def address(subject: Address | None) -> Json | None:
    """Return a postal address, or None."""
    if subject is None:
        return None
    return {
        "city": subject.city,
        "country": subject.country,
        "line1": subject.line1,
        "line2": subject.line2,
        "postal_code": subject.postal_code,
        "state": subject.state,
    }


def shipping(subject: Customer) -> Json | None:
    """Return where a customer's parcels go, or None."""
    if subject.shipping is None:
        return None
    return {"address": address(subject.shipping), "name": subject.name, "phone": subject.phone}


def customer(subject: Customer, view: View) -> Json:
    """Return a customer; a deleted one shrinks to its id, as the API answers it."""
    if subject.deleted:
        return {"id": subject.id, "object": "customer", "deleted": True}
    return {
        "id": subject.id,
        "object": "customer",
        "address": address(subject.address),
        "balance": 0,
        "created": subject.created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": subject.email,
        "invoice_prefix": subject.id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": subject.card.id if subject.card else None,
            "footer": None,
            **({"rendering_options": None} if view.is_new else {}),
        },
        "livemode": view.livemode,
        "metadata": dict(subject.metadata),
        "name": subject.name,
        "next_invoice_sequence": subject.invoices_count + 1,
        "phone": subject.phone,
        "preferred_locales": [],
        "shipping": shipping(subject),
        "tax_exempt": "none",
        **({"test_clock": None} if view.is_new else {}),
    }


def card(subject: Card, view: View) -> Json:
    """Return a card as a payment method; both shapes agree."""
    owner = subject.customer
    return {
        "id": subject.id,
        "object": "payment_method",
        "billing_details": {
            "address": address(owner.address) if owner else None,
            "email": owner.email if owner else None,
            "name": owner.name if owner else None,
            "phone": None,
        },
        "card": card_details(subject),
        "created": subject.created,
        "customer": owner.id if owner else None,
        "livemode": view.livemode,
        "metadata": {},
        "type": "card",
    }


def card_details(subject: Card) -> Json:
    """Return the hash `card` of a payment method."""
    return {
        "brand": subject.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "exp_month": subject.exp_month,
        "exp_year": subject.exp_year,
        "fingerprint": f"Fingerprint{subject.last4}",
        "funding": "credit",
        "generated_from": None,
        "last4": subject.last4,
        "networks": {"available": [subject.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def legacy_card(subject: LegacyCard, _view: View) -> Json:
    """Return a card of the sources API."""
    return {
        "id": subject.id,
        "object": "card",
        "address_city": None,
        "address_country": None,
        "address_line1": None,
        "address_state": None,
        "address_zip": None,
        "brand": "Visa",
        "country": "US",
        "customer": subject.customer.id,
        "cvc_check": "pass",
        "exp_month": subject.exp_month,
        "exp_year": subject.exp_year,
        "fingerprint": f"Fingerprint{subject.last4}",
        "funding": "credit",
        "last4": subject.last4,
        "metadata": {},
        "name": subject.customer.name,
        "tokenization_method": None,
    }
