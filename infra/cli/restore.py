"""`paysignal restore`: the table as it was, and all that has to follow, step by step.

The restored table takes the place of the one in use, which stays where it is: what was sent and
heard since the backup is taken from there. Each step looks at what is done already, so that a
restore that was interrupted is gone on with by the same command.

    table     restored under another name, with what AWS leaves out set again
    kept      the configuration, what was sent since and what waits in quarantine, carried over
    switch    the stack uses the restored table; what was sent meanwhile follows
    erase     whoever was erased since is erased again, by the ledger outside the table
    log       the reports' change log written anew, with a higher epoch
    events    events heard since are folded again; what was sent is not sent twice
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from rich.console import Console

from infra.cli import carried_configuration, carried_over, erase_replay, rebuild_log
from infra.cli.carried_configuration import Rows
from infra.cli.command import CliError, add_place, place_of
from infra.cli.refold_events import Refolding
from infra.cli.restored_table import Tables, target_of
from infra.cli.running import Running
from infra.deploy import Deployer
from infra.parameters import RESTORED_STREAM, RESTORED_TABLE
from shared.domain import times

SUMMARY = "put the table back to how it was, and let everything since follow"
EXAMPLES = """  ./paysignal restore --backup ARN --dry-run       what would be done; changes nothing
  ./paysignal restore --backup ARN                 from `./paysignal backup --list`
  ./paysignal restore --to 2026-11-22T09:30:00Z --aws      any second of the last 35 days
  ./paysignal restore --backup ARN --only events   one step, again
  ./paysignal restore --backup ARN --with-configuration      automations and all as they were then

automations, endpoints, connections, segments, settings and keys stay as they are now, also what was
deleted since. what came since does not set off what was changed since: before its events are folded
the command stops, and says what that is."""
STEPS = ("table", "kept", "switch", "erase", "log", "events")
_POLL_SECONDS = 1.0
# In polls without any progress.
_PATIENCE = 600
_TOLD_EVERY = 60
# A Lambda that began before the switch has ended by then.
_LAMBDA_SECONDS = 60
# What is noted on the restored table: what was changed since, and that nothing has to follow.
_CHANGED, _FOLLOWED = "changed-since", "followed"
_LEFT = (
    "What was written over the API since, but for the configuration, has to be written again: "
    "contacts, tags, spend."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_place(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--to", type=_time, metavar="TIME", help="such as 2026-11-22T09:30:00Z")
    which.add_argument("--backup", metavar="ARN", help="a backup: ./paysignal backup --list")
    parser.add_argument(
        "--with-configuration", action="store_true", help="restore what was set up as well"
    )
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
        self._tables = Tables(running.aws, sleep, self._say)
        in_use = running.outputs["TableName"]
        self.target = target_of(in_use, at=arguments.to, backup=arguments.backup)
        # Begun before, it has noted where it came from; later its name is the one in use.
        made = self._tables.exists(self.target)
        before = self._tables.source_of(self.target) if made else None
        self.source = before or in_use
        if in_use not in (self.source, self.target):
            raise CliError(
                f"{self.target} was restored while {self.source} was in use, which it is no more. "
                "Name another second, or make a backup of that table and name it."
            )
        # The configuration as it was carried over by this run.
        self._configured: Rows | None = None

    def show(self) -> None:
        """Say what each step would do."""
        aws = self._running.aws
        made = self._tables.exists(self.target)
        state = "is there already" if made else f"is made of {self._asked.backup or 'the past'}"
        self._say(f"table: {self.target} {state}; {self.source} stays as it is")
        waiting = sum(1 for _ in carried_over.kept(aws, self.source))
        configured = "as it was then" if self._asked.with_configuration else "as it is now"
        self._say(f"kept: {waiting} documents are looked through; the configuration {configured}")
        self._say(f"switch: {'is done' if self._is_in_use() else 'the stack uses the new table'}")
        known = len(erase_replay.since(self._running, self._moment()))
        self._say(f"erase: {known} erasures are carried out again")
        self._say("log: all rows are written anew, with a higher epoch")
        if made:
            self._say(f"events: {len(self._refolding().missing().missing)} are folded again")
        else:
            self._say("events: those that the restored table has not are folded again")
        self._say(_LEFT)

    def carry_out(self, only: str | None) -> int:
        """Do all steps, or only one; return the exit code."""
        code = 0
        events = self._events if only else self._events_unless_changed
        work = (self._make, self._keep, self._switch, self._erase, self._log, events)
        steps: dict[str, Callable[[], int]] = dict(zip(STEPS, work, strict=True))
        for step in STEPS:
            if only in (None, step):
                self._console.print(f"[bold]{step}[/]")
                code |= steps[step]()
        if only is None:
            self._say(
                f"[green]✓[/] {self.target} is in use. Keep {self.source} until you are sure. "
                f"{_LEFT}"
            )
            for name, url in self._running.dead_letter_urls().items():
                if self._count(url):
                    command = f"./paysignal redrive {name} --dry-run{self._place}"
                    self._say(f"dead letters wait: {command}")
        return code

    def _make(self) -> int:
        self._tables.make(self.source, self.target, at=self._asked.to, backup=self._asked.backup)
        self._tables.settle(self.target)
        self._say(f"{self.target} is ready")
        return 0

    def _keep(self) -> int:
        """Carry over what there is before the switch; what is written meanwhile follows then."""
        if self._is_in_use():
            self._follow()
            return 0
        aws = self._running.aws
        then = carried_configuration.rows_of(aws, self.target)
        now = carried_configuration.rows_of(aws, self.source)
        in_force = (then, now) if self._asked.with_configuration else (now, then)
        self._note_changed(carried_configuration.acting_anew(in_force[1], in_force[0]))
        if not self._asked.with_configuration:
            brought = carried_configuration.bring(aws, self.target, then, now)
            self._configured = now
            self._say(f"{brought} rows of configuration are as they are now")
        self._carry()
        return 0

    def _note_changed(self, found: list[str]) -> None:
        """Note what acts otherwise than it did then: once carried over, nothing shows it."""
        known = (self._tables.noted(self.target, _CHANGED) or "").split()
        self._tables.note(self.target, _CHANGED, " ".join(sorted({*known, *found})))

    def _carry(self) -> None:
        items = carried_over.kept(self._running.aws, self.source)
        carried = carried_over.carry(self._running.aws, self.target, items, self._say)
        self._say(f"{carried} deliveries, emails, refusals and wishes carried over")

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
        self._follow()
        return 0

    def _follow(self) -> None:
        """Carry over what was written to the old table while the stack went over to the new one.

        Before anybody is erased again, and never afterwards: it would bring them back.
        """
        if self._tables.noted(self.target, _FOLLOWED):
            return
        if self._running.aws.endpoint_url is None:
            self._say(f"waiting {_LAMBDA_SECONDS} seconds for what began before")
            self._sleep(_LAMBDA_SECONDS)
        aws = self._running.aws
        if self._configured is not None:
            now = carried_configuration.rows_of(aws, self.source)
            carried_configuration.bring(aws, self.target, self._configured, now)
        self._carry()
        self._tables.note(self.target, _FOLLOWED, "yes")

    def _erase(self) -> int:
        """Wait until all is erased: the log must not take up what is still there."""
        self._check_in_use()
        known = erase_replay.since(self._running, self._moment())
        jobs = erase_replay.replay(self._running, known, self.target)
        progress, quiet, polls = erase_replay.under_way(self._running, jobs), 0, 0
        while progress[0]:
            if quiet == _PATIENCE:
                raise CliError(
                    f"{progress[0]} erasures do not go on. Look: ./paysignal doctor{self._place}; "
                    "then go on with the same command."
                )
            if polls % _TOLD_EVERY == 0:
                self._say(f"{progress[0]} of {len(jobs)} erasures under way")
            self._sleep(_POLL_SECONDS)
            before, progress = progress, erase_replay.under_way(self._running, jobs)
            quiet, polls = (quiet + 1 if progress == before else 0), polls + 1
        self._say(f"{len(jobs)} erasures carried out again")
        return 0

    def _log(self) -> int:
        self._check_in_use()
        place = argparse.Namespace(aws=self._asked.aws, dry_run=False)
        return rebuild_log.run(place, self._console)

    def _events_unless_changed(self) -> int:
        """Fold events again, unless they would set off what was not there to act on them then."""
        changed = (self._tables.noted(self.target, _CHANGED) or "").split()
        if not changed or not self._refolding().missing().missing:
            return self._events()
        asked = f"--backup {self._asked.backup}"
        if self._asked.to is not None:
            asked = f"--to {times.to_text(self._asked.to)}"
        self._say(
            f"[red]✗[/] Not what they were then: {', '.join(changed)}. What came since would set "
            "them off as they are, so it is not folded yet. Disable what is not to act on it; "
            f"then go on: ./paysignal restore {asked} --only events{self._place}"
        )
        return 1

    def _events(self) -> int:
        self._check_in_use()
        total, bare, left = self._refolding().carry_out()
        self._say(f"{total} events folded again; {bare} of erased people are known, without them")
        if left:
            command = f"./paysignal doctor{self._place}"
            self._say(f"[red]✗[/] {left} are not there yet; look: {command}")
        return 1 if left else 0

    def _refolding(self) -> Refolding:
        return Refolding(self._running, self.source, self.target, say=self._say, sleep=self._sleep)

    def _is_in_use(self) -> bool:
        return self._running.outputs["TableName"] == self.target

    def _moment(self) -> int:
        return self._tables.moment(at=self._asked.to, backup=self._asked.backup)

    @property
    def _place(self) -> str:
        return place_of(self._asked.aws)

    def _check_in_use(self) -> None:
        if not self._is_in_use():
            raise CliError("The restored table is not in use yet: leave out --only.")

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
