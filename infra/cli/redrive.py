"""`paysignal redrive`: dead letters, and what the table's stream gave up on, tried once more.

One message after another: each is sent, or handed over, and only then deleted. Stopping it at any
moment loses nothing, and running it again does nothing twice that shows. It prints ids, counts and
ages, never what a message holds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from infra.aws import Aws
from infra.cli import stream_failures
from infra.cli.command import CliError, add_place
from infra.cli.dead_letters import PAGE, DeadLetter, DeadLetters, again
from infra.cli.running import Running
from infra.cli.stream_failures import Failure, Unreadable
from shared.domain import times

SUMMARY = "try dead letters and the stream's failures once more"
EXAMPLES = """  ./paysignal redrive events --dry-run      how many, how old, which; moves nothing
  ./paysignal redrive events --limit 1      one first, to see whether the cause is mended
  ./paysignal redrive events                all events that were given up on
  ./paysignal redrive stream                changes that set nothing off; within 24 hours
  ./paysignal redrive automations --aws     the stack in your AWS account"""
STREAM = "stream"
QUEUES = ("events", "history", "calls", "automations")
# A page of sends takes seconds; one note of the stream as many invocations as it has batches.
_HELD_SECONDS = 120
_HELD_SECONDS_STREAM = 900


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_place(parser)
    parser.add_argument("what", choices=(*QUEUES, STREAM), help="whose dead letters")
    parser.add_argument("--dry-run", action="store_true", help="show them and move nothing")
    parser.add_argument("--limit", type=_positive, metavar="N", help="no more than so many")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Redrive, or show; fail when a message had to be kept."""
    running = Running.find(arguments.aws)
    url = running.dead_letter_urls().get(arguments.what)
    if url is None:
        raise CliError(f"This stack has no dead letters of {arguments.what}. Deploy it anew.")
    now = time.time_ns() // 1_000_000
    redrive = Redrive(arguments.what, running, DeadLetters(running.aws.sqs, url), now)
    if arguments.dry_run:
        redrive.show(arguments.limit, console)
        return 0
    return 1 if redrive.carry_out(arguments.limit, console) else 0


class Redrive:
    """One run over one dead-letter queue; `now` (ms) is when it began."""

    def __init__(self, what: str, running: Running, letters: DeadLetters, now: int) -> None:
        self._what = what
        self._running = running
        self._letters = letters
        self._now = now

    def carry_out(self, limit: int | None, console: Console) -> int:
        """Carry each message out and say so; return how many had to be kept."""
        done = kept = 0
        waiting = self._letters.count()
        with self._taken(limit) as taken:
            for letter in taken:
                try:
                    said = self._one(letter, console)
                except Unreadable as error:
                    kept += 1
                    console.print(f"[red]✗[/] {escape(f'{letter.about()}: {error}')}")
                    continue
                done += 1
                place = f"{done + kept} of {max(waiting, done + kept)}"
                console.print(f"[green]✓[/] {place}: {escape(said)}", soft_wrap=True)
        console.print(f"{done} redriven, {kept} kept" if done or kept else "there are none")
        return kept

    def show(self, limit: int | None, console: Console) -> None:
        """Say what would be carried out."""
        seen, oldest, waiting = 0, self._now, self._letters.count()
        with self._taken(limit) as taken:
            for letter in taken:
                seen += 1
                oldest = min(oldest, letter.sent_at)
                console.print(f"  {escape(self._preview(letter))}", soft_wrap=True)
        # A FIFO queue shows ten of one customer's at a time.
        console.print(
            f"{max(waiting, seen)} wait, {seen} of them shown; "
            f"the oldest for {_age(self._now - oldest)}"
            if seen
            else "there are none"
        )

    @contextmanager
    def _taken(self, limit: int | None) -> Iterator[Iterator[DeadLetter]]:
        held, page = (_HELD_SECONDS_STREAM, 1) if self._what == STREAM else (_HELD_SECONDS, PAGE)
        try:
            yield self._letters.take(before=self._now, limit=limit, seconds=held, page=page)
        finally:
            self._letters.let_go()

    def _one(self, letter: DeadLetter, console: Console) -> str:
        if self._what == STREAM:
            return self._hand_over(letter, self._running.aws, console)
        url = self._running.outputs[f"{self._what.capitalize()}QueueUrl"]
        message = again(letter.body) if self._what in ("events", "history") else letter.body
        self._letters.move(letter, url, message)
        return letter.about()

    def _hand_over(self, letter: DeadLetter, aws: Aws, console: Console) -> str:
        failure = Failure.read(letter.body)
        if failure.is_gone(self._now):
            raise Unreadable(stream_failures.gone(failure))
        stream_failures.redrive(
            failure, aws, lambda line: console.print(f"  {escape(line)}", soft_wrap=True)
        )
        self._letters.delete(letter)
        return failure.about()

    def _preview(self, letter: DeadLetter) -> str:
        waited = _age(self._now - letter.sent_at)
        if self._what != STREAM:
            return f"{letter.about()}, for {waited}"
        try:
            failure = Failure.read(letter.body)
        except Unreadable as error:
            return f"{letter.message_id}: {error}"
        state = "gone from the stream" if failure.is_gone(self._now) else "still in the stream"
        return f"{letter.message_id}: {failure.about()}, {state}, for {waited}"


def _age(milliseconds: int) -> str:
    for unit, size in (("days", times.DAY), ("hours", times.HOUR), ("minutes", times.MINUTE)):
        if milliseconds >= 2 * size:
            return f"{milliseconds // size} {unit}"
    return f"{max(0, milliseconds) // times.SECOND} seconds"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("has to be 1 or more")
    return number
