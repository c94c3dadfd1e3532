"""The API's OpenAPI 3.1 document, generated from the routes of `query` and `manage`.

Nothing is written by hand: paths, scopes, bodies, answers and wording come from the route tables,
`shared.api.access` and the docstrings. It is written into `query`'s asset when that is bundled, so
the document a deployment serves is the one of its own code.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.manage.routes import ROUTES as MANAGE
from functions.query.routes import ROUTES as QUERY
from shared.api import (
    answers,
    automation_answers,
    contact_answers,
    custom_answers,
    export_answers,
    job_answers,
    recipe_answers,
    record_answers,
    report_answers,
    segment_answers,
)
from shared.api.access import ACCESS, PUBLIC, SCOPES
from shared.api.route import LIMIT, LIMIT_MAX, Route
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definitions.custom import CUSTOM

Json = dict[str, Any]

# Every shape by its name.
SHAPES = {
    **vars(answers),
    **vars(record_answers),
    **vars(contact_answers),
    **vars(automation_answers),
    **vars(job_answers),
    **vars(recipe_answers),
    **vars(segment_answers),
    **vars(report_answers),
    **vars(custom_answers),
    **vars(export_answers),
}
_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    400: "The request makes no sense: a body that is not strict JSON, a broken cursor or limit.",
    401: "No key, or one that is unknown or has expired.",
    403: "The key does not have the scope this route needs.",
    404: "There is no such thing.",
    409: "The request contradicts what is stored.",
    413: "The body is larger than 5 MB.",
    422: "A value breaks a rule; `errors` names each by its path.",
    429: "Too many requests; the gateway asks for patience.",
    500: "A fault of this service.",
    503: "It could not be carried out now; send it again after `Retry-After` seconds.",
}
_SUCCESS = {
    200: "Done.",
    201: "Made.",
    202: "Accepted, and under way.",
    204: "Gone.",
    303: "Too large to be sent: it is kept at the `Location` for an hour.",
    304: "As it was when you were given this `ETag`.",
}
# Query parameters that do not simply choose among what is listed.
_FILTERS = {
    "from": "The first calendar day, such as 2026-10-01; all there is without it.",
    "to": "The last calendar day, which is included; today without it.",
    "timezone": "Whose days they are, such as Europe/Paris; the business's without it.",
    "interval": "How long the buckets of the series are: `day`, `week` or `month`.",
    "group_by": "What to group by; the report's definition lists it.",
    "currency": "The one currency that is counted; the business's without it.",
    "segment": "The id of a segment: only its members, as of now.",
    "compare": "`previous`, or `none` for no previous period.",
    "mode": "`live`, or `test` for what belongs to test connections alone.",
    "format": "`json` or `csv`.",
    "as_known_at": "A time, such as 2026-11-22T08:00:00Z: what was recorded by then, and no more.",
    "normalisation": "Of recurring revenue: `30d`, or `month` for months of 365/12 days.",
    "basis": "`cash` counts what goes back on its own day, `order` on the order's.",
    "tag": "Of `customers`: who has this tag.",
    "kpi": "The figure whose rows are wanted.",
    "date": "A date of the series: only that bucket.",
    "after": "`next_cursor` of the answer before.",
    "cursor": "`next_cursor` of the page before.",
    "limit": "How many at most.",
    "upload": "`true` for a file that is put to an address of its own.",
}
_DESCRIPTION = f"""\
What paysignal knows of subscriptions, orders and contacts, and how it is configured.

Send a key with every request: `Authorization: Bearer ps_…`, or as the password of HTTP Basic with
any user, as spreadsheets do; never in a URL. Scopes: {", ".join(SCOPES)}. Lists come
in pages of `limit` (at most {LIMIT_MAX}, which larger ones are lowered to) with an opaque cursor.
"""


def write(path: Path) -> None:
    """Write the document to `path`, whose folder has to exist."""
    text = json.dumps(document(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def document() -> Json:
    """Return the document of both Lambdas."""
    routes: list[Route[Any]] = sorted([*QUERY, *MANAGE], key=lambda each: (each.path, each.method))
    schemas, references = _schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "paysignal",
            "version": _version(),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        # Relative to the document, so that it holds for every deployment, stage and custom domain.
        "servers": [{"url": ".."}],
        "tags": [{"name": "reports", "description": _reports()}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key."}
            },
        },
    }


def _reports() -> str:
    """Return what every figure of every report means, a paragraph to each report."""
    told = []
    for each in (*REPORTS.values(), CUSTOM):
        figures = [f"{kpi.name}: {kpi.about}" for kpi in each.kpis]
        told.append(" ".join([f"{each.name}: {each.about}", *figures, *each.notes]))
    return "\n\n".join(told)


def shape(name: str) -> type[answers.Shape]:
    """Return the shape of that name. Raise KeyError where there is none."""
    found: type[answers.Shape] = SHAPES[name]
    return found


def _body_of(route: Route[Any]) -> type[BaseModel]:
    """Return the model of a route's body, whoever reads it."""
    assert route.body is not None  # noqa: S101  # asked of routes that have one
    return shape(route.body) if isinstance(route.body, str) else route.body


def statuses(route: Route[Any]) -> list[int]:
    """Return every status a route may answer."""
    found = {*route.answers, *route.problems, 429, 500, 503}
    if ACCESS[route.method, route.path] != PUBLIC:
        found |= {401, 403}
    if route.method != "GET":
        found |= {400, 413}
    if route.body is not None:
        found |= {422}
    if route.paged:
        found |= {400}
    return sorted(found)


def _operation(route: Route[Any], references: Mapping[str, Json]) -> Json:
    scope = ACCESS[route.method, route.path]
    text = cleandoc(route.run.__doc__ or "")
    operation: Json = {
        "operationId": route.run.__name__,
        "summary": text.partition("\n")[0].partition(". ")[0].rstrip("."),
        "description": text,
        "tags": [_tag(route.path)],
        "security": [{"key": [scope]}] if scope != PUBLIC else [],
        "responses": {
            str(status): _response(route, status, references) for status in statuses(route)
        },
    }
    parameters = [
        *_path_parameters(route.path),
        *_filters(route),
        *(_paging() if route.paged else ()),
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content = {"application/json": {"schema": references[_body_of(route).__name__]}}
        operation["requestBody"] = {"required": not route.body_optional, "content": content}
    if route.media:
        files = {name: {"schema": {"type": "string"}} for name in route.media}
        operation["requestBody"] = {"required": False, "content": files}
    return operation


def _response(route: Route[Any], status: int, references: Mapping[str, Json]) -> Json:
    if status not in route.answers:
        answer: Json = {"description": _PROBLEMS[status]}
        # 429 is the gateway's own word.
        if status != 429:
            answer["content"] = {"application/problem+json": {"schema": references["Problem"]}}
        if status == 503:
            seconds = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            answer["headers"] = {"Retry-After": seconds}
        return answer
    model = route.answers[status]
    answer = {"description": _SUCCESS[status]}
    if model is not None:
        answer["content"] = {"application/json": {"schema": references[model]}}
    return answer


def _schemas(routes: Iterable[Route[Any]]) -> tuple[Json, dict[str, Json]]:
    """Return the schemas of all bodies and answers, and how each model is referred to."""
    named = {name for route in routes for name in route.answers.values() if name}
    shapes: list[type[BaseModel]] = [shape(name) for name in sorted(named)]
    shapes.append(answers.Problem)
    bodies = [_body_of(route) for route in routes if route.body is not None]
    references, schemas = models_json_schema(
        [
            *((model, "serialization") for model in shapes),
            *((model, "validation") for model in bodies),
        ],
        ref_template=_REF,
    )
    by_name = {model.__name__: schema for (model, _), schema in references.items()}
    return schemas["$defs"], by_name


def _path_parameters(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": "Percent-encoded.",
        }
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _filters(route: Route[Any]) -> list[Json]:
    return [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "string"},
            "description": _FILTERS.get(name, "Only these."),
        }
        for name in route.filters
    ]


def _paging() -> list[Json]:
    limit = {"type": "integer", "minimum": 1, "default": LIMIT}
    return [
        {"name": "limit", "in": "query", "schema": limit, "description": "How many at most."},
        {
            "name": "cursor",
            "in": "query",
            "schema": {"type": "string"},
            "description": "`next_cursor` of the page before.",
        },
    ]


def _version() -> str:
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def _tag(path: str) -> str:
    return path.removeprefix("/v1/").strip("/").partition("/")[0].partition(".")[0]
