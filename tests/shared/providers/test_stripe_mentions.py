"""Ids of other systems that Stripe's objects carry: by them a sale is found again elsewhere."""

from __future__ import annotations

import pytest

from tests.shared.providers.stripe_bodies import Json, charge, intent, invoice, parse, session

_METADATA = {"order": "PK-1001", "note": "thank you", "campaign": "summer", "n": "1042", "ref": ""}


@pytest.mark.parametrize(
    ("kind", "thing"),
    [
        ("charge.succeeded", charge(metadata=_METADATA)),
        ("payment_intent.succeeded", intent(metadata=_METADATA)),
        ("checkout.session.completed", session(metadata=_METADATA)),
        ("invoice.paid", invoice(metadata=_METADATA)),
    ],
)
def test_ids_in_metadata_are_mentioned(kind: str, thing: Json) -> None:
    (said,) = parse(kind, thing).orders

    assert said.mentions == ("PK-1001",)


def test_a_checkouts_reference_and_an_invoices_custom_fields_are_mentioned() -> None:
    (sold,) = parse("checkout.session.completed", session(client_reference_id="cart-77")).orders
    fields = [{"name": "Order", "value": "WC-100042"}, {"name": "VAT", "value": "none"}]
    (billed,) = parse("invoice.paid", invoice(custom_fields=fields)).orders

    assert (sold.mentions, billed.mentions) == (("cart-77",), ("WC-100042",))


@pytest.mark.parametrize("metadata", [None, {}, "PK-1001", ["PK-1001"], {"a": None}, {"a": {}}])
def test_metadata_of_any_other_shape_mentions_nothing(metadata: object) -> None:
    (said,) = parse("charge.succeeded", charge(metadata=metadata)).orders

    assert said.mentions == ()
