"""One parent for the processes of the jobs: it forks them, starts again what ends, ends them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis as RedisClient
from rq.exceptions import StopRequested

from parts.app import REPOSITORY, Worker
from parts.process import Process, wait_until
from parts.redis import Redis
from parts.settings import NO_REDIS
from payments_app.core.jobs import worker
from payments_app.core.jobs.processes import check_fork
from payments_app.core.jobs.worker import QueueProcess
from payments_app.gateway.own_account import check_account
from payments_app.programs import NAMES
from payments_app.queues import QUEUE_THREADS
from tests.payments.driver import PaymentDriver

NOT_CHECKED = "whose STRIPE_SECRET_KEY is was not checked"


class SmallParent(Process):
    """Ready once both of its children run that stay."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        command = [sys.executable, "-m", "tests.queues.small_parent", directory]
        super().__init__("The parent", command, directory / "log", cwd=REPOSITORY)

    def is_ready(self) -> bool:
        return bool(self.starts("one") and self.starts("two"))

    def starts(self, name: str) -> list[int]:
        """The PIDs under which it ran, in turn."""
        file = self.directory / name
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def told(self, name: str) -> bool:
        """Whether it ended because it was told to."""
        return (self.directory / f"{name}.ended").exists()


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[SmallParent]:
    with SmallParent(tmp_path) as parent:
        yield parent


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_each_has_a_process_of_its_own_and_its_name(parent: SmallParent) -> None:
    assert parent.starts("one") != parent.starts("two")
    assert Path(f"/proc/{parent.starts('one')[0]}/comm").read_text() == "one\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_ends_is_started_again_and_the_others_stay(
    parent: SmallParent, number: signal.Signals
) -> None:
    os.kill(parent.starts("one")[0], number)
    assert wait_until(lambda: len(parent.starts("one")) == 2, within=60)
    assert len(parent.starts("two")) == 1
    assert parent.told("one") == (number == signal.SIGTERM)


def test_one_that_ends_again_and_again_is_started_ever_later(parent: SmallParent) -> None:
    assert wait_until(lambda: len(parent.starts("broken")) == 3, within=60)
    waits = re.findall(
        r"broken ended with 3: it is started again in (\d+) s", parent.log.read_text()
    )
    assert waits[:2] == ["1", "2"]


def test_the_parent_passes_on_that_it_is_told_to_end_and_ends_last(parent: SmallParent) -> None:
    parent.signal(signal.SIGTERM)
    assert wait_until(lambda: not parent.is_running(), within=60)
    assert parent.told("one")
    assert parent.told("two")


def test_children_end_with_a_parent_that_is_killed(parent: SmallParent) -> None:
    children = [parent.starts("one")[0], parent.starts("two")[0]]
    os.kill(parent.pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, children)), within=60)


@pytest.mark.slow
@pytest.mark.alone
def test_all_queues_and_the_sweeper_are_worked_on_by_one_parent_s_children(
    app: Flask, settings: dict[str, str], tmp_path: Path
) -> None:
    reporting = settings | {"SENTRY_DSN": "http://key@127.0.0.1:1/1"}  # it may start no thread yet
    driver = PaymentDriver(app)
    driver.fail_stripe("forbidden", "/v1/account$")
    with app.app_context(), Worker(tmp_path, reporting) as parent:
        paid = driver.open()
        assert wait_until(lambda: driver.read(paid).state == "complete", within=60)
        assert set(parent.children()) == {name[:15] for name in NAMES}
        assert parent.log.read_text().count(NOT_CHECKED) == 1  # for all of them
        parent.signal(signal.SIGTERM)
        assert wait_until(lambda: not parent.is_running(), within=60)


@pytest.mark.slow
def test_where_the_check_fails_each_makes_it_itself_and_the_sweeper_works(
    app: Flask, settings: dict[str, str], tmp_path: Path
) -> None:
    with app.app_context():
        check_account()
    refused = settings | {"STRIPE_SECRET_KEY": "sk_test_of_another_account"}
    with Worker(tmp_path, refused) as parent:
        ends = [f"{name} ended with 1" for name in QUEUE_THREADS]
        assert wait_until(lambda: all(end in parent.log.read_text() for end in ends), within=60)
        assert "sweeper" in parent.children()
        assert "sweeper ended" not in parent.log.read_text()


def test_a_stop_that_is_swallowed_while_it_waits_for_redis_is_asked_for_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "stopping", threading.Event())
    process, raised = QueueProcess(app, "charges"), []

    def listen() -> None:
        for _ in range(3):
            try:
                process._stop(signal.SIGTERM, sys._getframe())
            except StopRequested:
                raised.append("raised")  # as a log's handler would swallow it

    monkeypatch.setattr(process, "_listen", listen)
    listen()
    assert raised == ["raised"] * 3
    process._stop(signal.SIGTERM, sys._getframe())  # while it leaves, nothing is broken off


def test_a_check_is_good_where_it_returns_in_time() -> None:
    program = """
import threading
from payments_app.core.jobs.processes import ends_well
for run in (threading.Thread(target=print).start, lambda: 1 / 0, threading.Event().wait):
    print(ends_well("check", run, 1.0))
"""
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["True", "False", "False"]


@pytest.mark.parametrize("parts", ["there", "away"])
def test_a_rehearsal_leaves_neither_thread_nor_connection(
    app: Flask, settings: dict[str, str], parts: str
) -> None:
    away = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": NO_REDIS}
    program = """
from payments_app import create_app
from payments_app.core.jobs import worker
from payments_app.core.jobs.processes import check_fork
from payments_app.core.jobs.worker import QueueProcess
from payments_app.programs import rehearse
app = create_app()
rehearse(app)
check_fork()
print(len(app.extensions["engine_at_once"]._compiled_cache))
"""
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | settings | (away if parts == "away" else {}),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(said.stdout) >= (2 if parts == "there" else 0)


def test_nothing_is_forked_beside_a_second_thread() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="threads run before a fork"):
            check_fork()
    finally:
        over.set()
        thread.join()


def test_nothing_is_forked_while_a_connection_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # pytest's own threads
    with socket.create_server(("127.0.0.1", 0)), pytest.raises(RuntimeError, match="a connection"):
        check_fork()


def test_a_worker_without_its_database_ends_with_a_sentence(
    settings: dict[str, str], tmp_path: Path
) -> None:
    away = settings | {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    worker = Worker(tmp_path, away, "charges")
    worker.launch()
    worker.wait()
    said = worker.log.read_text()
    assert said.count("the database does not answer: OperationalError: ") == 1
    assert "no worker starts without it" in said
    assert "Traceback" not in said


def test_a_worker_without_its_redis_says_so_once(settings: dict[str, str], tmp_path: Path) -> None:
    with (
        Redis(tmp_path / "redis") as server,
        Worker(tmp_path, settings | {"REDIS_URL": server.url()}, "charges") as worker,
    ):
        with RedisClient.from_url(server.url()) as client:
            assert wait_until(lambda: client.scard("rq:workers") > 0, 30)
        server.kill()
        words = "the Redis for jobs does not answer"
        assert wait_until(lambda: words in worker.log.read_text(), 20)
        server.start()
        again = "the Redis for jobs answers again"
        assert wait_until(lambda: again in worker.log.read_text(), 60)
        said = worker.log.read_text()
    assert said.count(words) == 1
    assert "Traceback" not in said
