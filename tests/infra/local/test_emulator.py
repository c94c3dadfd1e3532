"""The emulator's process, with a small HTTP server in MiniStack's place."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.emulator import Emulator, EmulatorError

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
