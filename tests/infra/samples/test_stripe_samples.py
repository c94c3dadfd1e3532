"""The samples: every type we document exists, is well formed, and lies in the fixtures as made."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
import stripe
from stripe.params import WebhookEndpointCreateParams

from infra.samples import stripe as story
from infra.samples.stripe import Shape
from infra.samples.stripe_event import Json

FIXTURES = Path(__file__).parents[2] / "fixtures" / "stripe"
BOTH: tuple[Shape, ...] = ("old", "new")

# The event types the product gives a meaning to.
TYPES = """
customer.subscription.created customer.subscription.updated customer.subscription.deleted
customer.subscription.paused customer.subscription.resumed customer.subscription.trial_will_end
customer.subscription.pending_update_applied customer.subscription.pending_update_expired
subscription_schedule.aborted subscription_schedule.canceled subscription_schedule.completed
subscription_schedule.created subscription_schedule.expiring subscription_schedule.released
subscription_schedule.updated invoice.paid invoice.payment_succeeded invoice.payment_failed
invoice.payment_action_required invoice.payment_attempt_required invoice.overdue invoice.overpaid
invoice.will_be_due invoice.upcoming invoice.created invoice.finalized invoice.updated
invoice.voided invoice.marked_uncollectible invoice.deleted invoice_payment.paid charge.succeeded
charge.failed charge.updated charge.refunded refund.created refund.updated refund.failed
charge.dispute.created charge.dispute.updated charge.dispute.closed charge.dispute.funds_withdrawn
charge.dispute.funds_reinstated payment_intent.succeeded payment_intent.payment_failed
payment_intent.canceled payment_intent.requires_action payment_intent.processing
checkout.session.completed checkout.session.async_payment_succeeded
checkout.session.async_payment_failed customer.created customer.updated customer.deleted
customer.discount.created customer.discount.updated customer.discount.deleted
payment_method.attached payment_method.updated payment_method.automatically_updated
payment_method.detached customer.source.expiring price.created price.updated price.deleted
product.created product.updated product.deleted coupon.created coupon.updated coupon.deleted
promotion_code.created promotion_code.updated
""".split()

PREFIXES = {
    "card": "card_",
    "charge": "ch_",
    "checkout.session": "cs_",
    "customer": "cus_",
    "discount": "di_",
    "dispute": "dp_",
    "invoice": "in_",
    "invoice_payment": "inpay_",
    "line_item": "il_",
    "payment_intent": "pi_",
    "payment_method": "pm_",
    "plan": "price_",
    "price": "price_",
    "product": "prod_",
    "promotion_code": "promo_",
    "refund": "re_",
    "subscription": "sub_",
    "subscription_item": "si_",
    "subscription_schedule": "sub_sched_",
}


def test_every_documented_type_has_a_sample() -> None:
    assert set(story.event_types()) == {*TYPES, story.THIN, story.UNKNOWN}


def test_stripes_own_library_knows_every_type() -> None:
    hint = WebhookEndpointCreateParams.__annotations__["enabled_events"]
    text = hint.__forward_arg__ if hasattr(hint, "__forward_arg__") else str(get_args(hint))

    assert [name for name in TYPES if f'"{name}"' not in text and f"'{name}'" not in text] == []


@pytest.mark.parametrize("shape", BOTH)
def test_stripes_own_library_reads_every_snapshot(shape: Shape) -> None:
    for event_type in story.event_types(shape):
        content = json.loads(story.sample(event_type, shape).event.body)
        if event_type == story.THIN:
            continue

        event: Any = stripe.Event.construct_from(content, "sk_test_generated")

        assert (event.object, event.type) == ("event", event_type)
        assert event.data.object.object == content["data"]["object"]["object"]


def test_stripes_own_library_reads_the_thin_event() -> None:
    event = story.sample(story.THIN).event
    secret = "whsec_generated"
    client = stripe.StripeClient("sk_test_generated")

    notification = client.parse_event_notification(
        event.body, event.sign(secret, 4_000_000_000), secret
    )

    assert notification.type == "v1.customer.subscription.updated"
    assert "data" not in event.content


@pytest.mark.parametrize("shape", BOTH)
def test_every_id_has_the_prefix_of_its_kind(shape: Shape) -> None:
    for event_type in story.event_types(shape):
        for thing in _things(story.sample(event_type, shape).event.content):
            prefix = PREFIXES.get(thing["object"])

            if prefix and event_type != "invoice.upcoming":
                assert thing["id"].startswith(prefix), (event_type, thing["id"])


@pytest.mark.parametrize("shape", BOTH)
def test_events_carry_whole_seconds_and_no_money_in_floats(shape: Shape) -> None:
    for event_type in story.event_types(shape):
        event = story.sample(event_type, shape).event

        assert not any(isinstance(value, float) for value in _values(event.content)), event_type


def test_no_address_leaves_the_example_domains() -> None:
    emails = {
        value
        for fixture in story.fixtures().values()
        for value in _values(json.loads(fixture))
        if isinstance(value, str) and "@" in value
    }

    assert emails
    assert {email.rpartition("@")[2] for email in emails} == {"example.com"}


def test_a_sample_comes_with_what_was_said_before_and_after_it() -> None:
    made = story.sample("refund.created")

    assert [event.type for event in made.before][-1] == "charge.refunded"
    assert [event.type for event in made.after] == ["refund.updated"]


@pytest.mark.parametrize("event_type", ["invoice.paid", "charge.dispute.closed", "coupon.created"])
@pytest.mark.parametrize("at", [1_900_000_000, 1_740_787_200, 1_774_915_200])
def test_a_sample_happens_when_it_is_asked_to(event_type: str, at: int) -> None:
    created = story.sample(event_type, at=at).event.created

    assert isinstance(created, int)
    assert at - 4 * 86_400 <= created <= at


def test_two_seeds_make_two_different_events() -> None:
    first, second = story.sample("invoice.paid", seed=1), story.sample("invoice.paid", seed=2)

    assert first.event.id != second.event.id
    assert first.event.body == story.sample("invoice.paid", seed=1).event.body


def test_an_unknown_type_has_no_sample() -> None:
    with pytest.raises(ValueError, match=r"invoice\.eaten"):
        story.sample("invoice.eaten")
    with pytest.raises(ValueError, match="old shape"):
        story.sample("invoice_payment.paid", "old")


def test_the_fixtures_are_what_the_generator_writes() -> None:
    made = story.fixtures()

    stored = {file.name: file.read_bytes() for file in FIXTURES.glob("*.json")}

    assert stored.keys() == made.keys(), "run python -m infra.samples.stripe --write-fixtures"
    assert [name for name, body in made.items() if stored[name] != body] == []


def test_the_command_writes_the_fixtures_and_prints_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story.main(["--write-fixtures", str(tmp_path)])
    story.main(["invoice.paid", "--old"])
    printed = json.loads(capsys.readouterr().out)
    story.main([])

    assert len(list(tmp_path.iterdir())) == len(story.fixtures())
    assert printed["api_version"] == "2020-08-27"
    assert capsys.readouterr().out.split() == story.event_types()


def test_the_generator_imports_nothing_of_the_product() -> None:
    sources = (FIXTURES.parents[2] / "infra" / "samples").glob("stripe*.py")

    imports = [
        line
        for source in sources
        for line in source.read_text(encoding="utf-8").splitlines()
        if line.startswith(("import ", "from "))
    ]

    assert [line for line in imports if line.split()[1].startswith(("functions", "shared"))] == []


def _values(node: object) -> list[object]:
    if isinstance(node, dict):
        return [value for each in node.values() for value in _values(each)]
    if isinstance(node, list):
        return [value for each in node for value in _values(each)]
    return [node]


def _things(node: object) -> list[Json]:
    """Return every hash that says what it is and has an id."""
    if isinstance(node, list):
        return [thing for each in node for thing in _things(each)]
    if not isinstance(node, dict):
        return []
    inner = [thing for each in node.values() for thing in _things(each)]
    return [node, *inner] if "object" in node and "id" in node else inner
