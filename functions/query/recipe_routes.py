"""The routes of `query` that tell which recipes there are, and why an automation acted."""

from __future__ import annotations

from functions.query import why
from functions.query.adapters import Adapters
from shared.api.route import Answer, Request, Route
from shared.domain.recipes.catalogue import RECIPES


def list_recipes(request: Request, at: Adapters) -> Answer:
    """List the recipes: automations that are ready but for a few parameters.

    `automation` is what the defaults make; `POST /v1/recipes/{recipe}` installs it. `installed`
    says whether there is an automation of the recipe's name.
    """
    del request
    found = at.store.read([("automation", name) for name in RECIPES])
    recipes = [
        {**each.to_json(), "installed": found["automation", name] is not None}
        for name, each in RECIPES.items()
    ]
    return Answer(200, {"items": recipes, "next_cursor": None})


def explain(request: Request, at: Adapters) -> Answer:
    """Tell why an automation acted for a contact, or why it did not, change by change.

    `contact` is an email, alias or id. The newest 100 changes of the contact's records are told,
    with what each condition of the trigger's segment found, over the contact and the record as
    they were then, and the attempts of the webhooks that followed.
    """
    told = why.explain(
        request.params["automation_id"],
        request.query.get("contact"),
        store=at.store,
        log=at.log,
        now=at.now(),
        local=at.local,
    )
    return Answer(200, told)


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="GET",
        path="/v1/recipes",
        run=list_recipes,
        answers={200: "RecipePage"},
    ),
    Route(
        method="GET",
        path="/v1/automations/{automation_id}/why",
        run=explain,
        answers={200: "Why"},
        problems=(400, 404, 409),
        filters=("contact",),
    ),
)
