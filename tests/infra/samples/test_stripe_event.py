"""The envelope of the generated Stripe, held against Stripe's own SDK."""

import json

import pytest
import stripe

from infra.samples import stripe as story
from infra.samples.stripe_event import Ids, previous_attributes

SECRET = "whsec_generated"


def test_stripes_own_library_accepts_the_signature() -> None:
    event = story.sample("invoice.paid").event

    header = event.sign(SECRET, 1_800_000_000)

    assert stripe.WebhookSignature.verify_header(event.body.decode(), header, SECRET, None)


def test_stripes_own_library_refuses_another_body() -> None:
    event = story.sample("invoice.paid").event
    header = event.sign(SECRET, 1_800_000_000)

    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(event.body.decode() + " ", header, SECRET, None)


@pytest.mark.parametrize("secret", [SECRET, "whsec_next"])
def test_during_a_rotation_either_secret_verifies(secret: str) -> None:
    event = story.sample("invoice.paid").event

    header = event.sign(SECRET, 1_800_000_000, "whsec_next")

    assert header.count("v1=") == 2
    assert stripe.WebhookSignature.verify_header(event.body.decode(), header, secret, None)


def test_ids_depend_on_seed_prefix_and_count_only() -> None:
    one, same, other = Ids(1), Ids(1), Ids(2)
    one.new("evt")

    assert one.new("cus") == same.new("cus")
    assert one.new("cus") != one.new("cus")
    assert same.new("sub") != other.new("sub")
    assert len(same.new("cus")) == len("cus_") + 14


def test_previous_attributes_name_changed_keys_only() -> None:
    before = {"a": 1, "same": 2, "card": {"year": 2029, "month": 1}, "list": [1, 2], "gone": None}
    after = {"a": 2, "same": 2, "card": {"year": 2030, "month": 1}, "list": [1, 3], "new": 5}

    previous = previous_attributes(before, after)

    assert previous == {"a": 1, "card": {"year": 2029}, "list": [1, 2], "new": None}


def test_a_hash_that_appears_or_vanishes_is_told_whole() -> None:
    pause = {"behavior": "void", "resumes_at": None}

    assert previous_attributes({"pause": None}, {"pause": pause}) == {"pause": None}
    assert previous_attributes({"pause": pause}, {"pause": None}) == {"pause": pause}


def test_a_retry_differs_in_pending_webhooks_alone_and_a_twin_in_its_id() -> None:
    event = story.sample("invoice.paid").event

    retry, twin = event.redelivered(), event.twin("evt_twin")

    assert retry.content == {**event.content, "pending_webhooks": 0}
    assert twin.content == {**event.content, "id": "evt_twin"}
    assert json.loads(retry.body)["pending_webhooks"] == 0
