"""A record's standing among those of other connections."""

from __future__ import annotations

from shared.domain.standing import Standing

OWN = ("order", "shop", "in_1")
TWIN = ("order", "kick", "PK-1")


def test_a_record_nobody_else_reports_leaves_nothing_in_its_head() -> None:
    assert Standing({}).to_head() == {}


def test_a_mirror_says_whose() -> None:
    standing = Standing({})

    standing.place(OWN, [TWIN], TWIN)
    standing.counts = False

    assert standing.is_new
    head = {"twins": [["kick", "PK-1"]], "mirror_of": "kick/PK-1", "counts": False}
    assert standing.to_head() == head
    again = Standing(head)
    again.place(OWN, [TWIN], TWIN)
    assert not again.has_changed
    assert again.to_head() == head


def test_an_owner_has_twins_and_is_nobodys_mirror() -> None:
    standing = Standing({})

    standing.place(OWN, [TWIN], OWN)

    assert standing.to_head() == {"twins": [["kick", "PK-1"]]}


def test_that_a_record_counts_no_more_is_a_change_of_its_own() -> None:
    standing = Standing({})

    standing.counts = False

    assert (standing.is_new, standing.has_changed) == (False, True)


def test_a_recurring_payments_twin_stands_as_long_as_an_order_witnesses_it() -> None:
    standing = Standing({})
    twin = ("kick", "sub-1")

    assert standing.witness("in_1", [twin])
    assert standing.witness("in_2", [twin])
    assert not standing.witness("in_2", [twin]), "it has said so before"
    assert Standing(standing.to_head()).pairs == {twin: ["in_1", "in_2"]}
    assert standing.witness("in_1", [])
    assert standing.pairs == {twin: ["in_2"]}
    assert standing.witness("in_2", [("kick", "sub-2")])
    assert standing.pairs == {("kick", "sub-2"): ["in_2"]}


def test_a_long_life_needs_no_more_witnesses_than_a_short_one() -> None:
    standing = Standing({})

    for number in range(30):
        standing.witness(f"in_{number}", [("kick", "sub-1")])

    assert len(standing.pairs["kick", "sub-1"]) == 3
