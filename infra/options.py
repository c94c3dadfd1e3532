"""What an operator may choose at synth time: the CDK context, read once and with its defaults.

Choices of a deployment (the alarm's address, a custom domain) are CloudFormation parameters
instead, so that a later deploy that does not repeat them keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass

from constructs import Node


@dataclass(frozen=True, kw_only=True)
class Options:
    """The context values `cdk.json` and `-c name=value` may carry."""

    local: bool = False
    """True inside the embedded emulator: assets for this machine, and only what it understands."""
    cors_origins: tuple[str, ...] = ()
    """Web origins whose pages may call the API; none by default."""
    customer_key: bool = False
    """Encrypt with a KMS key of your own instead of AWS-owned keys; costs a dollar a month."""
    paypal_authority: str = ""
    """Certificate (PEM) of PayPal's stand-in, which the local door trusts; heeded where `local`."""
    door_concurrency: int = 50
    """Executions kept for each door and its ceiling; 0 for none, in accounts with a low limit."""

    @classmethod
    def of(cls, node: Node) -> Options:
        """Read the context of a construct tree; text and JSON values mean the same."""
        origins = _context(node, "cors_origins")
        concurrency = _context(node, "door_concurrency")
        return cls(
            local=_context(node, "local") in ("true", "1"),
            cors_origins=tuple(origin for origin in origins.split(",") if origin),
            customer_key=_context(node, "customer_key") in ("true", "1"),
            paypal_authority=_context(node, "paypal_authority"),
            door_concurrency=int(concurrency) if concurrency else cls.door_concurrency,
        )


def _context(node: Node, name: str) -> str:
    value = node.try_get_context(name)
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
