"""Makes the Lambdas alike: one role each, arm64, a log group that forgets, settings by name.

A role is allowed to write its own log group and nothing else; what more it may do is granted in
the stack. There is no X-Ray tracing: its SDK costs a door more start than the door itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.bundle import Bundler
from infra.exceptions import accept

RUNTIME = lambda_.Runtime.PYTHON_3_13
_RUNTIME_REASON = "Python 3.13 is supported until 2029; the lock's wheels are for it."


class Functions:
    """Adds Lambdas to constructs and remembers them, with the values their settings may name."""

    def __init__(self, *, bundler: Bundler, local: bool, values: Mapping[str, str]) -> None:
        self.values = values
        self.made: dict[str, lambda_.Function] = {}
        self._bundler = bundler
        self._settings = {
            **values,
            "CONFIG_CACHE_SECONDS": "1" if local else "60",
            "MODE_LOCAL": "1" if local else "0",
            "LOG_LEVEL": "INFO",
        }

    def named(self, prefix: str) -> list[str]:
        """Return the Lambdas whose folder's name starts with `prefix`, in order."""
        return self._bundler.functions(prefix)

    def add(
        self,
        scope: Construct,
        name: str,
        *,
        settings: tuple[str, ...],
        memory_mb: int,
        timeout_seconds: int,
        concurrency: int = 0,
        storage_mb: int = 512,
    ) -> lambda_.Function:
        """Return the Lambda of `functions/<name>`, given the named settings and no others.

        `concurrency` executions are reserved for it, and it never gets more; 0 reserves none.
        `storage_mb` is the size of its `/tmp`.
        """
        log_group, role = _log_and_role(scope, name)
        asset = self._bundler.build(name)
        function = lambda_.Function(
            scope,
            name,
            description=f"functions/{name}",
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"functions.{name}.handler.handler",
            code=lambda_.Code.from_asset(str(asset.path), asset_hash=asset.hash),
            role=role,
            log_group=log_group,
            memory_size=memory_mb,
            ephemeral_storage_size=Size.mebibytes(storage_mb),
            timeout=Duration.seconds(timeout_seconds),
            reserved_concurrent_executions=concurrency or None,
            environment={
                key: self._settings[key] for key in (*settings, "MODE_LOCAL", "LOG_LEVEL")
            },
        )
        accept(function, "L1", reason=_RUNTIME_REASON)
        self.made[name] = function
        return function


def _log_and_role(scope: Construct, name: str) -> tuple[logs.LogGroup, iam.Role]:
    """Return a log group, and a role that may write to it."""
    log_group = logs.LogGroup(
        scope,
        f"{name}-log",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    role = iam.Role(scope, f"{name}-role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    return log_group, role
