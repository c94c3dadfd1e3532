"""Parameters and objects: what is put is got, what is not there is refused."""

from __future__ import annotations

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.fake_s3 import FakeObjects
from tests.simulation.fake_ssm import FakeSSM

NAME = "/paysignal/connections/shop/secrets"


def test_a_secret_is_read_only_by_who_asks_for_its_decryption() -> None:
    ssm = FakeSSM()
    ssm.call("PutParameter", {"Name": NAME, "Value": "{}", "Type": "SecureString"})

    plain = ssm.call("GetParameter", {"Name": NAME, "WithDecryption": True})
    sealed = ssm.call("GetParameter", {"Name": NAME})

    assert plain["Parameter"]["Value"] == "{}"
    assert sealed["Parameter"]["Value"] != "{}"


def test_a_parameter_is_overwritten_only_when_asked() -> None:
    ssm = FakeSSM()
    request = {"Name": NAME, "Value": "{}", "Type": "SecureString"}
    ssm.call("PutParameter", request)

    with pytest.raises(AwsError, match="ParameterAlreadyExists"):
        ssm.call("PutParameter", request)

    assert ssm.call("PutParameter", {**request, "Overwrite": True})["Version"] == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("/a b", "x"), (NAME, ""), (NAME, "x" * 4097), ("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g", "x")],
)
def test_a_parameter_ssm_would_refuse_is_refused(name: str, value: str) -> None:
    with pytest.raises(AwsError, match="ValidationException"):
        FakeSSM().call("PutParameter", {"Name": name, "Value": value, "Type": "String"})


def test_what_is_not_there_is_refused() -> None:
    ssm, bucket = FakeSSM(), FakeObjects()

    for operation in ("GetParameter", "DeleteParameter"):
        with pytest.raises(AwsError, match="ParameterNotFound"):
            ssm.call(operation, {"Name": NAME})
    with pytest.raises(AwsError) as missing:
        bucket.get("key")

    assert missing.value.status == 404


def test_an_object_is_replaced_whole() -> None:
    bucket = FakeObjects()

    bucket.put("key", b"one")
    bucket.put("key", b"two")

    assert bucket.get("key") == b"two"
