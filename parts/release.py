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

_SHARED = (
    *("payments_app", "templates", "translations", "migrations"),
    *("wsgi.py", "worker.py", "gunicorn.conf.py"),
)


def make_release(
    directory: Path, settings: Mapping[str, str], appended: Mapping[str, str] | None = None
) -> Path:
    """Lay out a release and build its assets; `appended` is text added to static files.

    Raises RuntimeError with what the build said.
    """
    directory.mkdir(parents=True)
    for name in _SHARED:
        (directory / name).symlink_to(REPOSITORY / name)
    shutil.copytree(
        REPOSITORY / "static", directory / "static", ignore=shutil.ignore_patterns("assets")
    )
    for name, text in (appended or {}).items():
        with (directory / "static" / name).open("a") as file:
            file.write(text)
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

    def __init__(
        self, release: Path, settings: Mapping[str, str], log: Path, port: int | None = None
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.pidfile = log.with_suffix(".pid")
        environment = {
            "WEB_BIND": f"{LOOPBACK}:{self.port}",
            "WEB_PIDFILE": str(self.pidfile),
            "WEB_CONCURRENCY": "2",
        }
        super().__init__(
            "The web server",
            # Not `python -m gunicorn`: a master started so can't start its successor.
            [Path(sys.executable).with_name("gunicorn"), "wsgi:app"],
            log,
            # gunicorn takes its directory from PWD, so that it follows a link to the next release.
            env=os.environ | settings | environment | {"PWD": str(release)},
            cwd=release,
        )

    def is_ready(self) -> bool:
        return answers(f"{self.url}/healthz")
