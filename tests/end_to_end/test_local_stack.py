"""The stack on one machine: it answers, and takes new code."""

import http.client
import json
from urllib.parse import urlsplit

from infra.local.code import update_code
from infra.local.stack import NAME
from tests.end_to_end.conftest import Stack


def ask(stack: Stack, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Return status and content type of a request without the admin key."""
    address = urlsplit(stack.api_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        connection.request(method, address.path + path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get_content_type()
    finally:
        connection.close()


def test_the_api_wants_a_key_and_the_documentation_does_not(stack: Stack) -> None:
    assert ask(stack, "/v1/settings") == (401, "application/problem+json")
    assert ask(stack, "/docs") == (200, "text/html")
    assert ask(stack, "/v1/openapi.json") == (200, "application/json")
    assert stack.api.status("/v1/settings") == 200


def test_nothing_but_a_post_opens_a_door(stack: Stack) -> None:
    assert ask(stack, "/webhooks/stripe/shop")[0] == 404
    assert ask(stack, "/webhooks/acme/shop", "POST")[0] == 404
    assert ask(stack, "/webhooks/stripe/nobody", "POST")[0] in (401, 404)


def test_addresses_are_written_for_other_programs(stack: Stack) -> None:
    written = json.loads(stack.local.endpoints_file.read_text())

    assert written["api_url"] == stack.api_url
    assert not stack.api_url.endswith("/")
    assert written["admin_key"] == stack.admin_key
    assert written["webhooks"]["stripe"] == f"{stack.api_url}/webhooks/stripe/{{connection_id}}"


def test_code_that_has_not_changed_is_left_running(stack: Stack) -> None:
    assert update_code(stack.aws, NAME, stack.local.bundler) == []
