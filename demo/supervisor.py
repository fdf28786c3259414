"""supervisord, asked through its own socket."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.directory import DataDirectory
from demo.programs import APP, Program, write_configuration
from parts.process import Process, wait_until

REPOSITORY = Path(__file__).parents[1]


class Supervisor(Process):
    """Keeps the programs running, restarts what dies, and takes all of them down with it."""

    def __init__(
        self, data: DataDirectory, programs: Sequence[Program], env: Mapping[str, str]
    ) -> None:
        # A socket's path may be 107 characters long; the data directory's own may be longer.
        self._runtime = Path(tempfile.mkdtemp(prefix="payments-"))
        self._socket = self._runtime / "supervisor.sock"
        data.keep("runtime", str(self._runtime))
        self.configuration = write_configuration(data, self._socket, programs)
        super().__init__(
            "supervisord",
            [sys.executable, "-m", "supervisor.supervisord", "-c", self.configuration],
            data.logs / "supervisord.out",
            env=env,
            cwd=REPOSITORY,
        )

    def is_ready(self) -> bool:
        return self._socket.exists()

    def start_app(self) -> None:
        self._ask("start", f"{APP}:*")

    def faltering(self) -> list[str]:
        """The names of the programs that are not running."""
        return [name for name, state in self._states() if state != "RUNNING"]

    def failed(self) -> list[str]:
        """The names of the programs that are not started again: they ended too often."""
        return [name for name, state in self._states() if state == "FATAL"]

    def _states(self) -> list[tuple[str, str]]:
        lines = [line.split() for line in self._ask("status").splitlines()]
        return [(line[0].rpartition(":")[2], line[1]) for line in lines if len(line) > 1]

    def _ask(self, *words: str) -> str:
        asked = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisorctl", "-c", self.configuration, *words],
            capture_output=True,
            text=True,
            check=False,
        )
        return asked.stdout

    def stop(self, within: float = 60) -> None:
        """Longer than the slowest program's own time."""
        super().stop(within)
        shutil.rmtree(self._runtime, ignore_errors=True)


def stop_leftovers(data: DataDirectory) -> None:
    """End what a run that was killed left behind. Only Linux can tell that the pid is ours."""
    written = data.path / "supervisord.pid"
    pid = written.read_text().strip() if written.exists() else ""
    if pid.isdecimal() and _supervises(pid, data):
        print("Stopping what an earlier run left behind ...", flush=True)
        os.kill(int(pid), signal.SIGTERM)
        wait_until(lambda: not _supervises(pid, data), within=60)
    if runtime := data.kept("runtime", str):
        shutil.rmtree(runtime, ignore_errors=True)


def _supervises(pid: str, data: DataDirectory) -> bool:
    """Whether the process is a supervisor of this directory. One that ended has no command line."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(data.path / "supervisord.conf") in words
