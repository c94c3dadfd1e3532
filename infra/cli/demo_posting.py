"""How the demo's webhooks are posted, several at once, and waited for until they are processed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, track

from infra.cli.command import CliError
from infra.cli.running import Running

# As many as a provider keeps open; more only queue up inside one machine.
_POSTS_AT_ONCE = 6
_DRAIN_SECONDS = 120
_Webhook = TypeVar("_Webhook")


def post_all(
    webhooks: Sequence[_Webhook], post: Callable[[_Webhook], int], title: str, console: Console
) -> int:
    """Post all in their order and return how many. Raise CliError unless each is accepted."""
    with ThreadPoolExecutor(_POSTS_AT_ONCE) as pool:
        posts = pool.map(post, webhooks)
        quiet = not console.is_terminal
        shown = track(posts, title, len(webhooks), console=console, transient=True, disable=quiet)
        answers = list(shown)
    if set(answers) - {200}:
        refused = len(answers) - answers.count(200)
        told = f"{refused} of {len(answers)} webhooks were not accepted."
        raise CliError(f"{told} Look: ./paysignal tail --once")
    return len(answers)


def wait_until_processed(running: Running, console: Console) -> None:
    """Wait until the queues are empty. Raise CliError when they do not become so."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("processing", total=None)
        deadline = time.monotonic() + _DRAIN_SECONDS
        most = 1
        while left := running.messages_waiting():
            if time.monotonic() > deadline:
                raise CliError(f"{left} events still wait. Look: ./paysignal doctor")
            most = max(most, left)
            progress.update(bar, total=most, completed=most - left)
            time.sleep(0.3)
