"""What a message of the automations queue asks for, and carrying it out up to the posts.

    run        take a firing's steps one turn further
    deliver    attempt a delivery
    settled    look again at a created record whose first burst of events is over
    again      look whether a firing by an automation edited a moment before was sent and told
    date       look at a record one of whose dates has come
    mail       send an email

The attempts a message leads to are returned, admitted, for the batch to post side by side: a slow
endpoint then holds up no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from functions.run_automations.deliver import Attempted, Deliver, Posting
from shared.domain import run_steps, times
from shared.domain.apply import apply
from shared.domain.automations.bus_events import BusEvent
from shared.domain.errors import Quarantined
from shared.domain.folding import Plan
from shared.domain.ports import Name, Reading, Store, Write
from shared.domain.run_scene import ReaderOf

Message = Mapping[str, Any]


class Bus(Protocol):
    """The event bus."""

    def put(self, events: Sequence[BusEvent]) -> None:
        """Put events on the bus."""


class Fire(Protocol):
    """What fires automations."""

    def settled(self, message: Message, now: int) -> list[str]:
        """Fire what a created record sets off; return the firings' ids."""

    def again(self, message: Message, now: int) -> list[str]:
        """Have run what fired, and tell of it; return the firings' ids."""


class FireByDate(Protocol):
    """What fires automations that dates set off."""

    def come(self, message: Message, now: int) -> str | None:
        """Fire what a date sets off; return the firing's id, None for nothing."""


class SendMail(Protocol):
    """What sends emails."""

    def send(self, mail_id: str, monotonic: float) -> str | None:
        """Send an email unless that was tried before; return its state."""


class Messages:
    """Carries messages out; one for all batches of a warm Lambda."""

    def __init__(
        self,
        *,
        store: Store,
        deliver: Deliver,
        fire: Fire,
        by_date: FireByDate,
        send_mail: SendMail,
        bus: Bus,
        send: Callable[[Message, int], None],
        local: bool,
        log: Callable[..., None],
        reader_of: ReaderOf | None = None,
    ) -> None:
        """`send` puts a message on our queue after so many seconds.

        `reader_of` tells how personalization tags write values in a locale and a zone.
        """
        self._store = store
        self._deliver = deliver
        self._fire = fire
        self._by_date = by_date
        self._send_mail = send_mail
        self._bus = bus
        self._send = send
        self._local = local
        self._log = log
        self._reader_of = reader_of
        self._kinds: dict[str, Callable[[Message, int, float], list[Posting]]] = {
            "run": self._run,
            "deliver": self._attempt,
            "settled": self._settled,
            "again": self._again,
            "date": self._date,
            "mail": self._mail,
        }

    def carry_out(self, message: Message, now: int, monotonic: float) -> list[Posting]:
        """Carry a message out; return the attempts that are to be posted for it.

        Raise what may pass, and Quarantined for a message of no known kind.
        """
        carry = self._kinds.get(str(message.get("kind")))
        if carry is None:
            raise Quarantined("bad_message", "the message is of no known kind")
        return carry(message, now, monotonic)

    def settle(self, posting: Posting, attempted: Attempted, now: int) -> str:
        """Record an attempt that ended at `now`; return the delivery's state."""
        return self._deliver.settle(posting, attempted, now)

    def _run(self, message: Message, now: int, monotonic: float) -> list[Posting]:
        refused: list[Name] = []

        def advance(reading: Reading) -> Plan:
            reading.want(refused)
            return run_steps.advance(
                message, reading, now=now, local=self._local, reader_of=self._reader_of
            )

        def note(plan: Plan) -> None:
            """Have what was to be new read before the next try: it may be there already."""
            refused[:] = [
                step.name for step in plan.steps if isinstance(step, Write) and step.expected == 0
            ]

        plan = apply(advance, Reading(), self._store, note)
        return self._send_out(plan.messages, now, monotonic)

    def _attempt(self, message: Message, now: int, monotonic: float) -> list[Posting]:
        posting = self._deliver.prepare(message, now, monotonic)
        return [posting] if posting is not None else []

    def _settled(self, message: Message, now: int, monotonic: float) -> list[Posting]:
        del monotonic
        self._tell(self._fire.settled(message, now), message)
        return []

    def _again(self, message: Message, now: int, monotonic: float) -> list[Posting]:
        del monotonic
        self._tell(self._fire.again(message, now), message)
        return []

    def _date(self, message: Message, now: int, monotonic: float) -> list[Posting]:
        del monotonic
        firing = self._by_date.come(message, now)
        self._tell([] if firing is None else [firing], message)
        return []

    def _tell(self, firings: Sequence[str], message: Message) -> None:
        """Log what was fired here: what the stream sets off is logged by its own reader."""
        if firings:
            self._log("fired", firings=firings, record=message["record"])

    def _mail(self, message: Message, now: int, monotonic: float) -> list[Posting]:
        del now
        self._send_mail.send(message["mail_id"], monotonic)
        return []

    def _send_out(self, messages: Sequence[Message], now: int, monotonic: float) -> list[Posting]:
        """Send what a commit left to be sent; its deliveries are attempted at once."""
        for each in messages:
            if each["kind"] == "event":
                self._bus.put([BusEvent(each["type"], each["detail"], each["at"])])
            elif each["kind"] in ("run", "mail"):
                about = {name: value for name, value in each.items() if name != "at"}
                self._send(about, max(0, -(-(each.get("at", now) - now) // times.SECOND)))
        postings: list[Posting] = []
        for each in messages:
            if each["kind"] == "deliver":
                postings += self._attempt(each, now, monotonic)
        return postings


def read(text: str) -> Message:
    """Return the message of a queue record. Raise Quarantined where it is none."""
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict) or message.get("v") != 1:
        raise Quarantined("bad_message", "the message is not one of ours")
    return message
