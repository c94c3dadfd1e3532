"""An answer that is still the same is not made again."""

from __future__ import annotations

import pytest

from shared.api.etags import unless_same
from shared.api.route import Request


def never() -> object:
    raise AssertionError("it was made")


def test_a_first_answer_is_made_and_has_a_tag() -> None:
    answer = unless_same(Request(), "1", lambda: {"a": 1})

    assert (answer.status, answer.body) == (200, {"a": 1})
    assert answer.headers["ETag"].startswith('W/"')


@pytest.mark.parametrize("header", ["{tag}", '"x", {tag}', "*", "{strong}"])
def test_one_the_caller_has_already_is_not_made(header: str) -> None:
    tag = unless_same(Request(), "1", dict).headers["ETag"]
    has = header.format(tag=tag, strong=tag.removeprefix("W/"))

    answer = unless_same(Request(headers={"if-none-match": has}), "1", never)

    assert (answer.status, answer.body, answer.headers) == (304, None, {"ETag": tag})


@pytest.mark.parametrize(
    ("params", "query", "made_of"),
    [
        ({"name": "orders"}, {"from": "2026-10-01"}, "2"),
        ({"name": "orders"}, {"from": "2026-10-02"}, "1"),
        ({"name": "orders"}, {"to": "2026-10-01"}, "1"),
        ({"name": "customers"}, {"from": "2026-10-01"}, "1"),
        ({"name": "orders"}, {}, "1"),
    ],
)
def test_another_request_or_another_version_has_another_tag(
    params: dict[str, str], query: dict[str, str], made_of: str
) -> None:
    asked = Request(params={"name": "orders"}, query={"from": "2026-10-01"})
    tag = unless_same(asked, "1", dict).headers["ETag"]

    request = Request(params=params, query=query, headers={"if-none-match": tag})
    answer = unless_same(request, made_of, dict)

    assert answer.status == 200
    assert answer.headers["ETag"] != tag
