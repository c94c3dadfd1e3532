"""The EventBridge bus that hears of every change, so AWS consumers need no automation of ours."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class Bus(Construct):
    """One bus, by the stack's name; who listens is the account's own business."""

    def __init__(self, scope: Construct, name_in_scope: str, *, name: str) -> None:
        super().__init__(scope, name_in_scope)
        self._bus = events.EventBus(self, "Bus", event_bus_name=name)
        self.name = self._bus.event_bus_name

    def grant_put(self, grantee: lambda_.IFunction) -> None:
        """Allow putting events on this bus."""
        self._bus.grant_put_events_to(grantee)
