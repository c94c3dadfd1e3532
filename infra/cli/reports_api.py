"""The API's reports, as a person at a terminal asks for them: refusals come back as sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.drawing.numbers import plain

# As many rows as a page of the API may hold.
PAGE = 1_000


class Reports:
    """Reads of `/v1/reports`, over an API with its key."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._definitions: dict[str, Any] = {}

    def report(self, name: str, query: Mapping[str, str]) -> Any:
        """Return a report's answer. Raise CliError where it is refused."""
        return self._get(f"/v1/reports/{quote(name, safe='')}", query)

    def definition(self, name: str) -> Any:
        """Return what a report's figures are. Raise CliError where there is no such report."""
        if name not in self._definitions:
            path = f"/v1/reports/{quote(name, safe='')}/definition"
            self._definitions[name] = self._get(path, {})
        return self._definitions[name]

    def ledger(
        self, name: str, query: Mapping[str, str], *, page: int = PAGE
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows behind a figure, so many at a time. Raise CliError where it is refused."""
        cursor: str | None = None
        while True:
            asked = {**query, "limit": str(page), **({"cursor": cursor} if cursor else {})}
            answer = self._get(f"/v1/reports/{quote(name, safe='')}/ledger", asked)
            yield from answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                return

    def custom(self, body: Mapping[str, Any]) -> bytes:
        """Return a custom report in the format it asks for. Raise CliError where it is refused."""
        status, answer = self._api.fetch("/v1/reports/custom", body)
        if status == 200:
            return answer
        try:
            problem = json.loads(answer)
        except ValueError:
            problem = None
        raise CliError("\n".join(_told(status, problem)))

    def today(self, name: str, timezone: str | None, moment: str | None = None) -> date:
        """Return today in a zone, or in the business's for None; or the day of another moment.

        Raise ValueError for an unknown zone or moment, CliError where there is no such report.
        """
        at = datetime.now(UTC) if moment is None else datetime.fromisoformat(moment)
        at = at.replace(tzinfo=at.tzinfo or UTC)
        zone = timezone or self.definition(name)["defaults"]["timezone"]
        try:
            return at.astimezone(ZoneInfo(zone)).date()
        except (KeyError, OSError) as error:
            raise ValueError(zone) from error

    def _get(self, path: str, query: Mapping[str, str]) -> Any:
        status, answer = self._api.read(f"{path}?{urlencode(query)}" if query else path)
        if status == 200:
            return answer
        raise CliError("\n".join(_told(status, answer)))


def _told(status: int, problem: Any) -> list[str]:
    """Return what a problem answer says, one line for each of its faults."""
    if not isinstance(problem, dict):
        return [f"The API answered {status}. Look: ./paysignal tail"]
    head = plain(problem.get("detail") or problem.get("title") or f"The API answered {status}.")
    faults = problem.get("errors") or []
    return [head, *(f"  {plain(each['path'])}: {plain(each['message'])}" for each in faults)]
