"""Actors that share a bucket, let through one call at a time, in an order that a seed decides.

Each actor is a thread that stops before every call of the bucket; so all interleavings of calls can
come up, and none but those the seed chose. A call may be spoilt: the actor dies before it or after
it, or its conditional write is carried out and called lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, TypeVar

from shared.adapters.objects import Listed
from shared.domain.errors import Contended
from tests.fakes.memory_bucket import MemoryBucket

Fault = Literal["", "before", "after", "lost"]
_WAIT_SECONDS = 20
T = TypeVar("T")


class Crash(BaseException):
    """The actor's process has ended."""


class Actor:
    """One thread, and its door to the bucket."""

    def __init__(self, work: Callable[[Door], None], bucket: MemoryBucket, born: int) -> None:
        self.born = born
        self.failure: BaseException | None = None
        self.ended = False
        self._go = threading.Semaphore(0)
        self._arrived = threading.Semaphore(0)
        self._fault: Fault = ""
        self._thread = threading.Thread(target=self._live, args=(work, Door(self, bucket)))
        self._thread.start()
        self._await()

    def step(self, fault: Fault = "") -> None:
        """Let one call through, and wait for the next, or for the end."""
        self._fault = fault
        self._go.release()
        self._await()

    def pass_through(self) -> Fault:
        """Wait to be let through; called by the actor's own thread."""
        self._arrived.release()
        self._go.acquire()
        if self._fault == "before":
            raise Crash
        return self._fault

    def _await(self) -> None:
        assert self._arrived.acquire(timeout=_WAIT_SECONDS), "an actor hangs"
        if self.ended:
            self._thread.join()

    def _live(self, work: Callable[[Door], None], door: Door) -> None:
        try:
            work(door)
        except Crash:
            pass
        except BaseException as error:  # told by the main thread, which looks at every failure
            self.failure = error
        self.ended = True
        self._arrived.release()


class Door:
    """The bucket as one actor has it."""

    def __init__(self, actor: Actor, bucket: MemoryBucket) -> None:
        self._actor = actor
        self._bucket = bucket

    def get(self, key: str) -> tuple[bytes, str] | None:
        return self._call(lambda: self._bucket.get(key))

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        conditional = if_match is not None or if_none_match
        put = self._bucket.put
        return self._call(
            lambda: put(key, content, if_match=if_match, if_none_match=if_none_match), conditional
        )

    def list(self, prefix: str, after: str = "") -> list[Listed]:
        return self._call(lambda: self._bucket.list(prefix, after))

    def delete(self, key: str) -> None:
        self._call(lambda: self._bucket.delete(key))

    def _call(self, call: Callable[[], T], conditional: bool = False) -> T:
        fault = self._actor.pass_through()
        answer = call()
        if fault == "after":
            raise Crash
        if fault == "lost" and conditional:
            raise Contended("the answer was lost, and the second try found it changed")
        return answer
