"""Findings of cdk-nag that are accepted, each with its reason beside the resource it is about."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, rule: str, *, reason: str) -> None:
    """Record why a finding of the AwsSolutions rule on `construct` is right as it is."""
    Validations.of(construct).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
