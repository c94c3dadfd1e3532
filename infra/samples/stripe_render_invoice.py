"""Snapshots of invoices and what pays them in the old and the new shape.

The old shape links an invoice to its subscription, charge and payment intent outright. The new
one tells the subscription in `parent`, has no link to the money at all, and says in an
`invoice_payment` of its own which payment intent paid it.
"""

from infra.samples.stripe_event import Json, View
from infra.samples.stripe_render_goods import address, discount, plan, price, shipping
from infra.samples.stripe_render_subscription import TAX_RATE
from infra.samples.stripe_state import Customer, Discount, Invoice, InvoicePayment, Line


def invoice(subject: Invoice, view: View) -> Json:
    """Return an invoice."""
    tax = sum(line.tax for line in subject.lines)
    return {
        "id": subject.id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Example Business",
        "account_tax_ids": None,
        "amount_due": subject.total,
        "amount_paid": subject.amount_paid,
        "amount_remaining": subject.total - subject.amount_paid,
        "attempt_count": subject.attempt_count,
        "attempted": subject.attempt_count > 0 or subject.status == "paid",
        "auto_advance": subject.status in ("draft", "open") and not subject.out_of_band,
        "billing_reason": subject.billing_reason,
        "collection_method": "send_invoice" if subject.due_date else "charge_automatically",
        "created": subject.created,
        "currency": subject.currency,
        **_payer(subject),
        **_settings(subject),
        **(_new_parts(subject, tax) if view.is_new else _old_parts(subject, tax, view)),
        "lines": _lines(subject, view),
        "livemode": view.livemode,
        "metadata": {},
        "next_payment_attempt": subject.next_payment_attempt,
        "number": subject.number,
        "period_end": subject.created,
        "period_start": min((line.period_start for line in subject.lines), default=0),
        "receipt_number": None,
        "shipping_cost": None,
        "starting_balance": 0,
        "status": subject.status,
        "status_transitions": _transitions(subject),
        "subtotal": sum(line.amount for line in subject.lines),
        "total": subject.total,
        "total_discount_amounts": _discount_amounts(
            subject.discount, sum(line.discount for line in subject.lines)
        ),
    }


def upcoming(subject: Invoice, view: View) -> Json:
    """Return an invoice that does not exist yet: it has no id."""
    preview = invoice(subject, view)
    del preview["id"]
    preview["lines"]["url"] = f"/v1/invoices/upcoming/lines?customer={subject.customer.id}"
    return preview


def _payer(subject: Invoice) -> Json:
    """Return who pays; the email is frozen when the invoice is finalised."""
    customer: Customer = subject.customer
    return {
        "customer": customer.id,
        "customer_address": address(customer.address),
        "customer_email": subject.customer_email or customer.email,
        "customer_name": customer.name,
        "customer_phone": customer.phone,
        "customer_shipping": shipping(customer),
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
    }


def _settings(subject: Invoice) -> Json:
    return {
        "application": None,
        "custom_fields": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [subject.discount.id] if subject.discount else [],
        "due_date": subject.due_date,
        "ending_balance": None if subject.status == "draft" else 0,
        "footer": None,
        "webhooks_delivered_at": None,
    }


def _transitions(subject: Invoice) -> Json:
    return {
        "finalized_at": subject.finalized_at,
        "marked_uncollectible_at": subject.uncollectible_at,
        "paid_at": subject.paid_at,
        "voided_at": subject.voided_at,
    }


def _discount_amounts(applied: Discount | None, amount: int) -> list[Json]:
    return [{"amount": amount, "discount": applied.id}] if applied else []


def _old_parts(subject: Invoice, tax: int, view: View) -> Json:
    payment = subject.payment
    # An attempt that failed leaves the last charge on the invoice as well.
    charge = payment.charge.id if payment and payment.charges else None
    amounts = [{"amount": tax, "inclusive": False, "tax_rate": TAX_RATE}] if tax else []
    return {
        "charge": charge,
        "discount": discount(subject.discount, view) if subject.discount else None,
        "paid": subject.status == "paid",
        "paid_out_of_band": subject.out_of_band,
        "payment_intent": payment.id if payment else None,
        "subscription": subject.subscription.id if subject.subscription else None,
        "tax": tax or None,
        "total_tax_amounts": amounts,
    }


def _new_parts(subject: Invoice, tax: int) -> Json:
    return {
        "amount_overpaid": subject.amount_overpaid,
        "amount_paid_off_stripe": subject.amount_paid if subject.out_of_band else 0,
        "amount_shipping": 0,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "customer_account": None,
        "effective_at": subject.finalized_at,
        "from_invoice": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "on_behalf_of": None,
        "parent": _parent(subject),
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "rendering": None,
        "shipping_details": None,
        "status_details": _status_details(subject),
        "subtotal_excluding_tax": sum(line.amount for line in subject.lines),
        "test_clock": None,
        "total_excluding_tax": subject.total - tax,
        "total_pretax_credit_amounts": [],
        "total_taxes": _taxes(tax, subject.total - tax),
    }


def _parent(subject: Invoice) -> Json | None:
    if subject.subscription is None:
        return None
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subject.subscription.metadata),
            "subscription": subject.subscription.id,
        },
        "type": "subscription_details",
    }


def _status_details(subject: Invoice) -> Json | None:
    if subject.uncollectible_reason is None:
        return None
    return {"uncollectible": {"reason": subject.uncollectible_reason}}


def _taxes(amount: int, taxable: int) -> list[Json]:
    if not amount:
        return []
    return [
        {
            "amount": amount,
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": TAX_RATE},
            "taxability_reason": "not_available",
            "taxable_amount": taxable,
            "type": "tax_rate_details",
        }
    ]


def _lines(subject: Invoice, view: View) -> Json:
    tell = _new_line if view.is_new else _old_line
    return {
        "object": "list",
        "data": [tell(line, subject, view) for line in subject.lines],
        "has_more": False,
        "total_count": len(subject.lines),
        "url": f"/v1/invoices/{subject.id}/lines",
    }


def _line(line: Line, bill: Invoice, view: View) -> Json:
    return {
        "id": line.id,
        "object": "line_item",
        "amount": line.amount,
        "currency": bill.currency,
        "description": line.description,
        "discount_amounts": _discount_amounts(bill.discount, line.discount),
        "discountable": True,
        "discounts": [],
        "livemode": view.livemode,
        "metadata": {},
        "period": {"end": line.period_end, "start": line.period_start},
        "quantity": line.quantity,
    }


def _old_line(line: Line, bill: Invoice, view: View) -> Json:
    tax = [{"amount": line.tax, "inclusive": False, "tax_rate": TAX_RATE}] if line.tax else []
    return {
        **_line(line, bill, view),
        "plan": plan(line.price, view),
        "price": price(line.price, view),
        "proration": line.proration,
        "subscription": bill.subscription.id if bill.subscription else None,
        "subscription_item": line.item.id if line.item else None,
        "tax_amounts": tax,
        "tax_rates": [],
        "type": "subscription" if line.item and not line.proration else "invoiceitem",
    }


def _new_line(line: Line, bill: Invoice, view: View) -> Json:
    details = {
        "invoice_item": None,
        "proration": line.proration,
        "proration_details": {"credited_items": None},
        "subscription": bill.subscription.id if bill.subscription else None,
    }
    # A line of a subscription names its item; a line of a single purchase is an invoice item.
    kind = "subscription_item_details" if line.item else "invoice_item_details"
    parent: Json = {"invoice_item_details": None, "subscription_item_details": None, "type": kind}
    if line.item:
        parent[kind] = {**details, "subscription_item": line.item.id}
    else:
        parent[kind] = {**details, "invoice_item": f"ii_{line.id[3:]}"}
    return {
        **_line(line, bill, view),
        "invoice": bill.id,
        "parent": parent,
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": line.price.id, "product": line.price.product.id},
            "type": "price_details",
            "unit_amount_decimal": str(line.price.amount),
        },
        "subtotal": line.amount,
        "taxes": _taxes(line.tax, line.amount - line.discount),
    }


def invoice_payment(subject: InvoicePayment, view: View) -> Json:
    """Return the link between an invoice and its payment intent; the old shape has none."""
    paid = subject.paid_at is not None
    return {
        "id": subject.id,
        "object": "invoice_payment",
        "amount_paid": subject.payment.amount if paid else None,
        "amount_requested": subject.payment.amount,
        "created": subject.created,
        "currency": subject.payment.currency,
        "invoice": subject.invoice.id,
        "is_default": True,
        "livemode": view.livemode,
        "payment": {"payment_intent": subject.payment.id, "type": "payment_intent"},
        "status": "paid" if paid else "open",
        "status_transitions": {"canceled_at": None, "paid_at": subject.paid_at},
    }
