"""A child forked to write a snapshot: begun when it is worth it, believed when it ended well.

How often one is begun and how long it may take go by how long the last one took, so that neither
a small state waits nor a large one is written over and over. It runs on the emulator's interpreter
and must know the standard library alone.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NoReturn, TypeVar

T = TypeVar("T")

_EVERY_SECONDS = 5.0
_AFTER_FAILURE_SECONDS = 30.0
# As many times what the last one took, what is in a journal anyway waits for the next.
_REST = 10
_PATIENCE_SECONDS = 60.0

_log = logging.getLogger("snapshots")


class Child:
    """One forked child at a time, which works on the memory of the moment it was forked at."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Have none yet; `clock` tells seconds."""
        self._clock = clock
        self._pid: int | None = None
        self._began = 0.0
        self._ended = float("-inf")
        self._took = 0.0
        self._patience = _PATIENCE_SECONDS
        self._failed = False

    def due(self, *, urgent: bool, worth: bool) -> bool:
        """Tell whether to begin one; after one that failed always, once some time has passed."""
        if self._pid is not None:
            return False
        waited = self._clock() - self._ended
        if self._failed:
            return waited >= max(_AFTER_FAILURE_SECONDS, _REST * self._took)
        if urgent:
            return waited >= self._took
        return worth and waited >= max(_EVERY_SECONDS, _REST * self._took)

    def begin(self, job: Callable[[T], None], held: AbstractContextManager[T]) -> None:
        """Fork while `held` is; the child does the job with what that gave, once it has let go."""
        self._began = self._clock()
        try:
            with held as given:
                pid = os.fork()
        except OSError:
            _log.exception("no snapshot could be begun")
            self._end(failed=True)
            return
        if not pid:
            _work(lambda: job(given))
        self._pid = pid

    def look_after(self) -> None:
        """Take note of its end; end it when it hangs, and have more patience with the next."""
        if self._pid is None:
            return
        ended, status = os.waitpid(self._pid, os.WNOHANG)
        if ended:
            if status:
                _log.error("no snapshot: %d is how it ended", os.waitstatus_to_exitcode(status))
            self._end(failed=status != 0)
        elif self._clock() - self._began > self._patience:
            _log.error("no snapshot in %.0f seconds; the next may take twice that", self._patience)
            self.kill()
            self._patience *= 2
            self._end(failed=True)

    def kill(self) -> None:
        """End it at once, where there is one: its snapshot is in force whole or not at all."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = None

    def _end(self, *, failed: bool) -> None:
        self._pid, self._failed, self._ended = None, failed, self._clock()
        self._took = self._ended - self._began


def _work(job: Callable[[], None]) -> NoReturn:
    """Do the job as the child, and end without anything that the parent's end would do."""
    status = 1
    try:
        os.nice(10)
        os.closerange(3, 4096)
        job()
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)
