"""What is kept: the one table, and the bucket for bodies too large for a message.

Both survive the stack's deletion. The table's keys are known to `shared/adapters/table.py` alone;
here they are only names.
"""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnElement, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.exceptions import accept

# As long as the event it belongs to: longer than any provider, queue or person sends again.
BODIES_KEPT = Duration.days(400)
# As long as their jobs: a dead letter of one may still be tried again.
IMPORTS_KEPT = Duration.days(30)
_READ = ("dynamodb:BatchGetItem", "dynamodb:Query")
# A transaction needs the permission of each thing it does, and none of its own.
_WRITE = ("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem")


class Storage(Construct):
    """The table and the bodies bucket, under one customer key or AWS's own."""

    def __init__(self, scope: Construct, name: str, *, customer_key: bool) -> None:
        super().__init__(scope, name)
        self.key = self._customer_key() if customer_key else None
        self.table = self._table()
        self.bodies = self._bodies()
        self.names = {
            "TABLE_NAME": self.table.table_name,
            "BODIES_BUCKET": self.bodies.bucket_name,
        }

    def grant_read(self, grantee: lambda_.IFunction) -> None:
        """Allow reading items and the indexes; scanning is never allowed."""
        indexes = [f"{self.table.table_arn}/index/{name}" for name in ("by_contact", "by_customer")]
        self._grant(grantee, _READ, self.table.table_arn, *indexes)

    def grant_read_write(self, grantee: lambda_.IFunction) -> None:
        """Allow reading, and writing items one by one or in transactions."""
        self.grant_read(grantee)
        self._grant(grantee, _WRITE, self.table.table_arn)

    def grant_read_stream(self, grantee: lambda_.IFunction) -> None:
        """Allow reading the changes of the table's items, old and new."""
        self.table.grant_stream_read(grantee)
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
