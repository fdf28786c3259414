"""One child process that is ready by a condition and ends for certain."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_SECONDS = 0.02


class NotReady(Exception):
    """A process ended, or did not become ready in time. The message names its log."""


def wait_until(condition: Callable[[], bool], within: float) -> bool:
    """Whether the condition came true within so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


class Process:
    """Starts a command in a process group of its own and writes its output to a log.

    `user` is the account the command drops to, for a server that refuses to run as root.
    """

    stop_signal = signal.SIGTERM

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.command = [str(word) for word in command]
        self.log = log
        self.env = env
        self.cwd = cwd
        self.user = user
        self._child: subprocess.Popen[bytes] | None = None

    def is_ready(self) -> bool:
        """Whether it answers. A kind of process that can tell overrides this."""
        return True

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise NotReady(f"{self.name} was not started.")
        return self._child.pid

    def launch(self) -> None:
        """Start without waiting."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        account = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
                **account,  # type: ignore[call-overload]
            )

    def start(self, within: float = 30) -> Self:
        """Start and wait until ready. Raises NotReady."""
        self.launch()
        wait_until(lambda: not self.is_running() or self.is_ready(), within)
        if not self.is_running():
            raise NotReady(f"{self.name} ended as it started; see {self.log}.{self._last_words()}")
        if not self.is_ready():
            self.kill()
            raise NotReady(f"{self.name} was not ready within {within:g} s; see {self.log}.")
        return self

    def wait(self) -> None:
        """Until it ends by itself."""
        if self._child is not None:
            self._child.wait()

    def stop(self, within: float = 10) -> None:
        """Ask it to end; after so many seconds its whole group is killed."""
        if self._child is None:
            return
        if self.is_running():
            self.signal(signal.SIGCONT)  # a frozen process cannot hear that it should end
            self.signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(within)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the process and whatever it started."""
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def freeze(self) -> None:
        """It keeps its connections and answers nobody, as a machine in trouble does."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def restart(self, within: float = 30) -> None:
        self.stop()
        self.start(within)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f" It said: {lines[-1].strip()}" if lines else ""

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


@contextlib.contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Started one after the other, and ended all at once: each takes a second or more to end."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            if process.is_running():
                process.signal(process.stop_signal)
        for process in processes:
            process.stop()
