"""`paysignal restore`: the table as it was, and all that has to follow, step by step.

The restored table takes the place of the one in use, which stays where it is: what was sent and
heard since the backup is taken from there. Each step looks at what is done already, so that a
restore that was interrupted is gone on with by the same command.

    table     restored under another name, with what AWS leaves out set again
    kept      what was sent since, and what waits in quarantine, carried over
    switch    the stack uses the restored table
    erase     whoever was erased since is erased again, by the ledger outside the table
    log       the reports' change log written anew, with a higher epoch
    events    events heard since are folded again; what was sent is not sent twice
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from rich.console import Console

from infra.cli import carried_over, erase_replay, rebuild_log
from infra.cli.command import CliError, add_place
from infra.cli.restored_table import Tables, target_of
from infra.cli.running import Running
from infra.deploy import Deployer
from infra.parameters import RESTORED_STREAM, RESTORED_TABLE
from shared.adapters.aws import AwsClient
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain import times

SUMMARY = "put the table back to how it was, and let everything since follow"
EXAMPLES = """  ./paysignal restore --backup ARN --dry-run       what would be done; changes nothing
  ./paysignal restore --backup ARN                 from `./paysignal backup --list`
  ./paysignal restore --to 2026-11-22T09:30:00Z --aws      any second of the last 35 days
  ./paysignal restore --backup ARN --only events   one step, again"""
STEPS = ("table", "kept", "switch", "erase", "log", "events")
_PASSES_MAX = 5
_POLL_SECONDS = 1.0
# In polls: what is under way when the table is replaced has ended by then.
_PATIENCE = 600


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_place(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--to", type=_time, metavar="TIME", help="such as 2026-11-22T09:30:00Z")
    which.add_argument("--backup", metavar="ARN", help="a backup: ./paysignal backup --list")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument("--only", choices=STEPS, help="this step alone, once more")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Restore, or say what that would be; fail where something is left to do."""
    restore = Restore(arguments, Running.find(arguments.aws), console)
    if arguments.dry_run:
        restore.show()
        return 0
    if not arguments.yes:
        answer = console.input(f"Replace {restore.source} by {restore.target}? Type yes: ")
        if answer.strip().lower() != "yes":
            raise CliError("Nothing was changed.")
    return restore.carry_out(arguments.only)


class Restore:
    """One restore, from the table it leaves to the table it makes."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        running: Running,
        console: Console,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`arguments` say which moment or backup; nothing is changed yet."""
        self._asked = arguments
        self._running = running
        self._console = console
        self._sleep = sleep
        self._tables = Tables(running.aws, sleep)
        in_use = running.outputs["TableName"]
        self.target = target_of(in_use, at=arguments.to, backup=arguments.backup)
        # Begun before, it has noted where it came from; later its name is the one in use.
        made = self._tables.exists(self.target)
        before = self._tables.source_of(self.target) if made else None
        self.source = before or in_use

    def show(self) -> None:
        """Say what each step would do."""
        made = self._tables.exists(self.target)
        state = "is there already" if made else f"is made of {self._asked.backup or 'the past'}"
        self._say(f"table: {self.target} {state}; {self.source} stays as it is")
        waiting = sum(1 for _ in carried_over.kept(self._running.aws, self.source))
        self._say(f"kept: {waiting} deliveries, emails and quarantined events are looked through")
        in_use = self._running.outputs["TableName"] == self.target
        self._say(f"switch: {'is done' if in_use else 'all Lambdas use the restored table'}")
        known = len(erase_replay.ledger(self._running))
        self._say(f"erase: {known} erasures are carried out again")
        self._say("log: all rows are written anew, with a higher epoch")
        if made:
            found = carried_over.since(self._running.aws, self.source, self._table())
            self._say(f"events: {len(found.missing)} are folded again")
        else:
            self._say("events: those that the restored table has not are folded again")
        self._say("What was written over the API since is in none of them: send it again.")

    def carry_out(self, only: str | None) -> int:
        """Do all steps, or only one; return the exit code."""
        code = 0
        work = (self._make, self._keep, self._switch, self._erase, self._log, self._events)
        steps: dict[str, Callable[[], int]] = dict(zip(STEPS, work, strict=True))
        for step in STEPS:
            if only in (None, step):
                self._console.print(f"[bold]{step}[/]")
                code |= steps[step]()
        if only is None:
            self._say(
                f"[green]✓[/] {self.target} is in use. Keep {self.source} until you are sure. "
                "What was written over the API since has to be sent again."
            )
            for name, url in self._running.dead_letter_urls().items():
                if self._count(url):
                    self._say(f"dead letters wait: ./paysignal redrive {name} --dry-run")
        return code

    def _make(self) -> int:
        self._tables.make(self.source, self.target, at=self._asked.to, backup=self._asked.backup)
        self._tables.settle(self.target)
        self._say(f"{self.target} is ready")
        return 0

    def _keep(self) -> int:
        items = carried_over.kept(self._running.aws, self.source)
        carried = carried_over.carry(self._running.aws, self.target, items)
        self._say(f"{carried} deliveries, emails and quarantined events carried over")
        return 0

    def _switch(self) -> int:
        parameters = {
            RESTORED_TABLE: self.target,
            RESTORED_STREAM: self._tables.settle(self.target),
        }
        deployer = Deployer(aws=self._running.aws, say=self._say)
        outputs = deployer.set_parameters(self._running.name, parameters)
        if outputs.get("TableName") != self.target:
            raise CliError("This stack is older than restoring. Deploy it anew, then try again.")
        self._running = Running(aws=self._running.aws, outputs=outputs, name=self._running.name)
        self._say("the stack uses it")
        return 0

    def _erase(self) -> int:
        """Wait until all is erased: the log must not take up what is still there."""
        self._check_in_use()
        jobs = erase_replay.replay(self._running, erase_replay.ledger(self._running), self.target)
        left = len(jobs)
        for _ in range(_PATIENCE):
            left = erase_replay.under_way(self._running, jobs)
            if not left:
                self._say(f"{len(jobs)} erasures carried out again")
                return 0
            self._sleep(_POLL_SECONDS)
        raise CliError(f"{left} erasures are under way. Go on later with the same command.")

    def _log(self) -> int:
        self._check_in_use()
        place = argparse.Namespace(aws=self._asked.aws, dry_run=False)
        return rebuild_log.run(place, self._console)

    def _events(self) -> int:
        """Send events until a look finds none: some were still being folded by the switch."""
        self._check_in_use()
        # What was on its way while the table was replaced has ended in the old one.
        self._keep()
        queue = Queue.from_environment(
            self._running.aws.environment(), self._running.outputs["BodiesBucket"]
        )
        total, bodiless = 0, 0
        for attempt in range(_PASSES_MAX):
            found = carried_over.since(self._running.aws, self.source, self._table())
            bodiless = found.bodiless
            if not found.missing:
                break
            total += len(found.missing) if not attempt else 0
            for name, event in found.missing:
                envelope = carried_over.envelope_of(name, event, found.subjects.get(name))
                kind = "History" if envelope.source == "history" else "Events"
                url = self._running.outputs[f"{kind}QueueUrl"]
                # Never the same: the queue would swallow what is sent once more within minutes.
                queue.send_event(url, envelope, f"restore~{time.time_ns()}~{'~'.join(name)}")
            self._settled()
        left = carried_over.since(self._running.aws, self.source, self._table()).missing
        self._say(f"{total} events folded again; {bodiless} of erased people were not")
        if left:
            self._say(f"[red]✗[/] {len(left)} are not there yet; look: ./paysignal doctor")
        return 1 if left else 0

    def _settled(self) -> None:
        """Wait until nothing is under way in the queues."""
        quiet = 0
        for _ in range(_PATIENCE):
            quiet = quiet + 1 if not self._running.messages_waiting() else 0
            if quiet == 2:
                return
            self._sleep(_POLL_SECONDS)

    def _check_in_use(self) -> None:
        if self._running.outputs["TableName"] != self.target:
            raise CliError("The restored table is not in use yet: leave out --only.")

    def _table(self) -> Table:
        client = AwsClient.from_environment("dynamodb", self._running.aws.environment())
        return Table(self.target, client)

    def _count(self, url: str) -> int:
        told = self._running.aws.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(told["Attributes"]["ApproximateNumberOfMessages"])

    def _say(self, line: str) -> None:
        self._console.print(f"  {line}", soft_wrap=True)


def _time(text: str) -> int:
    try:
        return times.from_text(text)
    except ValueError:
        raise argparse.ArgumentTypeError("has to be a time like 2026-11-22T09:30:00Z") from None
