"""One embedded emulator: a MiniStack process on loopback with a folder of its own.

It is started with a short, explicit environment, because functions inherit it: nothing of this
shell, of this checkout or of a person's AWS account may reach them. Its state outlives a kill, but
one that is stopped in peace starts without carrying anything out again; so stopping asks first.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.aws import EMULATED_REGION

HOST = "127.0.0.1"
_START_SECONDS = 60
_STOP_SECONDS = 10
# A call of a function to a provider goes the way this machine's calls go.
_DURABLE = Path(__file__).with_name("durable.py")
_PASSED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How an emulator began that had been killed: by what it carried out again on its snapshot.

    `failed` counts what it could not carry out, or not read, `same_machine` says that the machine
    has been up since, as far as that can be told: else its disk may not have had all the journal.
    """

    done: int
    failed: int
    same_machine: bool

    @property
    def whole(self) -> bool:
        """Whether nothing can be missing."""
        return self.same_machine and not self.failed


class EmulatorError(Exception):
    """The emulator does not run as it should; the message says what to do."""


class Emulator:
    """MiniStack on `port`, with everything it keeps under `state_dir`."""

    def __init__(self, *, port: int, state_dir: Path, python: Callable[[], Path]) -> None:
        """Describe the emulator; nothing starts. `python` names its interpreter when needed."""
        self.port = port
        self.state_dir = state_dir
        self.python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._pid_file = state_dir / "emulator.pid"
        self._machine_file = state_dir / "machine"
        self.log_file = state_dir / "emulator.log"
        self.recovery: Recovery | None = None

    @property
    def url(self) -> str:
        """Return the address of every emulated service."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> bool:
        """Start unless it runs already; return whether it had to. Raise EmulatorError."""
        if self.running():
            return False
        # One that hangs, or that listens on another port: two must never share a folder.
        self.stop()
        if not port_is_free(self.port):
            raise EmulatorError(
                f"Port {self.port} is taken by another program. Stop it, or choose another port: "
                f"./paysignal up --port {self.port + 1}"
            )
        python = self.python()
        (self.state_dir / "tmp").mkdir(parents=True, exist_ok=True)
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                # The last word tells us what the process is; -P keeps our modules off its path.
                [str(python), "-P", str(_DURABLE), "ministack.app"],
                env=self._environment(),
                cwd=self.state_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid))
        self._wait_until_healthy(self._process)
        self.recovery = self._recovery()
        return True

    def stop(self) -> bool:
        """Ask it to stop and keep its state; kill it when it hangs. Return whether it ran."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            if not self._ended(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self._ended(pid)
        if self._process is not None:
            self._process.wait(_STOP_SECONDS)
            self._process = None
        self._pid_file.unlink(missing_ok=True)
        return pid is not None

    def running(self) -> bool:
        """Tell whether our process is there and answers."""
        return self.pid is not None and self.healthy()

    def healthy(self) -> bool:
        """Tell whether an emulator answers on the port."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        deadline, seen = time.monotonic() + _START_SECONDS, self._sign_of_life()
        while not self.healthy():
            if (sign := self._sign_of_life()) != seen:
                deadline, seen = time.monotonic() + _START_SECONDS, sign
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last = self.log_file.read_text(errors="replace").strip()[-1500:]
                raise EmulatorError(f"The emulator did not start. Its last words:\n{last}")
            time.sleep(0.1)

    def _sign_of_life(self) -> int:
        """Return what changes while it recovers, however long that takes."""
        try:
            return (self.state_dir / "state" / "alive").stat().st_mtime_ns
        except OSError:
            return 0

    def _recovery(self) -> Recovery | None:
        """Return how it began where it had been killed, and note on which run of the machine."""
        before, now = "", _run_of_machine()
        with contextlib.suppress(OSError):
            before = self._machine_file.read_text()
        self._machine_file.write_text(now)
        try:
            said = json.loads((self.state_dir / "state" / "start.json").read_text())
        except OSError:
            return None
        if said["clean"]:
            return None
        same = bool(now) and before == now
        return Recovery(done=said["done"], failed=said["failed"], same_machine=same)

    def _ended(self, pid: int) -> bool:
        """Wait for a process to end; return whether it did."""
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if not _is_ministack(pid):
                return True
            time.sleep(0.05)
        return False

    @property
    def pid(self) -> int | None:
        """Our process's id; None where there is none, or the id is another's by now."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if _is_ministack(pid) else None

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {
            **passed,
            "NO_PROXY": f"{HOST},localhost",
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.state_dir),
            "TMPDIR": str(self.state_dir / "tmp"),
            "LANG": "C.UTF-8",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": EMULATED_REGION,
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state_dir / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.state_dir / "s3"),
        }


def port_is_free(port: int) -> bool:
    """Tell whether nobody listens on the port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _run_of_machine() -> str:
    """Return what is the same until the machine starts anew; empty where nothing tells."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        return ""


def _is_ministack(pid: int) -> bool:
    return b"ministack.app" in _command_of(pid)


def _command_of(pid: int) -> bytes:
    """Return a process's command line; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self").exists():
            return b""
    command = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, check=False).stdout
