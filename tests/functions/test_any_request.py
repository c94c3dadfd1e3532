"""Requests made up from the API's own document, valid and not: every answer is a documented one.

Schemathesis reads the document that the code generates, sends what it allows and what it forbids
through both Lambdas in this process, and holds each answer to it: its status, type, headers and
shape, never a 5xx, and no body accepted that the document refuses. Names in paths and filters are
often those of things that are there, so that more than the first check is reached.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.schemas import OpenApiSchema

from infra import openapi
from shared.domain.recipes.catalogue import RECIPES
from shared.domain.reports.catalogue import REPORTS
from tests.functions.test_every_route import EXAMPLES, FILES
from tests.support.api_client import ROUTES, ApiClient
from tests.support.api_wsgi import Gateway
from tests.support.scale import examples
from tests.support.store_items import sale, subscription

KNOWN: dict[str, list[str]] = {
    "connection_id": ["store", "shop"],
    "store_recurring_payment_id": ["sub-1"],
    "contact": ["ada@example.com"],
    "email": ["ada@example.com"],
    "segment_id": ["everybody", "static"],
    "automation_id": ["rescue"],
    "endpoint_id": ["crm"],
    "report": [*REPORTS],
    "recipe": [*RECIPES],
}
# Of filters: what may be asked, and what makes no sense.
_DATES = ["2026-10-01", "2026-11-22", "0001-01-01", "9999-12-31", "2026-02-30", "1900-01-01"]
FILTERS: dict[str, list[str]] = {
    "from": _DATES,
    "to": _DATES,
    "date": _DATES,
    "timezone": ["UTC", "Europe/Paris", "America/New_York", "Mars/Base", "../etc/passwd", ""],
    "interval": ["day", "week", "month", "year"],
    "currency": ["USD", "JPY", "usd", "XXX", "'; --"],
    "segment": ["everybody", "static", "unknown"],
    "contact": ["ada@example.com", "unknown@example.com", "%", ""],
    "compare": ["previous", "none", "last"],
    "group_by": ["product", "tag", "source", "month", "1; drop table orders", "', ''"],
    "mode": ["live", "test", "both"],
    "limit": ["1", "100", "0", "-1", "1000000000", "1e9", "\u0661"],
    "kpi": ["gross", "net", "orders", "customers", "mrr", "no_such"],
    "as_known_at": ["2026-11-22T08:00:00Z", "9999-12-31T23:59:59Z", "now"],
    "normalisation": ["30d", "month", "week"],
    "basis": ["cash", "order", "both"],
    "format": ["json", "csv", "xml"],
    "automation": ["rescue", "unknown"],
    "endpoint": ["crm", "unknown"],
    "state": ["pending", "waiting", "dead", "no_such"],
    "connection": ["store", "shop", "unknown"],
    "provider": ["api", "stripe", "unknown"],
    "upload": ["true", "false"],
}
# Left out: what asks that a valid body be accepted (many rules are of meaning, not of form), and
# what sends requests of its own, which `test_every_route` does for every route.
LEFT_OUT = {
    "positive_data_acceptance",
    "unsupported_method",
    "ignored_auth",
    "use_after_free",
    "ensure_resource_availability",
    "object_level_authorization",
}


class World:
    """An API behind which there is one thing of most kinds, and which can be set back."""

    def __init__(self) -> None:
        self.client = client = ApiClient()
        self.schema = _schema()
        self.schema.app = Gateway(client)
        client.put("/v1/connections/store", {"provider": "api"})
        client.put("/v1/connections/shop", {"provider": "stripe", "signing_secrets": ["whsec_a"]})
        client.put("/v1/contacts", {"email": "ada@example.com", "add_tags": ["VIP"]})
        client.put("/v1/recurring-payments", {"items": [subscription(connection_id="store")]})
        client.put("/v1/orders", {"items": [sale(connection_id="store")]})
        client.post("/v1/activity", EXAMPLES["/v1/activity"])
        client.put("/v1/segments/everybody", EXAMPLES["/v1/segments/{segment_id}"])
        client.put("/v1/segments/static", {"name": "Static", "kind": "static"})
        client.put("/v1/automations/rescue", EXAMPLES["/v1/automations/{automation_id}"])
        client.put("/v1/endpoints/crm", EXAMPLES["/v1/endpoints/{endpoint_id}"])
        self._documents = copy.deepcopy(client.store.documents)
        self._secrets = copy.deepcopy((client.secrets.held, client.endpoint_secrets.held))

    def set_back(self) -> None:
        """Forget what was written since the beginning."""
        self.client.store.documents = copy.deepcopy(self._documents)
        held = copy.deepcopy(self._secrets)
        self.client.secrets.held, self.client.endpoint_secrets.held = held
        self.client.uploads.files.clear()


def _schema() -> OpenApiSchema:
    """Return the document as Schemathesis reads it, without keys: every request here has one."""
    load_all_checks()
    document = {**openapi.document(), "servers": [{"url": "/"}]}
    for path in document["paths"].values():
        for operation in path.values():
            operation["security"] = []
    return schemathesis.openapi.from_dict(document)


@cache
def world() -> World:
    """Return one world for all these tests."""
    return World()


OPERATIONS = {
    f"{each.method.upper()} {each.path}": each
    for each in (found.ok() for found in _schema().get_all_operations() if isinstance(found, Ok))
}


@st.composite
def _cases(draw: st.DrawFn, name: str) -> Case[Any]:
    """Return requests to a route, as documented and not, with known names among those made up."""
    operation = world().schema[OPERATIONS[name].path][OPERATIONS[name].method]
    valid = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    # A route without parameters and body cannot be asked in a wrong way.
    case: Case[Any] = draw(st.one_of(valid, wrong) if operation.query or operation.body else valid)
    params = case.path_parameters
    if isinstance(params, dict):
        for each in params:
            if each in KNOWN and draw(st.integers(0, 3)):
                params[each] = quote(draw(st.sampled_from(KNOWN[each])), safe="")
    query: Any = case.query
    if isinstance(query, dict):
        for parameter in operation.query:
            chosen = FILTERS.get(parameter.name)
            if chosen and draw(st.integers(0, 2)) == 0:
                query[parameter.name] = draw(st.sampled_from(chosen))
    return case


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_one_the_document_promises(name: str) -> None:
    @settings(
        max_examples=examples(12),
        suppress_health_check=[*HealthCheck],
        phases=[Phase.generate, Phase.shrink],
    )
    @given(case=_cases(name))
    def _holds(case: Case[Any]) -> None:
        world().set_back()
        headers = {"authorization": f"Bearer {world().client.admin}"}

        response = case.call(headers=headers)

        case.validate_response(response, excluded_checks=_excluded(name))
        assert response.status_code < 500

    _holds()


@cache
def _excluded(name: str) -> Any:
    """Return the checks that do not speak of a route.

    Queries may hold what nobody reads, bulk bodies are answered item by item, and of a file only
    the job tells what was wrong: a body of any other kind has to be refused as a whole.
    """
    operation = OPERATIONS[name]
    in_bulk = "items" in EXAMPLES.get(operation.path, {}) or operation.path in FILES
    refused_whole = operation.body and not operation.query and not in_bulk
    left_out = LEFT_OUT if refused_whole else {*LEFT_OUT, "negative_data_rejection"}
    return [*CHECKS.get_by_names(sorted(left_out))]


def test_no_route_is_left_out() -> None:
    assert set(OPERATIONS) == {f"{route.method} {route.path}" for route in ROUTES}
