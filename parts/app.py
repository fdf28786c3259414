"""The app's own processes, each started as a deployment starts it."""

import contextlib
import os
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
    """Works on one queue, or is the sweeper; without a name, the parent of them all."""

    def __init__(
        self, directory: Path, settings: Mapping[str, str], queue: str | None = None
    ) -> None:
        self.queue = queue
        super().__init__(
            f"The worker of {queue or 'everything'}",
            [sys.executable, "worker.py", *([queue] if queue else [])],
            directory / f"worker-{queue or 'all'}.log",
            env=os.environ | settings,
            cwd=REPOSITORY,
        )

    def children(self) -> dict[str, int]:
        """The PIDs of those it has forked, by queue."""
        found: dict[str, int] = {}
        with contextlib.suppress(OSError):
            listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
            for pid in listed.split():
                found[Path(f"/proc/{pid}/comm").read_text().strip()] = int(pid)
        return found


class Sweeper(Worker):
    """Wakes the queues that have something due."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        super().__init__(directory, settings, "sweeper")
