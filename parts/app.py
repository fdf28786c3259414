"""The app's own processes, each started as a deployment starts it."""

import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.process import Process

REPOSITORY = Path(__file__).parents[1]


class Web(Process):
    """gunicorn on a port of its own, which replaces the one in PUBLIC_URL."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str],
        port: int | None = None,
        *,
        workers: int = 1,
        threads: int = 8,
        application: str = "wsgi:app",
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            application,
            "--bind",
            f"{LOOPBACK}:{self.port}",
        ]
        command += ["--worker-class", "gthread", "--workers", str(workers)]
        command += ["--threads", str(threads), "--graceful-timeout", "5"]
        env = os.environ | settings | {"PUBLIC_URL": self.url}
        super().__init__("The web server", command, directory / "web.log", env=env, cwd=REPOSITORY)

    def is_ready(self) -> bool:
        return answers(f"{self.url}/healthz")


class Worker(Process):
    """Works on one queue, by work-horses that it forks: each has a process group of its own."""

    def __init__(self, directory: Path, settings: Mapping[str, str], queue: str) -> None:
        super().__init__(
            f"The worker of {queue}",
            [sys.executable, "worker.py", queue],
            directory / f"worker-{queue}.log",
            env=os.environ | settings,
            cwd=REPOSITORY,
        )

    def kill(self) -> None:
        """SIGKILL to the worker and its work-horse: one that is left alive goes on working."""
        horses = self._horses()
        super().kill()
        for pid in horses:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _horses(self) -> list[int]:
        if not self.is_running():
            return []
        self.freeze()  # it forks no other meanwhile
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


class Sweeper(Process):
    """Rings the queues that have something due."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        super().__init__(
            "The sweeper",
            [sys.executable, "-m", "flask", "--app", "wsgi", "sweep"],
            directory / "sweeper.log",
            env=os.environ | settings,
            cwd=REPOSITORY,
        )
