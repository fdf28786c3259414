"""One parent for all processes of the jobs: it loads the application once and forks them, so that
they share its memory, and starts again what ends.

It serves nobody itself. So it has neither a thread nor a connection, which no fork could share.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from payments_app.core.forking import check_threads

log = logging.getLogger(__name__)

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 30.0  # before one that ended soon is started again, doubled
STEADY_SECONDS = 60.0  # one that ran so long begins anew with FIRST_SECONDS
_LOOK_SECONDS, _CHECK_SECONDS = 0.2, 0.05


@dataclass
class _Child:
    """One process, or the time when it is started again (by the monotonic clock)."""

    run: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    pause: float = FIRST_SECONDS


class Parent:
    """Runs each of `programs` in a child of its name until told to stop (SIGTERM, SIGINT), which
    it passes on. Children hear of its death by a pipe, and end."""

    def __init__(self, programs: Mapping[str, Callable[[], None]]) -> None:
        self._children = {name: _Child(run) for name, run in programs.items()}
        self._stop = threading.Event()
        self._alive = os.pipe()

    def run(self) -> None:
        """Returns once every child has ended."""
        gc.collect()
        gc.freeze()  # a collection would write to what is shared, and so copy it
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)
        while not self._stop.is_set():
            self._reap()
            now = time.monotonic()
            for name, child in self._children.items():
                if not child.pid and now >= child.due and not self._stop.is_set():
                    self._start(name, child)
            self._stop.wait(_LOOK_SECONDS)
        while any(child.pid for child in self._children.values()):
            self._tell(signal.SIGTERM)  # again: one may have been forked as the signal came
            self._reap()
            time.sleep(_LOOK_SECONDS)

    def _pass_on(self, _signum: int, _frame: Any) -> None:
        self._stop.set()

    def _tell(self, number: signal.Signals) -> None:
        for child in self._children.values():
            if child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, number)

    def _start(self, name: str, child: _Child) -> None:
        check_fork()
        child.started = time.monotonic()
        child.pid = os.fork()
        if not child.pid:
            self._become(name, child.run)
        log.info("%s runs as process %d", name, child.pid)

    def _become(self, name: str, run: Callable[[], None]) -> NoReturn:
        """In the child: `run`, and end with it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._alive[1])
        threading.Thread(target=self._end_with_parent, daemon=True).start()
        with contextlib.suppress(OSError):  # for `ps` and `pkill`
            Path("/proc/self/comm").write_text(name)
        _run_and_end(name, run)

    def _end_with_parent(self) -> None:
        os.read(self._alive[0], 1)  # nobody writes: it ends when the parent does
        os.kill(os.getpid(), signal.SIGTERM)

    def _reap(self) -> None:
        by_pid = {child.pid: (name, child) for name, child in self._children.items() if child.pid}
        while by_pid:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            if pid in by_pid:
                self._note_end(*by_pid.pop(pid), os.waitstatus_to_exitcode(status))

    def _note_end(self, name: str, child: _Child, code: int) -> None:
        """One that ended because it was asked to is started again at once."""
        now = time.monotonic()
        lived = now - child.started
        if lived > STEADY_SECONDS:
            child.pause = FIRST_SECONDS
        wait = child.pause if code or lived < FIRST_SECONDS else 0.0
        child.pid, child.due = 0, now + wait
        child.pause = min(LONGEST_SECONDS, 2 * child.pause) if wait else FIRST_SECONDS
        if not self._stop.is_set():
            log.warning("%s ended with %d: it is started again in %g s", name, code, wait)


def ends_well(name: str, run: Callable[[], None], within: float) -> bool:
    """Whether `run` returns within so many seconds, in a process of its own: what it connects to
    and which threads it starts is gone with it."""
    check_fork()
    pid = os.fork()
    if not pid:
        _run_and_end(name, run)
    until = time.monotonic() + within
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status == 0
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return False
        time.sleep(_CHECK_SECONDS)


def _run_and_end(name: str, run: Callable[[], None]) -> NoReturn:
    """In a child: `run`, and end with it."""
    status = 1
    try:
        run()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        log.exception("%s ended", name)
    finally:
        atexit._run_exitfuncs()  # but wait for no thread
        os._exit(status)


def check_fork() -> None:
    """Raise RuntimeError where this process has a second thread, or a connection: neither may be
    shared with a child. What it was started with (0 to 2) may be a socket of its supervisor's."""
    check_threads()
    open_files = Path("/proc/self/fd")
    for link in open_files.iterdir() if open_files.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if int(link.name) > 2 and str(link.readlink()).startswith("socket:"):
                raise RuntimeError(f"a connection is open before a fork: {link.name}")
