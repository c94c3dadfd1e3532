"""Writing secrets to SSM: as SecureStrings, merged where omitted, never shown."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.secret_writer import SecretWriter
from shared.adapters.secrets import ConnectionSecrets
from shared.domain.errors import Retryable
from tests.simulation.fake_ssm import FakeSSM

PREFIX = "/paysignal/connections"
SECRETS: dict[str, Any] = {"provider": "stripe", "signing_secrets": ["whsec_1"], "api": {}}


def test_what_is_written_is_what_a_door_reads() -> None:
    ssm = FakeSSM()

    SecretWriter(ssm, PREFIX).write("shop", SECRETS)

    assert ConnectionSecrets(ssm, PREFIX, 60).read("shop", 0.0) == SECRETS
    (parameter,) = ssm.parameters.values()
    assert (parameter.name, parameter.kind) == (f"{PREFIX}/shop/secrets", "SecureString")


def test_secrets_are_replaced_read_and_removed() -> None:
    writer = SecretWriter(FakeSSM(), PREFIX)
    writer.write("shop", {})
    writer.write("shop", SECRETS)

    assert writer.read("shop") == SECRETS
    assert writer.read("books") is None

    writer.delete("shop")
    writer.delete("shop")

    assert writer.read("shop") is None


@pytest.mark.parametrize("held", ["not json", "[]", '"text"'])
def test_what_is_no_object_is_not_taken_for_secrets_nor_quoted(held: str) -> None:
    ssm = FakeSSM()
    payload = {"Name": f"{PREFIX}/shop/secrets", "Value": held, "Type": "SecureString"}
    ssm.call("PutParameter", payload)

    with pytest.raises(Retryable) as error:
        SecretWriter(ssm, PREFIX).read("shop")

    assert held not in repr(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("operation", ["read", "delete", "create"])
def test_other_refusals_are_passed_on(operation: str) -> None:
    arguments: tuple[Any, ...] = ("shop", {}) if operation == "create" else ("shop",)

    class Refusing:
        def call(self, operation: str, payload: object) -> dict[str, Any]:
            raise AwsError("AccessDeniedException", "no", 400, {})

    with pytest.raises(AwsError):
        getattr(SecretWriter(Refusing(), PREFIX), operation)(*arguments)


def test_the_first_secrets_are_made_once() -> None:
    writer = SecretWriter(FakeSSM(), PREFIX)

    assert writer.create("crm", {"secrets": [1]}) is True
    assert writer.create("crm", {"secrets": [2]}) is False
    assert writer.read("crm") == {"secrets": [1]}
