"""Entry of `./paysignal`: reads the arguments, runs one subcommand, turns errors into sentences."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from infra.bundle import BundleError
from infra.cli import (
    audit,
    backtest,
    backup,
    connect,
    deliveries,
    demo,
    deploy,
    doctor,
    down,
    erase,
    export,
    import_contacts,
    keys,
    listen,
    rebuild_log,
    recipes,
    redrive,
    replay,
    report,
    restore,
    send,
    sync,
    tail,
    up,
    verify,
    why,
)
from infra.cli.command import CliError, Command
from infra.deploy import DeployError
from infra.local.emulator import EmulatorError
from infra.local.environment import InstallError
from infra.synth import SynthError
from shared.domain.errors import PaysignalError

# In the order a newcomer needs them.
COMMANDS: dict[str, Command] = {
    "demo": demo,
    "up": up,
    "send": send,
    "tail": tail,
    "report": report,
    "import": import_contacts,
    "export": export,
    "erase": erase,
    "sync": sync,
    "recipes": recipes,
    "backtest": backtest,
    "why": why,
    "listen": listen,
    "deliveries": deliveries,
    "verify": verify,
    "replay": replay,
    "redrive": redrive,
    "backup": backup,
    "restore": restore,
    "rebuild-log": rebuild_log,
    "keys": keys,
    "audit": audit,
    "doctor": doctor,
    "down": down,
    "deploy": deploy,
    "connect": connect,
}
_TOLD = (
    CliError,
    EmulatorError,
    InstallError,
    SynthError,
    BundleError,
    DeployError,
    PaysignalError,
    BotoCoreError,
    ClientError,
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    top = argparse.ArgumentParser(
        prog="./paysignal",
        description="Run, feed and inspect paysignal, on this machine or in your AWS account.",
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.SUMMARY,
            description=command.SUMMARY[0].upper() + command.SUMMARY[1:] + ".",
            epilog=f"examples:\n{command.EXAMPLES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.configure(sub)
        sub.set_defaults(command=command)
    return top


def main(argv: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Run one subcommand and return the exit code: 0 done, 1 failed, 2 wrong arguments."""
    arguments = parser().parse_args(argv)
    console = console or Console(highlight=False)
    try:
        code: int = arguments.command.run(arguments, console)
    except _TOLD as error:
        console.print(f"[bold red]paysignal:[/] {escape(str(error))}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print()
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
