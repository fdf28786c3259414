import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.directory import DataDirectory
from demo.programs import STANDINS, Program
from demo.supervisor import Supervisor, stop_leftovers
from parts.process import wait_until

WRITE_PID = (
    "import os, sys, time;"
    "print(os.getpid(), file=open(sys.argv[1], 'a'), flush=True);"
    "time.sleep(60)"
)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDirectory]:
    data = DataDirectory(tmp_path / "with a % and a space")
    data.claim()
    yield data
    data.release()


@pytest.fixture
def supervisor(data: DataDirectory) -> Iterator[Supervisor]:
    """Runs a stand-in, and a worker once it is told to start the app."""
    programs = [create_program(data, "redis", group=STANDINS), create_program(data, "worker")]
    with Supervisor(data, programs, os.environ) as supervisor:
        yield supervisor


def create_program(data: DataDirectory, name: str, **kind: str) -> Program:
    return Program(name, [sys.executable, "-c", WRITE_PID, str(data.path / name)], **kind)


def pids(data: DataDirectory, name: str) -> list[int]:
    written = data.path / name
    return [int(line) for line in written.read_text().split()] if written.exists() else []


def wait_for_starts(data: DataDirectory, name: str, times: int) -> bool:
    return wait_until(lambda: len(pids(data, name)) == times, within=60)


def test_a_stand_in_starts_before_the_app(supervisor: Supervisor, data: DataDirectory) -> None:
    assert wait_for_starts(data, "redis", 1)
    assert pids(data, "worker") == []


def test_a_killed_worker_is_started_again(supervisor: Supervisor, data: DataDirectory) -> None:
    supervisor.start_app()
    os.kill(pids(data, "worker")[0], signal.SIGKILL)
    assert wait_for_starts(data, "worker", 2)


def test_what_does_not_run_is_named(supervisor: Supervisor, data: DataDirectory) -> None:
    assert wait_until(lambda: supervisor.faltering() == ["worker"], within=60)


def test_what_a_killed_run_left_behind_is_ended(
    supervisor: Supervisor, data: DataDirectory
) -> None:
    assert wait_for_starts(data, "redis", 1)
    stop_leftovers(data)
    assert wait_until(lambda: not Path(f"/proc/{pids(data, 'redis')[0]}").exists(), within=60)
