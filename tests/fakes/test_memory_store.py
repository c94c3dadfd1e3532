"""The fake store, held to what every store must do."""

from __future__ import annotations

from typing import Any

import pytest
from typing_extensions import override

from tests.contracts.store_contract import StoreContract
from tests.fakes.memory_store import MemoryStore


class TestMemoryStore(StoreContract):
    """All of the contract."""

    @override
    @pytest.fixture
    def store(self) -> Any:
        return MemoryStore()
