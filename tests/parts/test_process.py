import sys
from pathlib import Path

import pytest

from parts.process import NotReady, Process, wait_until

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True);" + SLEEP
PARENT = (
    "import subprocess, sys, time;"
    f"print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True);" + SLEEP
)


class Speaking(Process):
    """Ready once it has written something."""

    def is_ready(self) -> bool:
        return self.log.stat().st_size > 0


class Silent(Process):
    """Never ready."""

    def is_ready(self) -> bool:
        return False


def create_process(tmp_path: Path, code: str, kind: type[Process] = Process) -> Process:
    return kind("The program", [sys.executable, "-c", code], tmp_path / "program.log")


def has_ended(pid: int) -> bool:
    """Gone, or waiting for a parent to notice."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_process_that_ends_as_it_starts_is_reported_with_its_last_words(tmp_path: Path) -> None:
    program = create_process(tmp_path, "raise SystemExit('no such table')", Silent)
    with pytest.raises(NotReady, match="no such table"):
        program.start(within=60)


def test_a_process_that_is_not_ready_in_time_is_killed(tmp_path: Path) -> None:
    program = create_process(tmp_path, SLEEP, Speaking)
    with pytest.raises(NotReady, match="not ready within"):
        program.start(within=0.1)
    assert has_ended(program.pid)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    program = create_process(tmp_path, DEAF, Speaking).start(within=60)
    program.stop(within=0.1)
    assert not program.is_running()


def test_a_frozen_process_can_be_stopped(tmp_path: Path) -> None:
    program = create_process(tmp_path, SLEEP).start()
    program.freeze()
    program.stop()
    assert not program.is_running()


def test_a_killed_process_takes_its_children_along(tmp_path: Path) -> None:
    program = create_process(tmp_path, PARENT, Speaking).start(within=60)
    child = int(program.log.read_text())
    program.kill()
    assert wait_until(lambda: has_ended(child), within=60)
