"""A release as a deployment makes it: the code in a directory of its own, its assets built."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from parts.app import REPOSITORY
from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.process import Process

_SHARED = ("payments_app", "templates", "migrations", "wsgi.py", "worker.py", "gunicorn.conf.py")


def make_release(directory: Path, settings: Mapping[str, str]) -> Path:
    """Lay out a release and build its assets. Raises RuntimeError with what the build said."""
    directory.mkdir(parents=True)
    for name in _SHARED:
        (directory / name).symlink_to(REPOSITORY / name)
    shutil.copytree(
        REPOSITORY / "static", directory / "static", ignore=shutil.ignore_patterns("assets")
    )
    built = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "assets", "build"],
        cwd=directory,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise RuntimeError(f"The assets were not built:\n{built.stdout}{built.stderr}")
    return directory


class Served(Process):
    """gunicorn with the settings of gunicorn.conf.py, in a release's directory."""

    def __init__(self, release: Path, settings: Mapping[str, str], log: Path) -> None:
        self.port = free_port()
        self.pidfile = log.with_suffix(".pid")
        environment = {"WEB_BIND": f"{LOOPBACK}:{self.port}", "WEB_PIDFILE": str(self.pidfile)}
        super().__init__(
            "The web server",
            [sys.executable, "-m", "gunicorn", "wsgi:app"],
            log,
            env=os.environ | settings | environment | {"WEB_CONCURRENCY": "2"},
            cwd=release,
        )

    def is_ready(self) -> bool:
        return answers(f"http://{LOOPBACK}:{self.port}/healthz")
