"""The commands of docs/embedding.md, typed as they stand there but for the ports' numbers."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from parts.ports import LOOPBACK, free_port
from parts.process import Process
from parts.redis import find_server
from tests.embedding.hotel import PORTS, ROOT, TYPED, lay


class Typist:
    """Somebody with the page, in a directory that has the hotel, and an environment's programs."""

    def __init__(self, at: Path, python: Path) -> None:
        self.at = lay(at)
        self.ports = {port: str(free_port()) for port in PORTS}
        self.site = f"http://{LOOPBACK}:{self.ports['8000']}"
        tools = at / "tools"
        tools.mkdir()
        (tools / "redis-server").symlink_to(find_server())
        self.env = {
            name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ
        }
        self.env |= {
            "PATH": f"{python.parent}:{tools}:{os.environ['PATH']}",
            "CHECKOUT": str(ROOT),
            # Where the page's port is another one, gunicorn's own default is no good.
            "GUNICORN_CMD_ARGS": f"--bind {LOOPBACK}:{self.ports['8000']}",
        }

    def types(self, name: str) -> str:
        """What the commands of this name print. Raises AssertionError where one fails."""
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", self._text(name)],
            cwd=self.at,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}:\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def has_running(self) -> Iterator[None]:
        """Each line of `processes` in a terminal of its own."""
        lines = self._text("processes").replace("\\\n", " ").splitlines()
        with ExitStack() as stack:
            for number, line in enumerate(lines):
                command = ["bash", "-c", f". ./settings.sh; {line}"]
                log = self.at / f"terminal-{number}.log"
                stack.enter_context(Process(line, command, log, env=self.env, cwd=self.at))
            yield

    def _text(self, name: str) -> str:
        return re.sub("|".join(PORTS), lambda port: self.ports[port[0]], TYPED[name])
