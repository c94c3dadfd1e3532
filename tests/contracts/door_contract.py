"""What every provider's door must do, as one suite: the bad-input matrix, row by row.

A provider's test subclasses `DoorContract` as `Test<Provider>Door`, says how its requests are made
and signed, and inherits every row. Where a provider differs (no time is signed, bodies are forms)
an attribute says so and the row asks for the other answer: no row is ever left out.
"""

from __future__ import annotations

from tests.contracts.door_bodies import BodyRows
from tests.contracts.door_house import NOW, FakeQueue, FakeSecrets, counted, post
from tests.contracts.door_proof import ProofRows

__all__ = ["NOW", "DoorContract", "FakeQueue", "FakeSecrets", "counted", "post"]


class DoorContract(ProofRows, BodyRows):
    """All rows."""
