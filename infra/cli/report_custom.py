"""`paysignal report custom`: any count or sum over the records, drawn as a table or written out.

The API is asked by a POST; what it refuses is told field by field, as the API said it. A file too
large to be sent is fetched from where the API says it is.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.command import CliError
from infra.cli.reports_api import Reports
from infra.drawing.numbers import NONE, plain

NAME = "custom"
_ROWS = 50
_SHARED = ("timezone", "currency", "segment", "connection", "provider", "mode")
_RIGHT = ("count", "number", "decimal", "money")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what only a custom report is asked."""
    asked = parser.add_argument_group("custom alone: what to count, see --explain for the fields")
    asked.add_argument(
        "--dataset", help="recurring_payments, orders, contacts, activity or changes"
    )
    asked.add_argument(
        "--dimension",
        action="append",
        default=[],
        metavar="FIELD[:BUCKET]",
        help="a row for each value; dates by :day, :week, :month or :time",
    )
    asked.add_argument(
        "--measure",
        action="append",
        default=[],
        metavar="MEASURE[:FIELD]",
        help="count (the default), or count_distinct, sum, avg, min, max of a field",
    )
    asked.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="FIELD OPERATOR VALUE, such as: status is active",
    )
    asked.add_argument("--match", help="all (the default), any or none of the conditions")
    asked.add_argument("--date-field", metavar="FIELD", help="the date --from and --to are of")
    asked.add_argument("--order-by", metavar="COLUMN", help="with a minus: --order-by=-count")
    asked.add_argument("--parquet", metavar="FILE", type=Path, help="write a Parquet file")


def run(arguments: argparse.Namespace, api: Reports, console: Console) -> bytes | None:
    """Draw the report, or return the text to put out. Raise CliError where it is refused."""
    if arguments.html or arguments.ledger:
        raise CliError(
            "A custom report has no page and no ledger. Take --csv, --json or --parquet."
        )
    if arguments.explain:
        console.print(_fields(api.definition(NAME), arguments.dataset))
        return None
    written = "parquet" if arguments.parquet else "csv" if arguments.csv else "json"
    answer = api.custom({**_body(arguments), "format": written})
    if arguments.parquet:
        _write(arguments.parquet, answer, console)
        return None
    if arguments.csv:
        return answer
    found = json.loads(answer)
    if arguments.json:
        return (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode()
    _draw(found, console)
    return None


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    named = {name: getattr(arguments, name) for name in (*_SHARED, "match", "dataset")}
    named["date_field"], named["order_by"] = arguments.date_field, arguments.order_by
    named["from"] = None if arguments.first == "all" else arguments.first
    named["to"], named["limit"] = arguments.last, arguments.limit
    body = {name: value for name, value in named.items() if value is not None}
    body["dimensions"] = [_parted(each, "field", "bucket") for each in arguments.dimension]
    body["measures"] = [
        _parted(each, "measure", "field") for each in arguments.measure or ["count"]
    ]
    body["filters"] = [_condition(each) for each in arguments.where]
    return body


def _parted(text: str, first: str, second: str) -> dict[str, str]:
    name, colon, more = text.partition(":")
    return {first: name, **({second: more} if colon else {})}


def _condition(text: str) -> dict[str, Any]:
    """Return a condition of words; `between` takes two values with `and` between them."""
    field, _, rest = text.strip().partition(" ")
    operator, _, value = rest.strip().partition(" ")
    asked: dict[str, Any] = {"field": field, "operator": operator}
    if operator == "between":
        asked["value"] = [each.strip() for each in value.split(" and ")]
    elif value.strip() in ("true", "false"):
        asked["value"] = value.strip() == "true"
    elif value.strip():
        asked["value"] = value.strip()
    return asked


def _draw(found: dict[str, Any], console: Console) -> None:
    ascii_only = console.options.ascii_only
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in found["columns"]:
        right = column["kind"] in _RIGHT
        table.add_column(column["name"], justify="right" if right else "left", overflow="fold")
    for row in found["items"][:_ROWS]:
        cells = (NONE if value is None else str(value) for value in row.values())
        table.add_row(*(Text(plain(each, ascii_only=ascii_only)) for each in cells))
    console.print(table)
    others = ", ".join(found["other_currencies"])
    if others:
        told = f"note: money in {others} is not in these figures; ask by currency"
        console.print(Text(told, "yellow"))
    if found["total"] > _ROWS:
        console.print(Text(f"these are the first {_ROWS} of {found['total']}; all of them: --csv"))


def _fields(definition: dict[str, Any], dataset: str | None) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("dataset", "field", "kind", ""):
        table.add_column(head)
    for each in definition["datasets"]:
        if dataset in (None, each["dataset"]):
            for field in each["fields"]:
                personal = "needs contacts:read" if field["personal"] else ""
                table.add_row(each["dataset"], field["name"], field["kind"], Text(personal, "dim"))
    return table


def _write(path: Path, content: bytes, console: Console) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}") from error
    console.print(Text(f"{path} is written"), soft_wrap=True)
