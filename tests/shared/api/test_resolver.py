"""From an HTTP event to a route: paths, methods, sizes, scope before existence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.api.access import SCOPES
from shared.api.keys import KeyRing
from shared.api.resolver import BODY_BYTES_MAX, Api
from shared.api.route import Answer, Request, Route
from shared.domain.errors import BadRequest, Retryable
from tests.support.api_client import ApiClient, http_event

PATH = "/v1/contacts"


def serve(client: ApiClient, run: Any, method: str = "PUT", path: str = PATH) -> Api[Any]:
    ring = KeyRing(client.store, cache_seconds=60, now=lambda: client.now)
    return Api([Route(method=method, path=path, run=run, answers={200: None})], None, keys=ring)


def call(client: ApiClient, api: Api[Any], path: str, **options: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {client.admin}"}
    method, text = options.get("method", "PUT"), options.get("text")
    encoded = bool(options.get("encoded"))
    return api(http_event(method, path, headers, {}, text, encoded=encoded), None)


def echo(request: Request, _: Any) -> Answer:
    return Answer(200, {"raw": request.raw.decode(), "params": dict(request.params)})


def test_a_route_that_no_row_grants_access_to_is_not_there() -> None:
    client = ApiClient()
    api = serve(client, echo, path="/v1/secret-door")

    answer = call(client, api, "/v1/secret-door")

    assert answer["statusCode"] == 404


def test_a_route_knows_what_its_caller_may_do_and_may_answer_bytes() -> None:
    client = ApiClient()
    seen: list[frozenset[str]] = []

    def run(request: Request, _: Any) -> Answer:
        seen.append(request.scopes)
        return Answer(200, b"\x00\xff", "application/vnd.apache.parquet")

    answer = call(client, serve(client, run), PATH)

    assert seen == [frozenset(SCOPES)]
    assert (answer["isBase64Encoded"], answer["body"]) == (True, "AP8=")


@pytest.mark.parametrize("encoded", [False, True])
def test_bodies_arrive_alike_plain_and_in_base64(encoded: bool) -> None:
    client = ApiClient()

    answer = call(client, serve(client, echo), PATH, text="gr\u00fc\u00dfe", encoded=encoded)

    assert json.loads(answer["body"])["raw"] == "gr\u00fc\u00dfe"


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_above_the_limit_is_too_large_and_one_at_it_is_not(encoded: bool) -> None:
    client = ApiClient()
    api = serve(client, echo)

    at_limit = call(client, api, PATH, text="x" * BODY_BYTES_MAX, encoded=encoded)
    above = call(client, api, PATH, text="x" * (BODY_BYTES_MAX + 1), encoded=encoded)
    in_bytes = call(client, api, PATH, text="\u00e4" * (BODY_BYTES_MAX // 2 + 1), encoded=encoded)

    assert [each["statusCode"] for each in (at_limit, above, in_bytes)] == [200, 413, 413]


def test_headers_arrive_in_small_letters_and_without_the_key() -> None:
    client = ApiClient()
    seen: list[Request] = []

    def run(request: Request, _: Any) -> Answer:
        seen.append(request)
        return Answer(200, {})

    headers = {"Authorization": f"Bearer {client.admin}", "If-None-Match": '"a"'}
    answer = serve(client, run)(http_event("PUT", PATH, headers, {}, None), None)

    assert answer["statusCode"] == 200
    assert [dict(each.headers) for each in seen] == [{"if-none-match": '"a"'}]


def test_an_answer_that_is_unchanged_has_its_tag_and_no_body() -> None:
    client = ApiClient()
    api = serve(client, lambda *_: Answer(304, headers={"ETag": 'W/"a"'}))

    answer = call(client, api, PATH)

    assert (answer["statusCode"], answer["body"]) == (304, None)
    assert answer["headers"]["ETag"] == 'W/"a"'
    assert "Content-Type" not in answer["headers"]


def test_broken_base64_is_a_bad_request() -> None:
    client = ApiClient()
    event = http_event("PUT", PATH, {"authorization": f"Bearer {client.admin}"}, {}, "x")

    answer = serve(client, echo)({**event, "body": "not base64!", "isBase64Encoded": True}, None)

    assert answer["statusCode"] == 400


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("ada%40example.com", "ada@example.com"),
        ("ada%2Btea%40example.com", "ada+tea@example.com"),
        ("ada+tea@example.com", "ada+tea@example.com"),
        ("a%2Fb%40example.com", "a/b@example.com"),
        ("a%23b%3Fc%40example.com", "a#b?c@example.com"),
        ("100%25%40example.com", "100%@example.com"),
        ("a%2541b", "a%41b"),
        ("gr%C3%BC%C3%9Fe%40example.com", "gr\u00fc\u00dfe@example.com"),
        ("a%0Ab", "a\nb"),
        ("%3C%3E%22%27%5C", "<>\"'\\"),
    ],
)
def test_whatever_a_path_holds_is_decoded_exactly_once(sent: str, meant: str) -> None:
    client = ApiClient()
    api = serve(client, echo, "GET", "/v1/contacts/{contact}")

    answer = call(client, api, f"/v1/contacts/{sent}", method="GET")

    assert json.loads(answer["body"])["params"] == {"contact": meant}


def test_a_fault_is_logged_by_its_place_and_told_to_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(request: Request, _: Any) -> Answer:
        raise ValueError(f"cannot read {request.raw.decode()}")

    client = ApiClient()

    answer = call(client, serve(client, fail), PATH, text="whsec_secret")

    logged = capsys.readouterr().out
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["detail"] == "The request failed by a fault of this service."
    assert "whsec_secret" not in answer["body"] + logged
    assert "test_resolver.py" in logged
    assert "ValueError" in logged


@pytest.mark.parametrize(
    "error", [Retryable("busy"), AwsError("ThrottlingException", "busy", 400, {})]
)
def test_a_passing_fault_is_answered_with_when_to_come_again(error: Exception) -> None:
    def fail(request: Request, _: Any) -> Answer:
        raise error

    client = ApiClient()

    answer = call(client, serve(client, fail), PATH)

    assert answer["statusCode"] == 503
    assert answer["headers"]["Retry-After"] == "2"


def test_a_request_is_logged_by_route_and_key_and_nothing_of_its_caller(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = ApiClient()
    client.put("/v1/contacts", {"email": "ada@example.com"})
    capsys.readouterr()

    client.get("/v1/contacts/ada@example.com")

    line = json.loads(capsys.readouterr().out)
    assert line["route"] == "/v1/contacts/{contact}"
    assert line["status"] == 200
    assert line["key_id"] in client.admin
    assert "ada" not in json.dumps(line)
    assert client.admin not in json.dumps(line)


def test_the_scope_is_decided_before_the_body_is_looked_at() -> None:
    client = ApiClient()
    poor = f"Bearer {client.key('reports:read')}"

    for raw in ("x" * (BODY_BYTES_MAX + 1), "not json", '{"unknown": 1}'):
        assert client.call("PUT", PATH, raw=raw, authorization=poor).status == 403


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "null",
        "1",
        "[]",
        '"text"',
        "{",
        '{"a": NaN}',
        '{"a": 1, "a": 2}',
        '{"a": "\\ud800"}',
        '{"a":' * 65 + "1" + "}" * 65,
        '{"a": ' + "9" * 100 + "}",
        "\ufeff{}",
        "\ud800",
    ],
)
def test_a_body_that_is_no_strict_json_object_is_a_bad_request(raw: str) -> None:
    reply = ApiClient().call("PUT", PATH, raw=raw)

    assert reply.status == 400
    assert reply.body["detail"] == "The body is not a JSON object."


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("1", 1), ("100", 100), ("101", 100), ("1000000000", 100), ("9" * 500, 100), ("007", 7)],
)
def test_a_limit_is_lowered_to_the_most_a_page_may_hold(limit: str, expected: int) -> None:
    assert Request(query={"limit": limit}).page() == (expected, None)


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "x", "", " 1", "\u0663", "1e3", "000"])
def test_a_limit_that_is_no_number_above_zero_is_a_bad_request(limit: str) -> None:
    with pytest.raises(BadRequest):
        Request(query={"limit": limit}).page()


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "HEAD"])
def test_an_unknown_path_is_not_found_by_any_method_and_for_anybody(method: str) -> None:
    client = ApiClient()

    for authorization in (None, "", "Bearer nobody"):
        reply = client.call(method, "/v1/nothing/here", authorization=authorization)
        assert reply.status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_known_path_says_which_methods_it_has(method: str) -> None:
    reply = ApiClient().call(method, "/v1/keys")

    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


def test_no_answer_may_be_cached_framed_or_sniffed() -> None:
    client = ApiClient()

    for reply in (client.get("/v1/keys"), client.get("/v1/nothing"), client.delete("/v1/keys/x")):
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-content-type-options"] == "nosniff"


def test_every_scope_is_somebodys() -> None:
    client = ApiClient()

    for scope in SCOPES:
        reply = client.get("/v1/nothing", authorization=f"Bearer {client.key(scope)}")
        assert reply.status == 404
