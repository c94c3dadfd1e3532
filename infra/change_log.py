"""The change log on S3: its bucket, the stream's second reader that writes it, and its tidier.

The bucket is the reports' only source and can be written anew from the table, but old versions of
rows can not: it survives the stack, and what is overwritten or deleted in it can be had back for
a month.
"""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnElement, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from constructs import Construct

from functions.query.exports import PREFIX as EXPORTS
from infra.exceptions import accept
from infra.functions import Functions
from infra.queues import Queues
from shared.domain.erasure import PREFIX as LEDGER

_PREVIOUS_KEPT = Duration.days(30)
# Answers of Athena lie beside the log and are anybody's to throw away.
ANSWERS = "athena/"
_ANSWERS_KEPT = Duration.days(7)
# Answers too large to be sent are fetched within the hour.
_EXPORTS_KEPT = Duration.days(1)
# Few large tails make few requests; the emulator is for one person who waits for a number.
_WINDOW = Duration.seconds(30)
_BATCH_RECORDS = 1000
# What the log keeps; everything else of the table is not even looked at.
_KEPT = [
    lambda_.FilterCriteria.filter({"dynamodb": {"Keys": keys}})
    for keys in (
        {"sk": {"S": [{"prefix": "AT#"}, {"prefix": "DID#"}]}},
        {"sk": {"S": ["HEAD", "CONTACT", "CATALOGUE", "SPEND", "DELIVERY"]}},
        {"pk": {"S": [{"prefix": "FIRINGS#"}]}},
    )
]


class LogBucket(Construct):
    """The bucket alone, so that its name is known before there are Lambdas."""

    def __init__(self, scope: Construct, name: str, *, key: kms.IKey | None) -> None:
        super().__init__(scope, name)
        self._key = key
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=_PREVIOUS_KEPT,
                    expired_object_delete_marker=True,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
                s3.LifecycleRule(prefix=ANSWERS, expiration=_ANSWERS_KEPT),
                s3.LifecycleRule(
                    prefix=EXPORTS,
                    expiration=_EXPORTS_KEPT,
                    noncurrent_version_expiration=_EXPORTS_KEPT,
                ),
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(
            self.bucket,
            "S1",
            reason="Three roles of this stack reach it; a log of reads is only more to erase.",
        )
        self.names = {"LOG_BUCKET": self.bucket.bucket_name}

    def grant_read(self, grantee: lambda_.IFunction) -> None:
        """Allow listing the bucket and fetching objects."""
        self._grant(grantee, "s3:GetObject", self._objects(grantee))
        # Without it a missing object is answered 403, as if it were forbidden.
        self._grant(grantee, "s3:ListBucket", self.bucket.bucket_arn)

    def grant_write(self, grantee: lambda_.IFunction) -> None:
        """Allow storing objects."""
        self._grant(grantee, "s3:PutObject", self._objects(grantee))

    def grant_export(self, grantee: lambda_.IFunction) -> None:
        """Allow storing answers that are too large to be sent, and nothing of the log's."""
        self._grant(grantee, "s3:PutObject", self._objects(grantee, f"{EXPORTS}*"))

    def grant_ledger(self, grantee: lambda_.IFunction) -> None:
        """Allow noting who was erased, and nothing of the log's."""
        self._grant(grantee, "s3:PutObject", self._objects(grantee, f"{LEDGER}*"))

    def grant_delete(self, grantee: lambda_.IFunction) -> None:
        """Allow deleting objects; their versions stay."""
        self._grant(grantee, "s3:DeleteObject", self._objects(grantee))

    def _objects(self, grantee: lambda_.IFunction, names: str = "*") -> str:
        bucket = Stack.of(self).get_logical_id(cast(CfnElement, self.bucket.node.default_child))
        accept(
            grantee.role or grantee,
            f"IAM5[Resource::<{bucket}.Arn>/{names}]",
            reason="The log's files are named by chance: any object of this one bucket.",
        )
        return self.bucket.arn_for_objects(names)

    def _grant(self, grantee: lambda_.IFunction, action: str, arn: str) -> None:
        iam.Grant.add_to_principal(
            grantee=grantee, actions=[action], resource_arns=[arn]
        ).assert_success()
        if self._key is not None:
            self._key.grant_encrypt_decrypt(grantee)


class ChangeLog(Construct):
    """`record_changes` on the table's stream, and `compact_changes` by the clock."""

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
        window = Duration.seconds(0) if local else _WINDOW
        self.record = self._record(functions, stream_arn, queues, window)
        self.compact = self._compact(functions)

    def _record(
        self, functions: Functions, stream_arn: str, queues: Queues, window: Duration
    ) -> lambda_.Function:
        function = functions.add(
            self, "record_changes", settings=("LOG_BUCKET",), memory_mb=512, timeout_seconds=60
        )
        function.add_event_source_mapping(
            "Changes",
            event_source_arn=stream_arn,
            # LATEST skips what is written while the mapping is updated.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH_RECORDS,
            max_batching_window=window,
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=10,
            max_record_age=Duration.hours(20),
            on_failure=sources.SqsDlq(queues.stream_dead),
            filters=_KEPT,
        )
        return function

    def _compact(self, functions: Functions) -> lambda_.Function:
        function = functions.add(
            self,
            "compact_changes",
            settings=("LOG_BUCKET",),
            # More than one whole processor; DuckDB has the better part of the memory.
            memory_mb=2048,
            timeout_seconds=900,
            storage_mb=4096,
        )
        events.Rule(
            self,
            "EveryQuarterHour",
            schedule=events.Schedule.rate(Duration.minutes(15)),
            # A missed run is made up for by the next: what is not folded stays listed.
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
        return function
