"""Which requests only a snapshot keeps; all else of it runs in tests/end_to_end."""

from __future__ import annotations

import pytest

from infra.local.durable import _changes_the_stack


@pytest.mark.parametrize(
    ("service", "method", "path", "target", "changes"),
    [
        ("cloudformation", "POST", "/", "", True),
        ("lambda", "PUT", "/2015-03-31/functions/query/code", "", True),
        ("lambda", "POST", "/2015-03-31/functions/query/invocations", "", False),
        ("lambda", "GET", "/2015-03-31/functions/query", "", False),
        ("apigateway", "PATCH", "/v2/apis/abc", "", True),
        ("events", "POST", "/", "AWSEvents.PutRule", True),
        ("events", "POST", "/", "AWSEvents.PutEvents", False),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.PutItem", False),
        ("sqs", "POST", "/", "AmazonSQS.SendMessage", False),
        ("s3", "PUT", "/bucket", "", True),
        ("s3", "PUT", "/bucket/key", "", False),
        ("", "POST", "/_aws/execute-api/abc/webhooks/stripe/shop", "", False),
    ],
)
def test_settings_and_code_are_worth_a_snapshot_at_once(
    service: str, method: str, path: str, target: str, changes: bool
) -> None:
    signed = f"AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/{service}/aws4_request"
    headers = [(b"x-amz-target", target.encode())]
    headers += [(b"authorization", signed.encode())] if service else []

    scope = {"type": "http", "method": method, "path": path, "headers": headers}

    assert _changes_the_stack(scope) == changes
