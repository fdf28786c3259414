"""Whatever becomes of a deploy, one web server serves at its end, and the next deploy works."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parts.app import REPOSITORY
from parts.process import wait_until
from tests.edge.small_web import GUNICORN, RESTART, SOON, SmallWeb, Visitors

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[SmallWeb]:
    server = SmallWeb(tmp_path)
    try:
        yield server.start(within=SOON)
    finally:
        server.end_all()
        server.kill()


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_deploy_ends_what_it_began(web: SmallWeb, number: signal.Signals) -> None:
    web.release("slow")
    script = web.restarting()
    until(web.booting)
    script.send_signal(number)
    _, said = script.communicate()
    assert script.returncode == 1
    assert "the old one still serves" in said
    assert web.is_alone()
    assert web.ask() == "one"
    next_deploy_works(web)


def test_a_deploy_interrupted_at_its_first_moment_leaves_nothing(web: SmallWeb) -> None:
    web.release("slow")
    script = web.restarting()
    until(lambda: "Handling signal: usr2" in web.log.read_text())
    script.terminate()
    script.communicate()
    until(web.is_alone)
    next_deploy_works(web)


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


def begin_long_request(web: SmallWeb) -> tuple[threading.Thread, list[str]]:
    answers: list[str] = []
    long = threading.Thread(target=lambda: answers.append(web.ask("/wait/")))
    long.start()
    until((web.directory / "waiting").exists)
    return long, answers


def test_a_long_request_is_answered_by_the_release_that_began_it(web: SmallWeb) -> None:
    long, answers = begin_long_request(web)
    web.release("two")
    script = web.restarting()
    until(lambda: web.ask() == "two")
    web.let_on()
    script.communicate()
    long.join()
    assert (script.returncode, answers) == (0, ["one"])
    assert web.is_alone()
    next_deploy_works(web)


def test_a_deploy_interrupted_after_the_change_goes_on_by_itself(web: SmallWeb) -> None:
    long, answers = begin_long_request(web)
    web.release("two")
    script = web.restarting()
    # From here the old one takes no request any more.
    until(lambda: "Handling signal: term" in web.log.read_text())
    script.terminate()
    _, said = script.communicate()
    assert script.returncode == 3
    assert "serves" in said
    assert web.ask() == "two"
    refused = web.restart()
    assert refused.returncode == 2
    assert "second" in refused.stderr
    web.let_on()
    long.join()
    assert answers == ["one"]
    until(web.is_alone)
    next_deploy_works(web)


def test_a_deploy_that_nobody_listens_to_ends_as_any_other(web: SmallWeb) -> None:
    """Its connection broke off: writing fails, and what it did is in its number all the same."""
    web.release("two")
    assert web.restart_unheard() == 0
    assert web.ask() == "two"
    os.kill(int(web.pidfile.read_text()), signal.SIGUSR2)
    until(web.pidfile.with_suffix(".pid.2").exists)
    assert web.restart_unheard() == 2


def test_two_deploys_at_once_are_one(web: SmallWeb) -> None:
    web.release("slow")
    first = web.restarting()
    until(web.booting)
    second = web.restart()
    assert second.returncode == 2
    assert "under way" in second.stderr
    web.let_on()
    _, said = first.communicate()
    assert first.returncode == 0, said
    assert web.is_alone()
    next_deploy_works(web)


def test_no_deploy_begins_over_a_second_web_server(web: SmallWeb) -> None:
    web.release("by hand")
    os.kill(web.pid, signal.SIGUSR2)
    os.kill(web.pid, signal.SIGUSR2)
    until(web.pidfile.with_suffix(".pid.2").exists)
    (second,) = set(web.masters()) - {web.pid}
    done = web.restart()
    assert done.returncode == 2
    assert f"kill -TERM {second}" in done.stderr
    assert web.masters() == sorted([web.pid, second])
    os.kill(second, signal.SIGTERM)
    until(web.is_alone)
    next_deploy_works(web)


def test_what_a_killed_deploy_left_is_named_with_what_ends_it(web: SmallWeb) -> None:
    web.release("slow")
    killed = web.restarting()
    until(web.booting)
    killed.kill()
    killed.communicate()
    done = web.restart()
    assert done.returncode == 2
    (second,) = set(web.masters()) - {web.pid}
    assert f"kill -TERM {second}" in done.stderr
    os.kill(second, signal.SIGTERM)
    until(web.is_alone)
    next_deploy_works(web)


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
