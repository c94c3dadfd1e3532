"""Connections' secrets: how often SSM is asked, what is remembered, and what is never told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.secrets import ConnectionSecrets, parameter_name
from shared.domain.errors import Retryable
from tests.support.loopback_aws import LoopbackAws

_SHOP = {"provider": "stripe", "signing_secrets": ["whsec_example"], "disabled": False}


class FakeParameters:
    """SSM with the parameters of a test; `fault` fails every call while it is set."""

    def __init__(self, **values: str) -> None:
        self.values = {f"/paysignal/connections/{name}/secrets": v for name, v in values.items()}
        self.asked: list[str] = []
        self.fault: AwsError | None = None

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        assert operation == "GetParameter"
        assert payload["WithDecryption"] is True
        name = str(payload["Name"])
        self.asked.append(name)
        if self.fault is not None:
            raise self.fault
        if name not in self.values:
            raise AwsError("ParameterNotFound", "", 400, {})
        return {"Parameter": {"Name": name, "Value": self.values[name]}}


def _secrets(parameters: FakeParameters, cache_seconds: int = 60) -> ConnectionSecrets:
    return ConnectionSecrets(parameters, "/paysignal/connections", cache_seconds)


def test_secrets_are_read_from_the_connections_own_parameter() -> None:
    parameters = FakeParameters(shop=json.dumps(_SHOP))

    found = _secrets(parameters).read("shop", now=0.0)

    assert found == _SHOP
    assert parameters.asked == [parameter_name("/paysignal/connections", "shop")]
    assert parameters.asked == ["/paysignal/connections/shop/secrets"]


def test_secrets_are_read_from_ssm_as_the_environment_says() -> None:
    aws = LoopbackAws("stripe", "whsec_example")
    with aws.server:
        found = ConnectionSecrets.from_environment("/paysignal/connections", 60, aws.environ).read(
            "shop", 0.0
        )

    assert found == _SHOP
    assert aws.server.received[0].headers["x-amz-target"] == "AmazonSSM.GetParameter"


def test_ssm_is_asked_once_per_connection_and_cache_time() -> None:
    parameters = FakeParameters(shop=json.dumps(_SHOP), other=json.dumps(_SHOP))
    secrets = _secrets(parameters)

    for now in (0.0, 1.0, 59.9):
        secrets.read("shop", now)
    secrets.read("other", 1.0)
    secrets.read("shop", 60.0)

    assert [name.split("/")[3] for name in parameters.asked] == ["shop", "other", "shop"]


def test_changed_secrets_take_effect_after_the_cache_time() -> None:
    parameters = FakeParameters(shop=json.dumps(_SHOP))
    secrets = _secrets(parameters)
    secrets.read("shop", 0.0)
    rotated = {**_SHOP, "signing_secrets": ["whsec_new", "whsec_example"]}
    parameters.values["/paysignal/connections/shop/secrets"] = json.dumps(rotated)

    before, after = secrets.read("shop", 59.0), secrets.read("shop", 60.0)

    assert before == _SHOP
    assert after == rotated


def test_unknown_connection_is_remembered_as_unknown() -> None:
    """Else guessing ids at a door would be a flood of SSM calls, which throttle everybody's."""
    parameters = FakeParameters()
    secrets = _secrets(parameters)

    found = [secrets.read("nobody", now) for now in (0.0, 1.0, 59.9, 60.0)]

    assert found == [None] * 4
    assert len(parameters.asked) == 2


def test_new_connection_is_known_after_the_cache_time() -> None:
    parameters = FakeParameters()
    secrets = _secrets(parameters, cache_seconds=1)
    secrets.read("shop", 0.0)
    parameters.values["/paysignal/connections/shop/secrets"] = json.dumps(_SHOP)

    assert secrets.read("shop", 0.5) is None
    assert secrets.read("shop", 1.0) == _SHOP


def test_memory_is_bounded_however_many_ids_are_guessed() -> None:
    parameters = FakeParameters()
    secrets = _secrets(parameters)

    for number in range(1_500):
        secrets.read(f"guess{number}", 0.0)
    secrets.read("guess1499", 0.0)

    assert len(parameters.asked) == 1_500
    assert len(secrets._remembered) == 1_000


def test_what_was_last_read_serves_while_ssm_fails() -> None:
    """WooCommerce never sends an event again: an SSM fault must not cost one."""
    parameters = FakeParameters(shop=json.dumps(_SHOP))
    secrets = _secrets(parameters)
    secrets.read("shop", 0.0)
    parameters.fault = AwsError("ThrottlingException", "slow down", 400, {})

    found = [secrets.read("shop", now) for now in (60.0, 61.0, 119.0, 120.0)]

    assert found == [_SHOP] * 4
    assert len(parameters.asked) == 3, "a failing SSM is not asked again within the cache time"


def test_stale_secrets_serve_for_ten_minutes_at_most() -> None:
    parameters = FakeParameters(shop=json.dumps(_SHOP))
    secrets = _secrets(parameters)
    secrets.read("shop", 0.0)
    parameters.fault = AwsError("ServiceUnavailable", "", 503, {})
    secrets.read("shop", 599.9)

    with pytest.raises(AwsError, match="ServiceUnavailable"):
        secrets.read("shop", 600.0)


def test_fault_without_a_memory_is_raised() -> None:
    parameters = FakeParameters(shop=json.dumps(_SHOP))
    parameters.fault = AwsError("ThrottlingException", "", 400, {})

    with pytest.raises(AwsError, match="ThrottlingException"):
        _secrets(parameters).read("shop", 0.0)


def test_refused_read_is_raised_even_with_a_memory() -> None:
    """A role that lost its right is a decision of somebody, not a passing fault."""
    parameters = FakeParameters(shop=json.dumps(_SHOP))
    secrets = _secrets(parameters)
    secrets.read("shop", 0.0)
    parameters.fault = AwsError("AccessDeniedException", "", 400, {})

    with pytest.raises(AwsError, match="AccessDenied"):
        secrets.read("shop", 60.0)


@pytest.mark.parametrize("value", ["canary-secret", "[]", "null", '"canary-secret"', ""])
def test_parameter_that_is_no_object_is_a_fault_that_quotes_nothing(value: str) -> None:
    with pytest.raises(Retryable) as raised:
        _secrets(FakeParameters(shop=value)).read("shop", 0.0)

    assert "canary" not in repr(raised.value)
    assert raised.value.__suppress_context__
