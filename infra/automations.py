"""Automations: the table's stream in, firings and their steps out, and a clock for what waits."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.exceptions import accept
from infra.functions import Functions
from infra.queues import RUN_TIMEOUT_SECONDS, Queues

_FIRE_SETTINGS = ("TABLE_NAME", "AUTOMATIONS_QUEUE_URL", "BUS_NAME", "CONFIG_CACHE_SECONDS")
# Only entries of records are changes; runs, deliveries and configuration are not looked at.
_CHANGES = lambda_.FilterCriteria.filter(
    {"dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.begins_with("AT#")}}}}
)
# Notes of tags that were changed here, for who wants them written back; not their expiry.
_RETAGGED = lambda_.FilterCriteria.filter(
    {
        "eventName": lambda_.FilterRule.is_equal("INSERT"),
        "dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.begins_with("TAGS#")}}},
    }
)


class Automations(Construct):
    """`fire_triggers` on the stream, `run_automations` on its queue, and two by the clock.

    `wake_due` comes every minute, `watch_dates` every hour.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        functions: Functions,
        stream_arn: str,
        queues: Queues,
        local: bool,
    ) -> None:
        super().__init__(scope, name)
        self.fire = self._fire(functions, stream_arn, queues)
        self.run = self._run(functions, queues)
        self.wake = self._wake(functions)
        self.watch = self._watch(functions, local)

    def _fire(self, functions: Functions, stream_arn: str, queues: Queues) -> lambda_.Function:
        function = functions.add(
            self,
            "fire_triggers",
            settings=(*_FIRE_SETTINGS, "CALLS_QUEUE_URL"),
            memory_mb=512,
            timeout_seconds=60,
        )
        function.add_event_source_mapping(
            "Changes",
            event_source_arn=stream_arn,
            # LATEST skips what is written while the mapping is updated.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=100,
            max_batching_window=Duration.seconds(0),
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=10,
            max_record_age=Duration.hours(20),
            on_failure=sources.SqsDlq(queues.stream_dead),
            filters=[_CHANGES, _RETAGGED],
        )
        return function

    def _run(self, functions: Functions, queues: Queues) -> lambda_.Function:
        function = functions.add(
            self,
            "run_automations",
            settings=(*_FIRE_SETTINGS, "ENDPOINT_PREFIX"),
            memory_mb=512,
            timeout_seconds=RUN_TIMEOUT_SECONDS,
        )
        function.add_event_source_mapping(
            "Automations",
            event_source_arn=queues.automations.queue_arn,
            batch_size=10,
            report_batch_item_failures=True,
            max_concurrency=10,
        )
        _let_send(function)
        return function

    def _wake(self, functions: Functions) -> lambda_.Function:
        function = functions.add(
            self,
            "wake_due",
            settings=("TABLE_NAME", "AUTOMATIONS_QUEUE_URL", "CALLS_QUEUE_URL"),
            memory_mb=256,
            timeout_seconds=60,
            concurrency=1,
        )
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            # A missed minute is made up for by the next: what is due stays due.
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
        return function

    def _watch(self, functions: Functions, local: bool) -> lambda_.Function:
        function = functions.add(
            self,
            "watch_dates",
            settings=("TABLE_NAME", "LOG_BUCKET", "CALLS_QUEUE_URL", "HISTORY_QUEUE_URL"),
            # DuckDB has half of it, and the log's files lie beside it.
            memory_mb=1536,
            timeout_seconds=900,
            storage_mb=2048,
        )
        # It looks two hours ahead; a person who tries a trigger by date waits for less than one.
        every = Duration.minutes(1) if local else Duration.hours(1)
        events.Rule(
            self,
            "Dates",
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(function, retry_attempts=2)],
        )
        return function


def _let_send(function: lambda_.Function) -> None:
    """Allow sending emails from whatever addresses the account has verified."""
    arn = Stack.of(function).format_arn(service="ses", resource="identity", resource_name="*")
    iam.Grant.add_to_principal(
        grantee=function, actions=["ses:SendEmail"], resource_arns=[arn]
    ).assert_success()
    accept(
        function.role or function,
        "IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]",
        reason="Who emails are from is a setting; SES itself allows verified senders alone.",
    )
