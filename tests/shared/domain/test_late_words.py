"""When what an event tells has happened, as far as an erasure has to know it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain import late_words
from shared.domain.envelope import ASKED_AT
from shared.domain.folding import Arrival
from tests.laws import words
from tests.support.shop import Shop

HEARD = 1_790_000_000_123
CUSTOMER = ("customer", "shop", "cus_1")


@pytest.mark.parametrize(
    ("source", "at", "expected"),
    [
        ("live", HEARD - 123, HEARD - 123),
        ("live", HEARD + 1, HEARD),
        # Stripe's answers are dated to the second.
        ("fetched", HEARD - 123, 0),
        ("fetched", None, 0),
        ("fetched", HEARD - 2_000, HEARD - 2_000),
        ("history", HEARD - 2_000, 0),
    ],
)
def test_an_answer_about_a_customer_alone_has_no_time_of_its_own(
    source: str, at: int | None, expected: int
) -> None:
    parsed = replace(words.customer("1", 0, "ada@example.com"), occurred_at=at)

    assert (
        late_words.moment(Arrival("stripe", "shop", HEARD, b"", source=source), parsed) == expected
    )


def test_an_answer_tells_what_was_so_when_its_customer_bought() -> None:
    parsed = replace(words.customer("1", 0, "ada@example.com"), occurred_at=None)
    arrival = Arrival("stripe", "shop", HEARD, b"", {ASKED_AT: "17"}, source="fetched")

    assert late_words.moment(arrival, parsed) == 17


@pytest.mark.parametrize("erased", [None, [0, "c-ada"]])
def test_of_somebody_erased_who_buys_again_is_asked_as_of_then(erased: list[Any] | None) -> None:
    shop = Shop(has_api=True)
    if erased is not None:
        shop.memory.documents[CUSTOMER] = {"said": [], "erased": erased, "version": 1}
    bought = words.charge("1", 5)

    shop.hear(bought)

    (call,) = [each for each in shop.outbox.calls if each["object"] == "customer"]
    assert call.get("asked_at") == (None if erased is None else str(bought.occurred_at))
