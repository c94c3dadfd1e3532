"""The AWS clients of the deploy and the command: an account's, or the emulator's on loopback."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

EMULATED_REGION = "us-east-1"


class Aws:
    """Clients of one account and region, each made when first used."""

    def __init__(self, *, endpoint_url: str | None = None, region: str | None = None) -> None:
        """Use the emulator at `endpoint_url`, or the account of this machine's credentials."""
        self.endpoint_url = endpoint_url
        if endpoint_url is None:
            self._session = boto3.Session(region_name=region)
        else:
            self._session = boto3.Session(
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
                region_name=region or EMULATED_REGION,
            )
        # None of our Lambdas runs longer than a minute: an answer is waited for, not asked twice.
        self._config = Config(retries={"mode": "standard", "max_attempts": 5}, read_timeout=75)
        if endpoint_url:
            # Virtual-host buckets would need names that loopback does not resolve, and a proxy of
            # this machine does not lead to it.
            emulated = Config(s3={"addressing_style": "path"}, proxies={})
            self._config = self._config.merge(emulated)

    @property
    def region(self) -> str | None:
        """Return the region in use; None where nothing names one."""
        return self._session.region_name

    def environment(self) -> dict[str, str]:
        """Return the variables with which the Lambdas' own clients reach the same place."""
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        frozen = credentials.get_frozen_credentials()
        endpoint = self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
        return {
            "AWS_REGION": str(self.region),
            "AWS_ACCESS_KEY_ID": str(frozen.access_key),
            "AWS_SECRET_ACCESS_KEY": str(frozen.secret_key),
            **({"AWS_SESSION_TOKEN": frozen.token} if frozen.token else {}),
            **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}),
        }

    def close(self) -> None:
        """Let go of the connections of every client made so far."""
        for client in vars(self).values():
            if isinstance(client, BaseClient):
                client.close()

    @cached_property
    def apigatewayv2(self) -> ApiGatewayV2Client:
        """Return the client of HTTP APIs."""
        return self._session.client("apigatewayv2", **self._options)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """Return the client of stacks."""
        return self._session.client("cloudformation", **self._options)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Return the client of tables."""
        return self._session.client("dynamodb", **self._options)

    @cached_property
    def dynamodbstreams(self) -> Any:
        """Return the client of tables' streams; its types are not among those we install."""
        client: Any = self._session.client("dynamodbstreams", **self._options)
        return client

    @cached_property
    def lambda_(self) -> LambdaClient:
        """Return the client of Lambdas."""
        return self._session.client("lambda", **self._options)

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Return the client of logs."""
        return self._session.client("logs", **self._options)

    @cached_property
    def s3(self) -> S3Client:
        """Return the client of buckets."""
        return self._session.client("s3", **self._options)

    @cached_property
    def sqs(self) -> SQSClient:
        """Return the client of queues."""
        return self._session.client("sqs", **self._options)

    @cached_property
    def ssm(self) -> SSMClient:
        """Return the client of parameters."""
        return self._session.client("ssm", **self._options)

    @cached_property
    def sts(self) -> STSClient:
        """Return the client that knows who we are."""
        return self._session.client("sts", **self._options)

    @property
    def _options(self) -> dict[str, Any]:
        return {"endpoint_url": self.endpoint_url, "config": self._config}
