"""What a run has sent of somebody, and what is left of it once they are erased."""

from __future__ import annotations

import pytest

from shared.domain import deliveries, erasing
from shared.domain.erasing import Person
from shared.domain.erasure import Erasure
from tests.support.automation_steps import WEBHOOK
from tests.support.workshop import Workshop


@pytest.mark.parametrize("held", [False, True])
def test_a_payload_of_ones_own_that_holds_a_name_alone_is_forgotten(held: bool) -> None:
    """Neither an address nor an id stands in it; held, it could be replayed."""
    workshop = Workshop([{**WEBHOOK, "payload": {"text": "Hi %CONTACT_FIRST_NAME%"}}])
    workshop.fire()
    workshop.run()
    (sent,) = workshop.deliveries()
    assert b"Hi Ada" in sent["body"]
    document = deliveries.held(sent, workshop.now) if held else sent

    person = Person(Erasure.of("c1", ["ada@example.com"], workshop.now))
    left = erasing.erased(person, deliveries.name_of(sent["delivery_id"]), document)

    assert left is not None
    assert (left["body"], left["state"]) == (b"{}", "gone" if held else "delivered")
