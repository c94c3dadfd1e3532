"""What is kept: the one table, and the bucket for bodies too large for a message.

Both survive the stack's deletion. The table's keys are known to `shared/adapters/table.py` alone;
here they are only names.

A table that was restored from a backup is another table. Two parameters of the deployment name it
and its stream, and everything that names the table follows them; the stack's own table stays where
it is, for what came in after the backup.
"""

from __future__ import annotations

from typing import cast

from aws_cdk import (
    ArnFormat,
    CfnCondition,
    CfnElement,
    CfnParameter,
    Duration,
    Fn,
    RemovalPolicy,
    Stack,
)
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.exceptions import accept
from infra.parameters import RESTORED_STREAM, RESTORED_TABLE

# As long as the event it belongs to: longer than any provider, queue or person sends again.
BODIES_KEPT = Duration.days(400)
# As long as their jobs: a dead letter of one may still be tried again.
IMPORTS_KEPT = Duration.days(30)
_READ = ("dynamodb:BatchGetItem", "dynamodb:Query")
_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
# A transaction needs the permission of each thing it does, and none of its own.
_WRITE = ("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem")


class Storage(Construct):
    """The table and the bodies bucket, under one customer key or AWS's own."""

    def __init__(self, scope: Construct, name: str, *, customer_key: bool) -> None:
        super().__init__(scope, name)
        self.key = self._customer_key() if customer_key else None
        own = self._table()
        self.table_name, self.table_arn, self.stream_arn = self._in_use(own)
        self.bodies = self._bodies()
        self.names = {
            "TABLE_NAME": self.table_name,
            "BODIES_BUCKET": self.bodies.bucket_name,
        }

    def grant_read(self, grantee: lambda_.IFunction) -> None:
        """Allow reading items and the indexes; scanning is another permission."""
        indexes = [f"{self.table_arn}/index/{name}" for name in ("by_contact", "by_customer")]
        self._grant(grantee, _READ, self.table_arn, *indexes)

    def grant_read_write(self, grantee: lambda_.IFunction) -> None:
        """Allow reading, and writing items one by one or in transactions."""
        self.grant_read(grantee)
        self._grant(grantee, _WRITE, self.table_arn)

    def grant_walk(self, grantee: lambda_.IFunction) -> None:
        """Allow going through the whole table: for erasing somebody, and for nothing else."""
        self._grant(grantee, ("dynamodb:Scan",), self.table_arn)

    def grant_read_stream(self, grantee: lambda_.IFunction) -> None:
        """Allow reading the changes of the table's items, old and new."""
        self._grant(grantee, _STREAM, self.stream_arn)
        self._grant(grantee, ("dynamodb:ListStreams",), "*")
        accept(
            grantee.role or grantee,
            "IAM5[Resource::*]",
            reason="ListStreams knows no resource; reading names this table's stream alone.",
        )

    def grant_put_bodies(self, grantee: lambda_.IFunction) -> None:
        """Allow storing a raw body."""
        self._grant_objects(grantee, "s3:PutObject")

    def grant_read_bodies(self, grantee: lambda_.IFunction) -> None:
        """Allow fetching a raw body."""
        self._grant_objects(grantee, "s3:GetObject")

    def grant_delete_bodies(self, grantee: lambda_.IFunction) -> None:
        """Allow removing a raw body, as erasing somebody does."""
        self._grant_objects(grantee, "s3:DeleteObject")

    def _grant_objects(self, grantee: lambda_.IFunction, action: str) -> None:
        self._grant(grantee, (action,), self.bodies.arn_for_objects("*"))
        bucket = Stack.of(self).get_logical_id(cast(CfnElement, self.bodies.node.default_child))
        accept(
            grantee.role or grantee,
            f"IAM5[Resource::<{bucket}.Arn>/*]",
            reason="Bodies are named by their hash: any object of this one bucket.",
        )

    def _grant(self, grantee: lambda_.IFunction, actions: tuple[str, ...], *arns: str) -> None:
        iam.Grant.add_to_principal(
            grantee=grantee, actions=list(actions), resource_arns=list(arns)
        ).assert_success()
        if self.key is not None:
            self.key.grant_encrypt_decrypt(grantee)

    def _customer_key(self) -> kms.Key:
        for action in ("kms:ReEncrypt*", "kms:GenerateDataKey*"):
            accept(
                Stack.of(self),
                f"IAM5[Action::{action}]",
                reason="Encrypting with one key takes each of these; they name that key only.",
            )
        return kms.Key(self, "Key", enable_key_rotation=True)

    def _table(self) -> dynamodb.Table:
        encryption = dynamodb.TableEncryption
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=encryption.CUSTOMER_MANAGED if self.key else encryption.DEFAULT,
            encryption_key=self.key,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        for index, prefix in (("by_contact", "gsi1"), ("by_customer", "gsi2")):
            table.add_global_secondary_index(
                index_name=index,
                partition_key=_text(f"{prefix}pk"),
                sort_key=_text(f"{prefix}sk"),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )
        return table

    def _in_use(self, own: dynamodb.Table) -> tuple[str, str, str]:
        """Return name, ARN and stream of the table in use: its own, or a restored one."""
        table, stream = (
            CfnParameter(self, name, default="", description=f"{what}; set by `paysignal restore`")
            for name, what in (
                (RESTORED_TABLE, "Table used instead of the stack's own"),
                (RESTORED_STREAM, "ARN of that table's stream"),
            )
        )
        table.override_logical_id(RESTORED_TABLE)
        stream.override_logical_id(RESTORED_STREAM)
        restored = CfnCondition(
            self,
            "IsRestored",
            expression=Fn.condition_not(Fn.condition_equals(table.value_as_string, "")),
        )
        restored.override_logical_id("IsRestored")
        arn = Stack.of(self).format_arn(
            service="dynamodb",
            resource="table",
            resource_name=table.value_as_string,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )

        def either(other: str, own_value: str) -> str:
            return Fn.condition_if("IsRestored", other, own_value).to_string()

        return (
            either(table.value_as_string, own.table_name),
            either(arn, own.table_arn),
            either(stream.value_as_string, str(own.table_stream_arn)),
        )

    def _bodies(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bodies",
            encryption=s3.BucketEncryption.KMS if self.key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self.key,
            bucket_key_enabled=True if self.key else None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=BODIES_KEPT,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
                s3.LifecycleRule(prefix="imports/", expiration=IMPORTS_KEPT),
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(
            bucket,
            "S1",
            reason="Three roles of this stack reach it; a log of reads is only more to erase.",
        )
        return bucket


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
