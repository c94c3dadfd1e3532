"""Every error kind has its answer, and no answer repeats what was sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import shared.api.problems  # noqa: F401  # its errors are among the subclasses
from shared.adapters.aws import AwsError
from shared.api.problems import MethodNotAllowed, TooLarge, problem_of
from shared.domain import errors


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for below in kind.__subclasses__():
        yield from subclasses(below)


def made(kind: type[Exception]) -> Exception:
    return MethodNotAllowed(["GET"]) if kind is MethodNotAllowed else kind("what was wrong")


@pytest.mark.parametrize("kind", list(subclasses(errors.Rejected)), ids=lambda kind: kind.__name__)
def test_every_rejection_is_answered_with_its_own_status_and_title(
    kind: type[errors.Rejected],
) -> None:
    problem = problem_of(made(kind))

    assert (problem.status, problem.title) == (kind.status, kind.title)
    assert 400 <= problem.status < 500
    assert kind is errors.Rejected or kind is errors.BadRequest or problem.status != 400


@pytest.mark.parametrize("kind", list(subclasses(errors.Retryable)), ids=lambda kind: kind.__name__)
def test_every_passing_fault_asks_to_come_again(kind: type[errors.Retryable]) -> None:
    problem = problem_of(kind("the table is busy"))

    assert problem.status == 503
    assert int(problem.headers["Retry-After"]) > 0
    assert "table" not in problem.detail


def test_every_kind_of_error_has_an_answer() -> None:
    mapped = (errors.Rejected, errors.Retryable, errors.Quarantined)

    assert set(errors.PaysignalError.__subclasses__()) >= set(mapped)
    for kind in errors.PaysignalError.__subclasses__():
        if kind.__module__ == errors.__name__:
            assert issubclass(kind, mapped), f"{kind.__name__} has no answer"


def test_an_id_no_thing_can_have_is_not_found() -> None:
    problem = problem_of(errors.Quarantined("bad_id", "an id is longer than a key may be"))

    assert (problem.status, problem.title) == (404, "Not found")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AwsError("ThrottlingException", "slow down", 400, {}), 503),
        (AwsError("ConnectionError", "no answer", 0, {}), 503),
        (AwsError("AccessDeniedException", "arn:aws:iam::1:role/x may not", 400, {}), 500),
        (ZeroDivisionError("of a secret"), 500),
    ],
)
def test_faults_of_ours_are_told_without_a_word_of_them(error: Exception, status: int) -> None:
    problem = problem_of(error)

    assert problem.status == status
    assert str(error) not in repr(problem)


def test_problem_documents_name_the_path_of_each_fault() -> None:
    error = errors.Invalid("The body breaks a rule.", (("api.base_url", "has to be https"),))

    assert problem_of(error).body() == {
        "type": "about:blank",
        "title": "Unprocessable content",
        "status": 422,
        "detail": "The body breaks a rule.",
        "errors": [{"path": "api.base_url", "message": "has to be https"}],
    }


def test_an_unauthorised_caller_is_told_how_to_authorise() -> None:
    assert problem_of(errors.Unauthorized("no")).headers == {"WWW-Authenticate": "Bearer"}
    assert problem_of(TooLarge("no")).headers == {}
