"""A real gunicorn that is replaced by the real deploy/rolling-restart, with a small application.

Its releases do what their words say: `slow` boots until it is let on, `broken` never boots,
`stillborn` boots and its workers do not, and those of a `late` one begin once it is let on. A path
under /wait/ answers once it is let on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import gunicorn

from parts.app import REPOSITORY
from parts.ports import LOOPBACK, free_port
from parts.process import Process, wait_until
from parts.settings import NO_CACHE, NO_REDIS, private_settings

GUNICORN = Path(sys.executable).with_name("gunicorn")
RESTART = REPOSITORY / "deploy" / "rolling-restart"
SOON = 60.0  # seconds: on a machine that has more to do than it can
_WSGI = """
import os, pathlib, sys, time
PREFIX = os.path.realpath(sys.prefix)
HERE = pathlib.Path(__file__).parent
def until(name, seconds=120):
    deadline = time.monotonic() + seconds
    while not (HERE / name).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
RELEASE = (HERE / "release").read_text()
if "slow" in RELEASE:
    (HERE / f"booting-{os.getpid()}").touch()
    until("go")
if "broken" in RELEASE:
    raise RuntimeError("this release is broken")
def app(environ, start_response):
    if environ["PATH_INFO"].startswith("/wait/"):
        (HERE / "waiting").touch()
        until("go")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [(PREFIX if environ["PATH_INFO"] == "/prefix" else RELEASE).encode()]
"""
_SETTINGS = """
import os, pathlib, runpy, signal, time
pre_exec = runpy.run_path(os.environ["OUR_SETTINGS"])["pre_exec"]
bind, pidfile = os.environ["WEB_BIND"], os.environ["WEB_PIDFILE"]
workers, worker_class, threads, preload_app, graceful_timeout = 1, "gthread", 4, True, 30
control_socket_disable = True
def post_fork(server, worker):
    release = pathlib.Path("release").read_text()
    if "late" in release:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        while not pathlib.Path("go").exists():
            time.sleep(0.02)
    if "stillborn" in release:
        raise RuntimeError("this worker is broken")
def post_worker_init(worker):
    pathlib.Path(f"{pidfile}.ready.{worker.ppid}").touch()
"""


class SmallWeb(Process):
    """`command` starts gunicorn in another way than by the script of this environment."""

    def __init__(self, directory: Path, command: Sequence[str | Path] | None = None) -> None:
        self.directory = directory
        self.port = free_port()
        self.pidfile = directory.resolve() / "web.pid"
        (directory / "wsgi.py").write_text(_WSGI)
        (directory / "gunicorn.conf.py").write_text(_SETTINGS)
        self.release("one")
        own = private_settings(  # our gunicorn.conf.py looks at them, and nothing is asked there
            database_url="sqlite:////none.sqlite3",
            redis_url=NO_REDIS,
            cache_redis_url=NO_CACHE,
            sandbox_url="http://127.0.0.1:1",
        )
        own |= {"WEB_BIND": f"{LOOPBACK}:{self.port}", "WEB_PIDFILE": str(self.pidfile)}
        own["OUR_SETTINGS"] = str(REPOSITORY / "gunicorn.conf.py")
        own["PYTHONPATH"] = str(Path(gunicorn.__file__).parents[1])
        super().__init__(
            "The small web server",
            command or [GUNICORN, "wsgi:app"],
            directory / "web.log",
            env=os.environ | own | {"PWD": str(directory)},
            cwd=directory,
        )

    def is_ready(self) -> bool:
        try:
            return bool(self.ask())
        except OSError:
            return False

    def release(self, words: str) -> None:
        """What the next master that boots will be."""
        (self.directory / "release").write_text(words)

    def let_on(self) -> None:
        (self.directory / "go").touch()

    def booting(self) -> bool:
        return any(self.directory.glob("booting-*"))

    def ask(self, path: str = "/") -> str:
        """The release that answers. Raises OSError where none does."""
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}{path}", timeout=SOON) as found:
            text: str = found.read().decode()
        return text

    def restart(self, seconds: float = SOON, **settings: str) -> subprocess.CompletedProcess[str]:
        script = self.restarting(seconds, **settings)
        said, wrong = script.communicate()
        return subprocess.CompletedProcess(script.args, script.returncode, said, wrong)

    def restarting(self, seconds: float = SOON, **settings: str) -> subprocess.Popen[str]:
        """The script as it runs. Where the tests run in the background they ignore an interruption
        (SIGINT), below nohup SIGHUP, and what they start would ignore it as well."""
        return subprocess.Popen(
            ["env", "--default-signal=INT,HUP", RESTART, self.pidfile, f"{seconds:g}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | settings,
        )

    def restart_unheard(self) -> int:
        """How the script ends where nobody reads what it says any more."""
        heard, told = os.pipe()
        os.close(heard)
        try:
            command = [RESTART, self.pidfile, f"{SOON:g}"]
            return subprocess.run(command, stdout=told, stderr=told, check=False).returncode
        finally:
            os.close(told)

    def masters(self) -> list[int]:
        """Every master of this server that lives: a process of it whose parent is none of its
        workers', nor one that only forked."""
        ours = self._processes()
        return sorted(
            pid for pid, parent in ours.items() if parent not in ours or _is_next(pid, parent)
        )

    def workers(self) -> set[int]:
        return set(self._processes()) - set(self.masters())

    def _processes(self) -> dict[int, int]:
        """The parent of each process that was started for this pid file."""
        mark = f"WEB_PIDFILE={self.pidfile}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or b"gunicorn" not in _read(int(entry.name), "cmdline"):
                continue
            if mark in _read(int(entry.name), "environ").split(b"\0"):
                stat = _read(int(entry.name), "stat").rpartition(b")")[2].split()
                if len(stat) > 1:
                    found[int(entry.name)] = int(stat[1])
        return found

    def is_alone(self) -> bool:
        """Exactly one master lives, and it is the one in the pid file."""
        try:
            named = int(self.pidfile.read_text())
        except (OSError, ValueError):
            return False
        return self.masters() == [named] and not self.pidfile.with_suffix(".pid.2").exists()

    def end_all(self) -> None:
        self.let_on()
        for pid in self._processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _is_next(pid: int, parent: int) -> bool:
    """A second master is a child of the first, and was started by it."""
    return f"GUNICORN_PID={parent}".encode() in _read(pid, "environ").split(b"\0")


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


class Visitors:
    """They ask a hundred times a second at most: what is faster takes the processor from those that
    are asked. `answers` counts what they got."""

    def __init__(self, web: SmallWeb) -> None:
        self.web, self.answers = web, Counter[str]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._visit)

    def __enter__(self) -> Visitors:
        self._thread.start()
        assert wait_until(lambda: self.answers.total() > 3, within=SOON)
        return self

    def __exit__(self, *_: object) -> None:
        goal = self.answers.total() + 3
        wait_until(lambda: self.answers.total() > goal, within=SOON)
        self._over.set()
        self._thread.join()

    def _visit(self) -> None:
        while not self._over.wait(0.01):
            try:
                self.answers[self.web.ask()] += 1
            except OSError as error:
                self.answers[repr(error)] += 1


def until(condition: object, within: float = SOON) -> None:
    assert wait_until(condition, within)  # type: ignore[arg-type]


def next_deploy_works(web: SmallWeb) -> None:
    """The proof that nothing was left behind."""
    web.let_on()
    web.release("following")
    done = web.restart()
    assert done.returncode == 0, done.stderr
    assert web.ask() == "following"
    until(web.is_alone)
