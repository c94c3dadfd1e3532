"""Random lives tell the truth: what Stripe says adds up to what the stories noted themselves."""

from collections import Counter

import pytest

from infra.samples import stripe as story
from infra.samples.stripe import Shape

BOTH: tuple[Shape, ...] = ("old", "new")


@pytest.mark.parametrize("shape", BOTH)
@pytest.mark.parametrize("seed", range(40))
def test_the_money_of_any_life_is_the_money_its_events_speak_of(seed: int, shape: Shape) -> None:
    life = story.random_life(seed, shape, steps=20)

    assert _money(life.world.events) == life.world.truth.revenue(), life.deeds


@pytest.mark.parametrize("shape", BOTH)
@pytest.mark.parametrize("seed", range(40))
def test_the_last_snapshot_of_any_life_has_the_status_that_was_noted(
    seed: int, shape: Shape
) -> None:
    life = story.random_life(seed, shape, steps=20)
    snapshots = [e.object for e in life.world.events if e.object.get("object") == "subscription"]

    assert snapshots[-1]["status"] == life.world.record_of(life.subscription).store_status


@pytest.mark.parametrize("seed", range(40))
def test_both_shapes_tell_the_same_life(seed: int) -> None:
    old, new = story.random_life(seed, "old"), story.random_life(seed, "new")

    assert old.deeds == new.deeds
    assert old.world.truth == new.world.truth


@pytest.mark.parametrize("seed", range(20))
def test_previous_attributes_chain_from_snapshot_to_snapshot(seed: int) -> None:
    life = story.random_life(seed, "new", steps=20)
    before: dict[str, object] = {}
    for event in life.world.events:
        if event.object.get("object") != "subscription":
            continue
        data = event.content["data"]
        if event.type.endswith(".updated"):
            assert _undone(data["object"], data["previous_attributes"]) == before
        before = data["object"]


def _money(events: list[story.Event]) -> dict[str, int]:
    """Add up what the events say: charges, less refunds that stand and disputes not won."""
    total: Counter[str] = Counter()
    for thing in {event.object["id"]: event.object for event in events}.values():
        currency = str(thing.get("currency")).upper()
        if thing["object"] == "charge" and thing["status"] == "succeeded":
            total[currency] += thing["amount"]
        if thing["object"] == "refund" and thing["status"] == "succeeded":
            total[currency] -= thing["amount"]
        if thing["object"] == "dispute" and thing["status"] != "won":
            total[currency] -= thing["amount"]
    return dict(total)


def _undone(after: dict[str, object], previous: dict[str, object]) -> dict[str, object]:
    """Return a snapshot as it was before a change."""
    before = dict(after)
    for key, value in previous.items():
        inner = after.get(key)
        both = isinstance(value, dict) and isinstance(inner, dict)
        before[key] = _undone(inner, value) if both else value  # type: ignore[arg-type]
    return before
