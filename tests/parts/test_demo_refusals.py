import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

from parts.ports import LOOPBACK, free_port


def run_demo(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        refused = run_demo(PORT=str(port), DATA_DIR=str(tmp_path))
    assert (refused.returncode, refused.stderr) == (
        1,
        f"Port {port} is taken: stop what listens there,"
        " or choose another with PORT=8001 make run.\n",
    )


def test_a_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    refused = run_demo(PORT="http", DATA_DIR=str(tmp_path))
    assert refused.stderr == "PORT must be a number from 1 to 65535, not 'http'.\n"


def test_a_second_run_with_the_same_data_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = run_demo(PORT=str(free_port()), DATA_DIR=str(tmp_path))
    assert refused.stderr == (
        f"{tmp_path} is in use by another run: stop that one, or set DATA_DIR.\n"
    )


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = run_demo(PORT=str(free_port()), DATA_DIR=str(tmp_path / "file" / "data"))
    assert refused.stderr == f"{tmp_path / 'file' / 'data'} cannot be written: Not a directory.\n"
