"""The generated OpenAPI document: every route, status and shape, valid by the standard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.event_handler.openapi.models import OpenAPI

from infra import openapi
from shared.api import answers
from shared.api.access import ACCESS, PUBLIC
from shared.api.route import Route
from tests.support.api_client import ROUTES

# Fields of another system, passed on as they are: those that say nothing to us are ignored.
OPEN = {"PayKickstartOrder"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document()


def operation(document: dict[str, Any], route: Route[Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][route.path][route.method.lower()]
    return found


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPI.model_validate(document)


def test_every_route_is_documented_and_nothing_else(document: dict[str, Any]) -> None:
    documented = {
        (method.upper(), path) for path, each in document["paths"].items() for method in each
    }

    assert documented == set(ACCESS)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.run.__name__)
def test_a_route_says_who_may_call_it_and_what_it_does(
    document: dict[str, Any], route: Route[Any]
) -> None:
    found = operation(document, route)
    scope = ACCESS[route.method, route.path]

    assert found["security"] == ([] if scope == PUBLIC else [{"key": [scope]}])
    assert 5 < len(found["summary"]) <= 80
    assert "\n" not in found["summary"]
    assert found["description"].startswith(found["summary"])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.run.__name__)
def test_a_route_names_each_parameter_of_its_path(
    document: dict[str, Any], route: Route[Any]
) -> None:
    found = operation(document, route).get("parameters", [])

    in_path = [each["name"] for each in found if each["in"] == "path"]
    assert in_path == re.findall(r"\{(\w+)\}", route.path)
    in_query = [each["name"] for each in found if each["in"] == "query"]
    assert in_query == [*route.filters, *(["limit", "cursor"] if route.paged else [])]


def test_names_are_given_once_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = [operation(document, route)["operationId"] for route in ROUTES]
    references = {each["$ref"] for each in walk(document) if isinstance(each.get("$ref"), str)}

    assert len(set(names)) == len(names)
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references == schemas


def test_bodies_and_answers_are_closed_and_named_alike_everywhere(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        # A choice is as closed as what may be chosen.
        closed = "anyOf" in schema or schema.get("additionalProperties") is False
        assert closed != (name in OPEN), name
        assert re.fullmatch(r"\w+", name)


def test_every_shape_of_an_answer_says_what_it_is() -> None:
    for name, shape in openapi.SHAPES.items():
        if isinstance(shape, type) and issubclass(shape, answers.Shape):
            assert shape.__doc__, name


def test_every_failure_is_a_problem_document(document: dict[str, Any]) -> None:
    for route in ROUTES:
        for status, answer in operation(document, route)["responses"].items():
            if int(status) >= 400 and status != "429":
                assert list(answer["content"]) == ["application/problem+json"]


def test_secrets_are_only_ever_written(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert "signing_secrets" in schemas["StripeConnection"]["properties"]
    assert not {"signing_secrets", "api"} & set(schemas["Connection"]["properties"])
    assert "key" not in schemas["Key"]["properties"]


def test_writing_twice_writes_the_same_bytes(tmp_path: Path, document: dict[str, Any]) -> None:
    openapi.write(tmp_path / "one.json")
    openapi.write(tmp_path / "two.json")

    text = (tmp_path / "one.json").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.json").read_text(encoding="utf-8")
    assert json.loads(text) == document
