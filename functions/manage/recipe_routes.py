"""The routes of `manage` that install recipes and begin backtests."""

from __future__ import annotations

from functions.manage.adapters import Adapters
from functions.manage.backtests import start_backtest
from functions.manage.bodies import BacktestBody, RecipeBody
from functions.manage.recipes import install_recipe
from shared.api.route import Answer, Request, Route


def install(request: Request, at: Adapters) -> Answer:
    """Install a recipe as an automation of its own, which can be edited like any other.

    Its id is the recipe's name where `automation_id` gives no other. `GET /v1/recipes` tells what
    there are, and their parameters.
    """
    made = install_recipe(request.params["recipe"], request.json(), store=at.store, now=at.now())
    return Answer(201, made)


def backtest(request: Request, at: Adapters) -> Answer:
    """Find out whom an automation would have acted for between two dates.

    Nothing is done by it. The very code that fires is run over the change log, over contacts and
    records as they were then. The automation is taken as it is now and as enabled, and to have been
    there since `from`, or since it was made if that is longer ago. Poll the job; its `result` has
    the firings.
    """
    started = start_backtest(
        request.params["automation_id"],
        request.json(),
        store=at.store,
        backtests=at.backtests,
        now=at.now(),
        new_id=at.new_id,
    )
    return Answer(202, started)


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="POST",
        path="/v1/recipes/{recipe}",
        run=install,
        body=RecipeBody,
        answers={201: "Automation"},
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/automations/{automation_id}/backtest",
        run=backtest,
        body=BacktestBody,
        answers={202: "StartedJob"},
        problems=(404,),
    ),
)
