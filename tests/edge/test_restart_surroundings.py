"""What a deploy finds around it: a Python that is gone, systemd, packages of the next release."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from parts.app import REPOSITORY
from tests.edge.small_web import (
    GUNICORN,
    RESTART,
    SOON,
    SmallWeb,
    Visitors,
    next_deploy_works,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_a_python_that_is_gone_starts_no_successor(tmp_path: Path) -> None:
    """gunicorn would end the workers of the old master instead of beginning a new one."""
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    web = SmallWeb(tmp_path, [python, GUNICORN, "wsgi:app"])
    try:
        web.start(within=SOON)
        python.unlink()
        with Visitors(web) as visitors:
            done = web.restart()
        assert done.returncode == 2
        assert "systemctl restart" in done.stderr
        assert set(visitors.answers) == {"one"}
        assert web.is_alone()
    finally:
        web.end_all()
        web.kill()


def test_a_python_that_the_path_does_not_find_any_more_ends_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "the-python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{python.parent}:{os.environ['PATH']}")
    web = SmallWeb(tmp_path, [python.name, GUNICORN, "wsgi:app"])
    try:
        web.start(within=SOON)
        worker = web.workers()
        python.unlink()
        with Visitors(web) as visitors:
            done = web.restart(seconds=2)
        assert done.returncode == 1
        assert set(visitors.answers) == {"one"}
        assert web.workers() == worker
        assert web.is_alone()
        python.symlink_to(sys.executable)
        next_deploy_works(web)
    finally:
        web.end_all()
        web.kill()


def test_systemd_is_told_of_the_new_master_before_the_old_one_ends(
    web: SmallWeb, tmp_path: Path
) -> None:
    """Else it would take the old one's end for the service's, and kill the new one."""
    old_lived: list[bool] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(SOON)

        def listen() -> None:
            while b"MAINPID=" not in (said := systemd.recv(4096)):
                pass
            told.append(int(said.partition(b"MAINPID=")[2].split()[0]))
            old_lived.append(web.pid in web.masters())
            systemd.recv(4096)  # its barrier: that this was read

        told: list[int] = []
        listener = threading.Thread(target=listen)
        listener.start()
        done = web.restart(NOTIFY_SOCKET=str(tmp_path / "notify"))
        listener.join()
    assert done.returncode == 0, done.stderr
    assert told == web.masters()
    assert old_lived == [True]


def test_where_systemd_can_not_be_told_nothing_is_replaced(web: SmallWeb, tmp_path: Path) -> None:
    done = web.restart(NOTIFY_SOCKET=str(tmp_path / "nobody"))
    assert done.returncode == 1
    assert "systemd could not be told" in done.stderr
    assert web.is_alone()
    assert web.masters() == [web.pid]
    next_deploy_works(web)


def make_release(directory: Path) -> Path:
    """With an environment of its own, as `python -m venv` and pip leave it behind."""
    environment = directory / ".venv"
    command = [sys.executable, "-m", "venv", "--without-pip", environment]
    subprocess.run(command, check=True, capture_output=True)
    script = environment / "bin" / "gunicorn"
    run = "from gunicorn.app.wsgiapp import run"
    script.write_text(f"#!{environment}/bin/python\n{run}\nif __name__ == '__main__': run()\n")
    script.chmod(0o755)
    return directory


def test_the_next_release_runs_on_the_packages_that_came_with_it(tmp_path: Path) -> None:
    one, two = make_release(tmp_path / "one"), make_release(tmp_path / "two")
    current = tmp_path / "current"
    current.symlink_to(one)
    unit = (REPOSITORY / "deploy/systemd/payments-web.service").read_text()
    start = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    command = (
        start.removeprefix("ExecStart=").replace("/srv/payments/current", str(current)).split()
    )
    web = SmallWeb(current, command)
    try:
        web.start(within=SOON)
        assert web.ask("/prefix") == str(one / ".venv")
        for name in ("wsgi.py", "gunicorn.conf.py", "release"):
            shutil.copy(one / name, two / name)
        draft = tmp_path / "draft"
        draft.symlink_to(two)
        draft.replace(current)
        done = web.restart()
        assert done.returncode == 0, done.stderr
        assert web.ask("/prefix") == str(two / ".venv")
    finally:
        web.end_all()
        web.kill()


@pytest.mark.parametrize(
    "words", [[], ["web.pid"], ["/run/web.pid", "soon"], ["/run/web.pid", "0"], ["/a/b", "1", "2"]]
)
def test_wrong_words_are_answered_with_the_right_ones(words: list[str]) -> None:
    done = subprocess.run([RESTART, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: rolling-restart PIDFILE [SECONDS]" in done.stderr
