"""What `manage` reads and writes, as its routes are given it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.manage.backtests import Backtests
from functions.manage.connections import Secrets
from functions.manage.contacts import Attaching
from functions.manage.deliveries import Deliveries
from functions.manage.deliveries import Store as Held
from functions.manage.endpoints import EndpointSecrets
from functions.manage.endpoints import Store as Lists
from functions.manage.erasure import Erasing
from functions.manage.history import Importing as ImportingHistory
from functions.manage.imports import Files, Importing
from functions.manage.quarantine import Events
from functions.manage.stores import Following
from shared.domain import ports
from shared.domain.erase_marks import Ledger


class Store(Held, Lists, ports.Store, Protocol):
    """The table as `manage` uses it."""


class Outbox(
    Attaching, Events, Deliveries, Importing, ImportingHistory, Following, Erasing, Protocol
):
    """The queues as `manage` uses them."""


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """What `manage` reads and writes; `now` is in ms, `new_secret` nobody can guess."""

    store: Store
    secrets: Secrets
    endpoint_secrets: EndpointSecrets
    outbox: Outbox
    uploads: Files
    ledger: Ledger
    backtests: Backtests
    now: Callable[[], int]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    random_bytes: Callable[[int], bytes]
    local: bool
