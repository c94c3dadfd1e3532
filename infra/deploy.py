"""Puts a synthesised stack where it belongs: an AWS account, or the emulator, by the same steps.

Only boto3 is needed: no CDK command line, no bootstrap stack. The bucket that carries assets is
made on the first deploy.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.aws import Aws

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
_POLL_SECONDS = {True: 0.2, False: 3.0}


class DeployError(Exception):
    """A deploy that did not come through; the message says which resource and why."""


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A synthesised stack: its name, its template's file and the files it refers to."""

    name: str
    template: Path
    assets: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Assembly:
        """Return the one stack of a cloud assembly."""
        (template,) = folder.glob("*.template.json")
        name = template.name.removesuffix(".template.json")
        return cls(name=name, template=template, assets=folder / f"{name}.assets.json")


class Deployer:
    """Deploys assemblies with one set of clients, telling `say` what it does."""

    def __init__(
        self,
        *,
        aws: Aws,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._aws = aws
        self._say = say
        self._sleep = sleep

    def outputs(self, name: str) -> dict[str, str]:
        """Return the outputs of a deployed stack; empty where there is none."""
        stack = self._stack(name)
        rows = stack.get("Outputs", []) if stack else []
        return {row["OutputKey"]: row["OutputValue"] for row in rows}

    def deploy(self, assembly: Assembly, parameters: Mapping[str, str]) -> dict[str, str]:
        """Create or update the stack, wait for it, and return its outputs.

        A parameter not given keeps its value. Raise DeployError with CloudFormation's reasons.
        """
        template_url = self._upload(assembly)
        stack = self._stack(assembly.name)
        if stack and stack["StackStatus"] == "ROLLBACK_COMPLETE":
            self._say("removing what a failed first deploy left")
            self._aws.cloudformation.delete_stack(StackName=assembly.name)
            self._wait(assembly.name, "DELETE")
            stack = None
        arguments: dict[str, Any] = {
            "StackName": assembly.name,
            "TemplateURL": template_url,
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": _parameters(stack, parameters),
        }
        if stack is None:
            self._say("creating the stack")
            self._aws.cloudformation.create_stack(**arguments)
            self._wait(assembly.name, "CREATE")
        elif self._starts_update(arguments):
            self._say("updating the stack")
            self._wait(assembly.name, "UPDATE")
        return self.outputs(assembly.name)

    def set_parameters(self, name: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Give a deployed stack's parameters other values, wait, and return its outputs.

        The template stays as it is. Raise DeployError with CloudFormation's reasons.
        """
        arguments: dict[str, Any] = {
            "StackName": name,
            "UsePreviousTemplate": True,
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": _parameters(self._stack(name), parameters),
        }
        if self._starts_update(arguments):
            self._wait(name, "UPDATE")
        return self.outputs(name)

    def _starts_update(self, arguments: dict[str, Any]) -> bool:
        try:
            self._aws.cloudformation.update_stack(**arguments)
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise DeployError(error.response["Error"].get("Message", str(error))) from error
        return True

    def _stack(self, name: str) -> StackTypeDef | None:
        try:
            (stack,) = self._aws.cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response["Error"].get("Code") == "ValidationError":
                return None
            raise
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def _wait(self, name: str, action: str) -> None:
        """Wait for `action` to end. Raise DeployError with the reasons when it failed."""
        while True:
            stack = self._stack(name)
            status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
            if not status.endswith("IN_PROGRESS"):
                break
            self._sleep(_POLL_SECONDS[self._aws.endpoint_url is not None])
        if status != f"{action}_COMPLETE":
            reasons = "\n".join(self._reasons(name)) or status
            raise DeployError(f"The stack {name} is {status}:\n{reasons}")

    def _reasons(self, name: str) -> list[str]:
        """Return why resources failed, the first failure first, in this deploy only."""
        events = self._aws.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = []
        for event in events:  # The newest first, back to where this deploy began.
            status, reason = event.get("ResourceStatus", ""), event.get("ResourceStatusReason")
            if event.get("LogicalResourceId") == name and status in _BEGINNINGS:
                break
            if status.endswith("_FAILED") and reason:
                reasons.append(f"  {event.get('LogicalResourceId')}: {reason}")
        return reasons[::-1]

    def _upload(self, assembly: Assembly) -> str:
        """Upload the files that are not there yet, and return the template's address."""
        account = self._aws.sts.get_caller_identity()["Account"]
        places = {"${AWS::AccountId}": account, "${AWS::Region}": str(self._aws.region)}
        address = ""
        for asset in json.loads(assembly.assets.read_text())["files"].values():
            (destination,) = asset["destinations"].values()
            bucket, key = destination["bucketName"], destination["objectKey"]
            for placeholder, value in places.items():
                bucket = bucket.replace(placeholder, value)
            source = assembly.assets.parent / asset["source"]["path"]
            if not address:
                self._make_bucket(bucket)
            if not self._uploaded(bucket, key):
                self._say(f"uploading {source.stat().st_size / 1e6:.1f} MB")
                self._aws.s3.upload_file(str(source), bucket, key)
            if source == assembly.template:
                address = f"{self._aws.s3.meta.endpoint_url}/{bucket}/{key}"
        return address

    def _uploaded(self, bucket: str, key: str) -> bool:
        try:
            self._aws.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"].get("Code") in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        return True

    def _make_bucket(self, bucket: str) -> None:
        """Make the assets' bucket unless it is ours already; nobody else ever reads it."""
        client = self._aws.s3
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"].get("Code") not in ("404", "NoSuchBucket"):
                raise
            region: Any = self._aws.region
            if region == "us-east-1":  # The one region that must not be named.
                client.create_bucket(Bucket=bucket)
            else:
                client.create_bucket(
                    Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region}
                )
            client.put_public_access_block(
                Bucket=bucket,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
            )


def _parameters(stack: StackTypeDef | None, given: Mapping[str, str]) -> list[ParameterTypeDef]:
    """Return the given parameters, and those an existing stack has and nobody changes."""
    fresh: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
    ]
    rows = stack.get("Parameters", []) if stack else []
    existing = [row.get("ParameterKey", "") for row in rows]
    return fresh + [
        {"ParameterKey": key, "UsePreviousValue": True} for key in existing if key not in given
    ]
