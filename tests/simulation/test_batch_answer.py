"""Each row of Lambda's table of partial batch answers."""

from __future__ import annotations

import pytest

from tests.simulation.batch_answer import failed_ids

BATCH = ("m1", "m2", "m3")


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"other": "key"}],
)
def test_an_empty_answer_is_complete_success(answer: object) -> None:
    assert failed_ids(answer, BATCH) == frozenset()


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"messageId": "m1"}]},
        {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "unknown"}]},
        {"batchItemFailures": ["m1"]},
        {"batchItemFailures": "m1"},
        {"batchItemFailures": [{"itemIdentifier": 1}]},
        "success",
        ["m1"],
        {"batchItemFailures": [{"itemIdentifier": b"m1"}]},
        {"value": object()},
    ],
)
def test_an_answer_that_cannot_be_read_is_complete_failure(answer: object) -> None:
    assert failed_ids(answer, BATCH) == frozenset(BATCH)


def test_only_the_messages_named_have_failed() -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m2"}]}

    assert failed_ids(answer, BATCH) == {"m2"}
