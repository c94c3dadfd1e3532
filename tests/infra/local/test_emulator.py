"""The emulator's process, with a small HTTP server in MiniStack's place."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.emulator import _START_SECONDS, Emulator, EmulatorError, Recovery

# Answers like MiniStack, tells its environment, and stops or does not stop when asked to.
_STAND_IN = """
import http.server, json, os, signal, socketserver, sys
if os.path.exists("stubborn"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *args): pass
if os.path.exists("broken"):
    sys.exit("no state to read")
open("environment.json", "w").write(json.dumps(dict(os.environ)))
# Not HTTPServer, which asks DNS for its own name first.
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("127.0.0.1", int(os.environ["GATEWAY_PORT"])), Health).serve_forever()
"""


@pytest.fixture
def port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def emulator(tmp_path: Path, port: int) -> Iterator[Emulator]:
    """Return an emulator whose interpreter runs the stand-in, and stop it."""
    package = tmp_path / "python" / "ministack"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "app.py").write_text(_STAND_IN)
    python = tmp_path / "python" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{package.parent}" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    state = tmp_path / "state"
    state.mkdir()
    emulator = Emulator(port=port, state_dir=state, python=lambda: python)
    yield emulator
    emulator.stop()


def test_it_starts_once_and_stops(emulator: Emulator) -> None:
    assert emulator.start()
    assert emulator.running()
    assert not emulator.start()

    assert emulator.stop()
    assert not emulator.running()
    assert not emulator.stop()


def test_nothing_of_this_shell_reaches_the_functions(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_none")

    emulator.start()

    told = (emulator.state_dir / "environment.json").read_text()
    assert not any(word in told for word in ("production", "PYTHONSTARTUP", "sk_live"))
    assert '"BIND_HOST": "127.0.0.1"' in told
    assert str(emulator.state_dir) in told


def test_a_taken_port_is_said_with_the_way_out(emulator: Emulator, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        with pytest.raises(EmulatorError, match=rf"Port {port} is taken .* --port {port + 1}"):
            emulator.start()


def test_one_that_does_not_start_is_quoted(emulator: Emulator) -> None:
    (emulator.state_dir / "broken").touch()

    with pytest.raises(EmulatorError, match="no state to read"):
        emulator.start()

    assert not emulator.running()


def test_one_that_hangs_is_killed(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.emulator._STOP_SECONDS", 0.3)
    (emulator.state_dir / "stubborn").touch()
    emulator.start()

    assert emulator.stop()

    assert not emulator.healthy()


def test_one_on_another_port_makes_way(emulator: Emulator, port: int) -> None:
    emulator.start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other_port = probe.getsockname()[1]
    moved = Emulator(port=other_port, state_dir=emulator.state_dir, python=emulator.python)

    assert moved.start()

    assert moved.running()
    assert not emulator.healthy()
    moved.stop()


def test_another_process_with_the_old_number_is_never_touched(emulator: Emulator) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (emulator.state_dir / "emulator.pid").write_text(str(other.pid))

    assert not emulator.stop()

    time.sleep(0.05)
    assert other.poll() is None
    os.kill(other.pid, signal.SIGKILL)
    other.wait()


def begins(emulator: Emulator, **said: object) -> Recovery | None:
    """Start an emulator that says how it began, and return what was made of it."""
    (emulator.state_dir / "state").mkdir(exist_ok=True)
    (emulator.state_dir / "state" / "start.json").write_text(json.dumps(said))
    emulator.start()
    recovery = emulator.recovery
    emulator.stop()
    return recovery


def test_one_that_was_stopped_in_peace_has_recovered_from_nothing(emulator: Emulator) -> None:
    assert begins(emulator, clean=True, done=0, failed=0) is None


def test_one_that_was_killed_on_a_machine_that_stayed_up_has_lost_nothing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.emulator._run_of_machine", lambda: "monday")
    begins(emulator, clean=True, done=0, failed=0)

    recovery = begins(emulator, clean=False, done=7, failed=0)

    assert recovery == Recovery(done=7, failed=0, same_machine=True)
    assert recovery.whole


@pytest.mark.parametrize(("machine", "failed"), [("tuesday", 0), ("", 0), ("monday", 1)])
def test_after_the_machine_went_down_or_a_write_failed_nobody_knows(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, machine: str, failed: int
) -> None:
    monkeypatch.setattr("infra.local.emulator._run_of_machine", lambda: "monday")
    begins(emulator, clean=True, done=0, failed=0)
    monkeypatch.setattr("infra.local.emulator._run_of_machine", lambda: machine)

    recovery = begins(emulator, clean=False, done=7, failed=failed)

    assert recovery == Recovery(done=7, failed=failed, same_machine=machine == "monday")
    assert not recovery.whole


def test_one_that_recovers_for_long_is_waited_for_as_long_as_it_gets_on(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = waited_for(emulator, monkeypatch, signs=5)

    assert asked == 5


def test_one_that_gives_no_more_signs_is_given_up(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EmulatorError, match="did not start"):
        waited_for(emulator, monkeypatch, signs=1)


def waited_for(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, *, signs: int) -> int:
    """Start one that is asked five times until it answers, each time most of the limit later.

    It gives a sign of life the first so many times. Return how often it was asked.
    """
    alive = emulator.state_dir / "state" / "alive"
    alive.parent.mkdir()
    seconds = count(step=0.9 * _START_SECONDS)
    asked = 0

    def healthy() -> bool:
        nonlocal asked
        asked += 1
        if asked <= signs:
            alive.touch()
            os.utime(alive, ns=(asked, asked))
        return asked == 5

    monkeypatch.setattr(emulator, "healthy", healthy)
    clock = SimpleNamespace(monotonic=lambda: next(seconds), sleep=lambda _: None)
    emulator.log_file.touch()
    with monkeypatch.context() as patched:
        patched.setattr("infra.local.emulator.time", clock)
        patched.setattr(emulator, "stop", lambda: False)
        running: Any = SimpleNamespace(poll=lambda: None)
        emulator._wait_until_healthy(running)
    return asked
