"""The deploy, against an account that is remembered in memory."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import Assembly, Deployer, DeployError


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class FakeCloudFormation:
    """One stack: its status after each poll, and what it was asked to become."""

    def __init__(self) -> None:
        self.stack: dict[str, Any] | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.statuses: list[str] = []
        self.events: list[dict[str, str]] = []
        self.refusal: ClientError | None = None

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        if self.stack is None:
            raise refused("ValidationError", f"Stack with id {StackName} does not exist")
        if self.statuses:
            self.stack["StackStatus"] = self.statuses.pop(0)
        if self.stack["StackStatus"] == "DELETE_COMPLETE":
            self.stack = None
            raise refused("ValidationError")
        return {"Stacks": [self.stack]}

    def create_stack(self, **arguments: Any) -> None:
        self.asked.append(("create", arguments))
        self.stack = {
            "StackStatus": "CREATE_IN_PROGRESS",
            "Parameters": [{"ParameterKey": key} for key in ("AlarmEmail", "DomainName")],
            "Outputs": [{"OutputKey": "ApiUrl", "OutputValue": "https://api.example.com"}],
        }

    def update_stack(self, **arguments: Any) -> None:
        self.asked.append(("update", arguments))
        if self.refusal:
            raise self.refusal

    def delete_stack(self, **arguments: Any) -> None:
        self.asked.append(("delete", arguments))

    def describe_stack_events(self, *, StackName: str) -> dict[str, Any]:
        del StackName
        return {"StackEvents": self.events}


class FakeS3:
    """Buckets and what lies in them."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.made_with: dict[str, Any] = {}
        self.uploads = 0
        self.meta = type("Meta", (), {"endpoint_url": "https://s3.eu-west-1.example.com"})

    def head_bucket(self, *, Bucket: str) -> None:
        if Bucket not in self.buckets:
            raise refused("404")

    def create_bucket(self, *, Bucket: str, **arguments: Any) -> None:
        self.buckets[Bucket] = {}
        self.made_with = arguments

    def put_public_access_block(self, **arguments: Any) -> None:
        self.made_with |= arguments

    def head_object(self, *, Bucket: str, Key: str) -> None:
        if Key not in self.buckets[Bucket]:
            raise refused("404")

    def upload_file(self, source: str, bucket: str, key: str) -> None:
        self.buckets[bucket][key] = Path(source).read_bytes()
        self.uploads += 1


class FakeAws:
    """An account in eu-west-1."""

    def __init__(self) -> None:
        self.cloudformation = FakeCloudFormation()
        self.s3 = FakeS3()
        self.region = "eu-west-1"
        self.endpoint_url = None
        self.sts = type("Sts", (), {"get_caller_identity": lambda: {"Account": "123456789012"}})


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    """Return a stack of one Lambda's zip and its template."""
    (tmp_path / "paysignal.template.json").write_text("{}")
    (tmp_path / "code.zip").write_bytes(b"zip")
    bucket = "paysignal-assets-${AWS::AccountId}-${AWS::Region}"
    files = {
        name: {
            "source": {"path": name},
            "destinations": {"here": {"bucketName": bucket, "objectKey": key}},
        }
        for name, key in (("code.zip", "abc.zip"), ("paysignal.template.json", "def.json"))
    }
    (tmp_path / "paysignal.assets.json").write_text(json.dumps({"files": files}))
    return Assembly.in_folder(tmp_path)


def deployer(aws: FakeAws) -> Deployer:
    fake: Any = aws
    return Deployer(aws=fake, say=lambda line: None, sleep=lambda seconds: None)


def deploy(aws: FakeAws, assembly: Assembly, **parameters: str) -> dict[str, str]:
    return deployer(aws).deploy(assembly, parameters)


def test_a_first_deploy_makes_the_bucket_and_the_stack(assembly: Assembly) -> None:
    aws = FakeAws()
    aws.cloudformation.statuses = ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]

    outputs = deploy(aws, assembly, AlarmEmail="ops@example.com")

    ((action, asked),) = aws.cloudformation.asked
    bucket = "paysignal-assets-123456789012-eu-west-1"
    assert outputs == {"ApiUrl": "https://api.example.com"}
    assert action == "create"
    assert asked["TemplateURL"] == f"https://s3.eu-west-1.example.com/{bucket}/def.json"
    assert asked["Capabilities"] == ["CAPABILITY_IAM"]
    assert asked["Parameters"] == [
        {"ParameterKey": "AlarmEmail", "ParameterValue": "ops@example.com"}
    ]
    assert set(aws.s3.buckets[bucket]) == {"abc.zip", "def.json"}
    assert set(aws.s3.made_with["PublicAccessBlockConfiguration"].values()) == {True}


def test_a_later_deploy_keeps_the_choices_it_does_not_repeat(assembly: Assembly) -> None:
    aws = FakeAws()
    aws.cloudformation.statuses = ["CREATE_COMPLETE"]
    deploy(aws, assembly, AlarmEmail="ops@example.com")
    aws.cloudformation.statuses = ["CREATE_COMPLETE", "UPDATE_COMPLETE"]

    deploy(aws, assembly, DomainName="pay.example.com")

    _, asked = aws.cloudformation.asked[-1]
    assert asked["Parameters"] == [
        {"ParameterKey": "DomainName", "ParameterValue": "pay.example.com"},
        {"ParameterKey": "AlarmEmail", "UsePreviousValue": True},
    ]


def test_what_is_there_is_not_uploaded_again(assembly: Assembly) -> None:
    aws = FakeAws()
    aws.cloudformation.statuses = ["CREATE_COMPLETE"]
    deploy(aws, assembly)
    uploads = aws.s3.uploads
    aws.cloudformation.statuses = ["CREATE_COMPLETE", "UPDATE_COMPLETE"]

    deploy(aws, assembly)

    assert aws.s3.uploads == uploads == 2


def test_an_unchanged_stack_is_left_alone(assembly: Assembly) -> None:
    aws = FakeAws()
    aws.cloudformation.statuses = ["CREATE_COMPLETE"]
    deploy(aws, assembly)
    aws.cloudformation.refusal = refused("ValidationError", "No updates are to be performed.")

    assert deploy(aws, assembly) == {"ApiUrl": "https://api.example.com"}


def test_a_failed_deploy_says_which_resource_failed_and_why(assembly: Assembly) -> None:
    aws = FakeAws()
    aws.cloudformation.statuses = ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    aws.cloudformation.events = [
        {"LogicalResourceId": "Door", "ResourceStatus": "CREATE_FAILED"},
        {
            "LogicalResourceId": "Door",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": "Specified ReservedConcurrentExecutions is too high",
        },
        {"LogicalResourceId": "paysignal", "ResourceStatus": "CREATE_IN_PROGRESS"},
        {
            "LogicalResourceId": "Door",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": "told of an earlier deploy",
        },
    ]

    with pytest.raises(DeployError, match="Door: Specified ReservedConcurrentExecutions") as error:
        deploy(aws, assembly)
    assert "an earlier deploy" not in str(error.value)


def test_what_a_failed_first_deploy_left_is_removed_before_the_next(assembly: Assembly) -> None:
    aws = FakeAws()
    aws.cloudformation.stack = {"StackStatus": "ROLLBACK_COMPLETE"}
    aws.cloudformation.statuses = ["ROLLBACK_COMPLETE", "DELETE_COMPLETE", "CREATE_COMPLETE"]

    deploy(aws, assembly)

    assert [action for action, _ in aws.cloudformation.asked] == ["delete", "create"]


def test_an_update_that_is_refused_is_told_in_cloudformations_words(assembly: Assembly) -> None:
    aws = FakeAws()
    aws.cloudformation.statuses = ["CREATE_COMPLETE"]
    deploy(aws, assembly)
    aws.cloudformation.refusal = refused("ValidationError", "Template format error")

    with pytest.raises(DeployError, match="Template format error"):
        deploy(aws, assembly)


def test_a_stack_that_is_not_there_has_no_outputs() -> None:
    assert deployer(FakeAws()).outputs("paysignal") == {}
