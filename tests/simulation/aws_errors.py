"""The errors the fakes raise: the client's own `AwsError`, with AWS's codes and messages.

The fakes stand where `AwsClient` stands, so whoever handles an error must not see the difference.
"""

from __future__ import annotations

from typing import Any

from shared.adapters.aws import AwsError


def aws_error(code: str, message: str, status: int = 400, **details: Any) -> AwsError:
    """Return the error a service answers with; `details` join the body, as CancellationReasons."""
    return AwsError(code, message, status, {"__type": code, "message": message, **details})


def invalid(message: str) -> AwsError:
    """Return DynamoDB's and SSM's answer to a request that breaks a documented rule."""
    return aws_error("ValidationException", message)
