"""`paysignal recipes`: automations that are ready but for a few blanks, shown and installed."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.cli.command import CliError
from infra.cli.outbound import Outbound, add_api, outbound

SUMMARY = "list recipes, show one, and install it as an automation"
EXAMPLES = """  ./paysignal recipes list
  ./paysignal recipes show renewal-reminder
  ./paysignal recipes install failed-payment --set endpoint_id=crm
  ./paysignal recipes install milestone-gift --as gift-5 --set number=5 --disabled
  ./paysignal recipes --api https://pay.example.com list      a stack elsewhere"""

Json = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    actions.add_parser("list", help="all of them")
    shown = actions.add_parser("show", help="one, with its parameters and its automation")
    shown.add_argument("recipe", metavar="RECIPE", help="its name")
    installed = actions.add_parser("install", help="make its automation")
    installed.add_argument("recipe", metavar="RECIPE", help="its name")
    installed.add_argument("--as", dest="automation_id", metavar="ID", help="default: its name")
    installed.add_argument(
        "--set",
        dest="given",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_pair,
        help="fill in a parameter; may be repeated",
    )
    installed.add_argument("--disabled", action="store_true", help="do not let it act yet")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """List, show or install. Raise CliError for a recipe or a parameter there is not."""
    with closing(outbound(arguments.api)) as api:
        recipes: dict[str, Json] = {each["name"]: each for each in api.get("/v1/recipes")["items"]}
        if arguments.action == "list":
            console.print(_table(list(recipes.values())))
            return 0
        recipe = recipes.get(arguments.recipe)
        if recipe is None:
            raise CliError("There is no such recipe. List: ./paysignal recipes list")
        if arguments.action == "show":
            _show(recipe, console)
        else:
            _install(recipe, arguments, api, console)
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError("has to be like days=5")
    return name, value


def _table(recipes: list[Json]) -> Table:
    table = Table("recipe", "what it does", "parameters", "installed")
    for each in recipes:
        names = ", ".join(one["name"] for one in each["parameters"])
        table.add_row(each["name"], each["description"], names, "yes" if each["installed"] else "")
    return table


def _show(recipe: Json, console: Console) -> None:
    console.print(f"[bold]{escape(recipe['title'])}[/]")
    console.print(escape(recipe["description"]))
    table = Table("parameter", "what it is", "default", title_justify="left")
    for each in recipe["parameters"]:
        default = "-" if each["default"] is None else str(each["default"])
        table.add_row(each["name"], each["description"], escape(default))
    console.print(table)
    console.print(f"[bold]a backtest finds[/] {escape(recipe['backtest']['finds'])}")
    console.print(f"[dim]{escape(recipe['backtest']['command'])}[/]", soft_wrap=True)
    console.print(json.dumps(recipe["automation"], indent=2, ensure_ascii=False), markup=False)


def _install(recipe: Json, arguments: argparse.Namespace, api: Outbound, console: Console) -> None:
    kinds = {each["name"]: each["kind"] for each in recipe["parameters"]}
    parameters = {name: _typed(value, kinds.get(name)) for name, value in arguments.given}
    body: Json = {"parameters": parameters, "enabled": not arguments.disabled}
    if arguments.automation_id:
        body["automation_id"] = arguments.automation_id
    raw = json.dumps(body).encode()
    made = api.post(f"/v1/recipes/{quote(recipe['name'], safe='')}", raw)
    state = "it acts from now on" if made["enabled"] else "it is disabled"
    name = made["automation_id"]
    console.print(f"[green]✓[/] the automation [bold]{escape(name)}[/] is installed; {state}")
    console.print(f"[dim]try it: ./paysignal backtest {escape(name)} --from 2026-10-01[/]")


def _typed(value: str, kind: str | None) -> int | str:
    """Return a value as its parameter wants it; what is no number the API refuses by name."""
    return int(value) if kind == "number" and value.isascii() and value.isdigit() else value
