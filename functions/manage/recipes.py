"""Installing a recipe: its automation is put as if somebody had written it."""

from __future__ import annotations

from typing import Any

from functions.manage.automations import Store, put_automation
from functions.manage.bodies import RecipeBody
from shared.api.bodies import validated
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Name
from shared.domain.recipes.catalogue import RECIPES
from shared.domain.rendering_automations import Json


def install_recipe(recipe: str, values: dict[str, Any], *, store: Store, now: int) -> Json:
    """Make the automation of a recipe and return it.

    Raise NotFound where there is no such recipe, Invalid for parameters that do not fit, Conflict
    where an automation has the id already: what somebody may have edited is not overwritten.
    """
    body = validated(RecipeBody, values)
    automation_id = body.automation_id or recipe
    name: Name = ("automation", automation_id)
    stored = store.read([name])[name]
    known = RECIPES.get(recipe)
    if known is None:
        raise NotFound(f"There is no such recipe. There are {', '.join(RECIPES)}.")
    definition = {**known.body(body.parameters), "enabled": body.enabled}
    if stored is not None:
        raise Conflict(
            f"There is an automation {automation_id} already. Give automation_id another one."
        )
    _, automation = put_automation(automation_id, definition, store=store, now=now)
    return automation
