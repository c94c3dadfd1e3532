"""Recipes: complete, valid whatever is filled in, and refused by the name of what does not fit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.automations.parse import automation_of, definition_of
from shared.domain.automations.transitions import WORDS
from shared.domain.errors import Invalid
from shared.domain.recipes.catalogue import RECIPES
from shared.domain.recipes.recipe import Parameter, Recipe
from shared.domain.segments.moments import Moment
from shared.domain.segments.subject import Subject
from shared.domain.webhooks import is_connection_id
from tests.shared.domain.segments.builders import DAY, NOW, contact, subject

WANTED = """failed-payment renewal-reminder card-expiring trial-ending trial-converted
    cancelled-win-back paused milestone-gift upsell-after-cycles new-customer-welcome""".split()


def webhooks(steps: Any) -> int:
    return json.dumps(steps).count('"webhook"')


def test_the_recipes_people_ask_for_are_there() -> None:
    assert set(WANTED) <= set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda each: each.name)
def test_a_recipe_makes_an_automation_that_can_be_put(recipe: Recipe) -> None:
    body = recipe.body({})

    assert definition_of(body)["name"] == recipe.title
    assert is_connection_id(recipe.name)
    assert webhooks(body["steps"]) == 0


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda each: each.name)
def test_an_endpoint_is_told_once_where_it_is_named(recipe: Recipe) -> None:
    body = recipe.body({"endpoint_id": "crm"})

    definition_of(body)
    assert webhooks(body["steps"]) == 1


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda each: each.name)
def test_the_ends_of_every_number_can_be_put(recipe: Recipe) -> None:
    for parameter in recipe.parameters:
        if parameter.kind == "number":
            for value in (parameter.least, parameter.most):
                definition_of(recipe.body({parameter.name: value}))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda each: each.name)
def test_a_recipe_says_how_to_try_it(recipe: Recipe) -> None:
    told = recipe.to_json()

    assert told["backtest"]["command"].split()[:3] == ["./paysignal", "backtest", recipe.name]
    assert told["backtest"]["finds"].endswith(".")
    assert told["automation"] == recipe.body({})


def test_what_is_filled_in_is_what_the_automation_says() -> None:
    gift = RECIPES["milestone-gift"].body({"number": 5, "tag": "GIFT: Five"})
    reminder = RECIPES["renewal-reminder"].body({"days": 10})

    assert gift["trigger"]["segment"]["conditions"][0]["value"] == ["5", "6"]
    assert gift["steps"] == [{"type": "add_tag", "tag": "GIFT: Five"}]
    assert reminder["trigger"]["offset"] == "-P10D"


@pytest.mark.parametrize(
    ("recipe", "orders", "first_order", "met"),
    [
        ("new-customer-welcome", 1, NOW - 30 * DAY, True),
        ("new-customer-welcome", 2, NOW - 5_000, True),
        ("new-customer-welcome", 2, NOW - 2 * DAY, False),
        ("milestone-gift", 2, NOW, False),
        ("milestone-gift", 3, NOW, True),
        ("milestone-gift", 4, NOW, True),
        ("milestone-gift", 5, NOW, False),
    ],
)
def test_two_orders_at_once_do_not_jump_over_the_one_that_is_meant(
    recipe: str, orders: int, first_order: int, met: bool
) -> None:
    body = {**definition_of(RECIPES[recipe].body({})), "automation_id": recipe, "revision": 1}
    segment = automation_of(body).trigger.segment
    buyer = contact(orders_count=orders, first_order_date=first_order)

    assert segment is not None
    assert segment(subject(buyer)) is met


DATED = [each for each in RECIPES.values() if "offset" in each.body({})["trigger"]]


@pytest.mark.parametrize("recipe", DATED, ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("fields", "met"),
    [
        ({}, True),
        ({"cancel_at_period_end": True}, False),
        *[({"status": status}, False) for status in WORDS["status"] if status != "active"],
    ],
)
def test_no_date_of_what_has_ended_or_is_about_to_sets_a_recipe_off(
    recipe: Recipe, fields: dict[str, Any], met: bool
) -> None:
    body = {**definition_of(recipe.body({})), "automation_id": recipe.name, "revision": 1}
    segment = automation_of(body).trigger.segment
    payment = {
        "status": "active",
        "cancel_at_period_end": False,
        "is_trial": recipe.name == "trial-ending",
        **fields,
    }

    assert segment is not None
    assert segment(Subject(Moment(0), None, at_hand=payment)) is met


def test_the_recipes_by_date_are_these() -> None:
    names = "renewal-reminder overdue-renewal card-expiring trial-ending"
    assert [each.name for each in DATED] == names.split()


def test_the_offer_to_who_has_cancelled_waits_and_looks_again() -> None:
    body = RECIPES["cancelled-win-back"].body({"endpoint_id": "crm"})

    tag, wait, branch = body["steps"]
    assert tag["type"] == "add_tag"
    assert wait == {"type": "wait", "for": "P7D"}
    assert [each["type"] for each in branch["branches"][0]["steps"]] == ["add_tag", "webhook"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"number": 0}, "parameters.number"),
        ({"number": "3"}, "parameters.number"),
        ({"number": True}, "parameters.number"),
        ({"tag": ""}, "parameters.tag"),
        ({"tag": "a\nb"}, "parameters.tag"),
        ({"tag": 3}, "parameters.tag"),
        ({"colour": "red"}, "parameters.colour"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_by_name(given: Any, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        RECIPES["milestone-gift"].body(given)

    assert [each for each, _ in refused.value.errors] == [path]


def test_a_parameter_that_is_null_has_its_default() -> None:
    assert RECIPES["milestone-gift"].body({"number": None}) == RECIPES["milestone-gift"].body({})
    assert Parameter("days", "…", 3, 0, 90).kind == "number"
