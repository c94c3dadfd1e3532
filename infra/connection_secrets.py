"""Secrets of connections or endpoints: SSM SecureStrings under a prefix, written by `manage`.

Nothing is created here: a connection's parameter comes and goes with the connection. Standard
parameters under AWS's own key cost nothing, and need no permission on that key.
"""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.exceptions import accept


class ConnectionSecrets(Construct):
    """The parameters below `prefix`."""

    def __init__(self, scope: Construct, name: str, *, prefix: str) -> None:
        super().__init__(scope, name)
        self.prefix = prefix
        self._arn = Stack.of(self).format_arn(
            service="ssm",
            resource="parameter",
            resource_name=f"{prefix.removeprefix('/')}/*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )

    def grant_read(self, grantee: lambda_.IFunction) -> None:
        """Allow reading one connection's secrets, knowing its id."""
        self._grant(grantee, "ssm:GetParameter")

    def grant_write(self, grantee: lambda_.IFunction) -> None:
        """Allow reading, replacing and deleting one connection's secrets."""
        self._grant(grantee, "ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter")

    def _grant(self, grantee: lambda_.IFunction, *actions: str) -> None:
        iam.Grant.add_to_principal(
            grantee=grantee, actions=list(actions), resource_arns=[self._arn]
        ).assert_success()
        own = "arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter"
        accept(
            grantee.role or grantee,
            f"IAM5[Resource::{own}{self.prefix}/*]",
            reason="Connections are made at run time: any parameter below this one prefix.",
        )
