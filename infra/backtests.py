"""Backtests: a Lambda that reads the change log for as long as it takes, called by `manage`."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import Functions


class Backtests(Construct):
    """`backtest`, invoked without anybody waiting for it."""

    def __init__(self, scope: Construct, name: str, *, functions: Functions) -> None:
        super().__init__(scope, name)
        self.function = functions.add(
            self,
            "backtest",
            settings=("TABLE_NAME", "LOG_BUCKET"),
            # Every version of what it looks at: the log's history lies beside it, DuckDB in memory.
            memory_mb=2048,
            storage_mb=4096,
            timeout_seconds=900,
        )
        # A crash is tried once more; a backtest nobody waits for any more is of no use.
        self.function.configure_async_invoke(retry_attempts=1, max_event_age=Duration.hours(1))

    def grant_invoke(self, grantee: lambda_.IFunction) -> None:
        """Allow calling it."""
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["lambda:InvokeFunction"],
            resource_arns=[self.function.function_arn],
        ).assert_success()
