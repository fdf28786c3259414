"""Whatever becomes of a deploy, one web server serves at its end, and the next deploy works."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.edge.small_web import (
    GUNICORN,
    RESTART,
    SOON,
    SmallWeb,
    Visitors,
    next_deploy_works,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_a_deploy_replaces_the_web_server_and_loses_no_request(web: SmallWeb) -> None:
    web.release("two")
    with Visitors(web) as visitors:
        done = web.restart()
    assert done.returncode == 0, done.stderr
    assert set(visitors.answers) == {"one", "two"}
    assert web.is_alone()


def test_a_boot_that_takes_too_long_is_ended_and_the_old_one_serves(web: SmallWeb) -> None:
    web.release("slow")
    with Visitors(web) as visitors:
        done = web.restart(seconds=2)
    assert done.returncode == 1
    assert "did not serve within 2 s" in done.stderr
    assert "the old one still serves" in done.stderr
    assert set(visitors.answers) == {"one"}
    assert web.masters() == [web.pid]
    assert web.is_alone()
    next_deploy_works(web)


def test_a_release_that_does_not_boot_is_told_at_once(web: SmallWeb) -> None:
    web.release("broken")
    began = time.monotonic()
    done = web.restart(seconds=300)
    assert time.monotonic() - began < 200
    assert done.returncode == 1
    assert "ended as it started" in done.stderr
    assert web.is_alone()
    next_deploy_works(web)


def test_a_release_whose_workers_do_not_boot_takes_nothing_over(web: SmallWeb) -> None:
    web.release("stillborn")
    with Visitors(web) as visitors:
        done = web.restart(seconds=5)
    assert done.returncode == 1
    assert set(visitors.answers) == {"one"}
    until(web.is_alone)
    next_deploy_works(web)


def test_workers_that_only_begin_take_nothing_over(web: SmallWeb) -> None:
    """They may end yet, and until they serve nobody would."""
    web.release("late")
    with Visitors(web) as visitors:
        done = web.restart(seconds=4)
    assert done.returncode == 1
    assert "did not serve" in done.stderr
    assert set(visitors.answers) == {"one"}
    until(web.is_alone)
    next_deploy_works(web)


def test_workers_that_take_their_time_are_waited_for(web: SmallWeb) -> None:
    web.release("late")
    script = web.restarting()
    until(web.pidfile.with_suffix(".pid.2").exists)
    with Visitors(web) as visitors:
        web.let_on()
        _, said = script.communicate()
    assert script.returncode == 0, said
    assert set(visitors.answers) == {"one", "late"}
    until(web.is_alone)


def test_a_web_server_that_is_stopped_is_left_as_it_is(web: SmallWeb) -> None:
    os.kill(web.pid, signal.SIGSTOP)
    done = web.restart(seconds=2)
    os.kill(web.pid, signal.SIGCONT)
    assert done.returncode == 2
    assert f"kill -CONT {web.pid}" in done.stderr
    assert web.is_alone()
    next_deploy_works(web)


def test_a_web_server_that_is_stopped_meanwhile_is_no_deploy_that_left_nothing(
    web: SmallWeb,
) -> None:
    script = restarting_as_it_stops(web)
    _, said = script.communicate()
    os.kill(web.pid, signal.SIGCONT)
    assert script.returncode == 4
    assert f"kill -CONT {web.pid}" in said
    until(lambda: "No successor" in web.log.read_text())
    assert web.is_alone()
    next_deploy_works(web)


def test_a_web_server_that_waits_for_its_log_starts_no_second_one_later(tmp_path: Path) -> None:
    """It writes that it heard the order before it carries it out, and a pipe may be full."""
    pipe, written = tmp_path / "pipe", tmp_path / "written"
    os.mkfifo(pipe)
    os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    start = f"exec {sys.executable} {GUNICORN} wsgi:app 2>{pipe}"
    web, reader = SmallWeb(tmp_path, ["bash", "-c", start]), None
    try:
        web.start(within=SOON)
        fill(pipe)
        web.release("two")
        assert web.restart(seconds=2).returncode == 1
        with written.open("wb") as file:
            reader = subprocess.Popen(["cat", pipe], stdout=file)
        until(lambda: b"No successor" in written.read_bytes())
        assert web.is_alone()
        assert web.ask() == "one"
        next_deploy_works(web)
    finally:
        web.end_all()
        web.kill()
        if reader is not None:
            reader.kill()
            reader.wait()


def fill(pipe: Path) -> None:
    """As others' lines do that nobody reads."""
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.close(writer)


def restarting_as_it_stops(web: SmallWeb) -> subprocess.Popen[str]:
    """A deploy whose look at the web server was a moment before it was stopped."""
    draft = web.directory / "rolling-restart"
    looked = "kill -USR2"
    draft.write_text(RESTART.read_text().replace(looked, f"kill -STOP {web.pid}\n{looked}"))
    return subprocess.Popen(
        ["bash", draft, web.pidfile, "2"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("left", [None, "", "no number", "-1", "0", "gone", "other"])
def test_without_a_web_server_nothing_is_done(tmp_path: Path, left: str | None) -> None:
    """`other`: the PID is of another program by now, which a signal would end."""
    pidfile = tmp_path / "web.pid"
    other = subprocess.Popen(["tail", "-f", "/dev/null"])
    gone = subprocess.Popen(["true"])
    gone.wait()
    try:
        if left is not None:
            pids = {"gone": str(gone.pid), "other": str(other.pid)}
            pidfile.write_text(pids.get(left, left))
        done = SmallWeb(tmp_path).restart()
        assert done.returncode == 2
        assert "No web server" in done.stderr
        assert "start" in done.stderr
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_worker_is_no_master_whatever_the_pid_file_says(web: SmallWeb) -> None:
    children = Path(f"/proc/{web.pid}/task/{web.pid}/children").read_text().split()
    web.pidfile.write_text(children[0])
    assert web.restart().returncode == 2
    assert web.masters() == [web.pid]


def test_a_left_over_file_of_a_second_web_server_is_in_nobody_s_way(web: SmallWeb) -> None:
    web.pidfile.with_suffix(".pid.2").write_text(f"{os.getpid()}\n")
    next_deploy_works(web)


def test_an_old_one_that_dies_meanwhile_is_replaced(web: SmallWeb) -> None:
    web.release("slow")
    script = web.restarting()
    until(web.booting)
    os.kill(web.pid, signal.SIGKILL)
    web.wait()
    web.let_on()
    _, said = script.communicate()
    assert script.returncode == 0, said
    until(web.is_alone)
    assert web.ask() == "slow"
    next_deploy_works(web)


def test_an_old_one_that_dies_before_the_new_one_serves_is_no_success(web: SmallWeb) -> None:
    web.release("late")
    script = web.restarting(seconds=8)
    until(lambda: len(web.masters()) == 2 and len(web.workers()) == 2)
    os.kill(web.pid, signal.SIGKILL)
    web.wait()
    _, said = script.communicate()
    assert (script.returncode, "No web server serves" in said) == (1, True), said
