"""Rounds of a runner: threads that stay, wake-ups that are not lost, looks that only help out."""

from __future__ import annotations

import logging
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from parts.postgres import libpq
from parts.process import wait_until
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import runner
from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.runner import Runner, run_due_messages, runner_of
from tests.queues.job_driver import JobDriver


@pytest.fixture
def charges(job_driver: JobDriver) -> Runner:
    return runner_of("charges")


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """Other threads of the process."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


class Held:
    """A job that runs until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self, _subject: str, _claim: Claim) -> None:
        self.begun.set()
        assert self.let_go.wait(20)


@pytest.fixture
def held(job_driver: JobDriver) -> Iterator[Held]:
    job = Held()
    job_driver.job("test.held", job, "charges")
    yield job
    job.let_go.set()


def nothing(_subject: str, _claim: Claim) -> None:
    pass


@atomic
def be_due_since(session: Session, seconds: float) -> None:
    session.execute(update(Message).values(available_at=database_now(-seconds)))


def in_app(driver: JobDriver, call: Any) -> Any:
    """The call in an application context of its own thread."""

    def called() -> Any:
        with driver.app.app_context():
            try:
                return call()
            finally:
                db.session.remove()

    return called


def test_threads_stay_and_keep_what_they_opened(job_driver: JobDriver) -> None:
    threads: list[threading.Thread] = []
    job_driver.job("test.who", lambda *_: threads.append(threading.current_thread()), "reports")
    for subject in ("one", "two"):
        job_driver.stage("test.who", subject)
        job_driver.work("reports")
    assert threads[0] is threads[1]


def test_a_wake_up_that_meets_the_end_of_a_round_is_not_lost(
    job_driver: JobDriver, charges: Runner, elsewhere: ThreadPoolExecutor
) -> None:
    """The second message commits after the last claim of the round, and its wake-up comes before
    the round is over."""
    job_driver.job("test.job", nothing, "charges")
    job_driver.stage("test.job", "first")
    be_due_since(1)
    claims = 0

    def wake() -> None:
        job_driver.stage("test.job", "second")
        woken.append(elsewhere.submit(in_app(job_driver, lambda: run_due_messages("charges"))))
        assert wait_until(charges._woken.is_set, within=60)

    def claimed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal claims
        if "SKIP LOCKED" in statement:
            claims += 1
            if claims == 2:  # the first found the message, this one finds nothing
                elsewhere.submit(in_app(job_driver, wake)).result(20)

    woken: list[Any] = []
    event.listen(db.engine, "after_cursor_execute", claimed)
    assert charges.look() == 1
    assert woken[0].result(20) == 1
    assert job_driver.message("test.job", "second").done_at is not None


def test_a_run_outlives_a_connection_lost_as_it_claims(
    job_driver: JobDriver, database_url: str
) -> None:
    """Whether something is claimed is not known then: it is asked for again."""
    job_driver.job("test.job", nothing)
    job_driver.stage("test.job")
    armed = [True]

    def lose(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "SKIP LOCKED" in statement and armed:
            armed.clear()
            pid = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(libpq(database_url), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    event.listen(job_driver.app.extensions["engine_at_once"], "before_cursor_execute", lose)
    assert (job_driver.work(), armed) == (0, [])
    assert job_driver.message("test.job").done_at is None
    assert job_driver.work() == 1
    assert job_driver.message("test.job").done_at is not None


def test_a_wake_up_takes_over_from_a_look_while_that_one_s_messages_still_run(
    job_driver: JobDriver, charges: Runner, held: Held, elsewhere: ThreadPoolExecutor
) -> None:
    job_driver.job("test.job", nothing, "charges")
    job_driver.stage("test.held")
    be_due_since(1)
    look = elsewhere.submit(in_app(job_driver, charges.look))
    assert held.begun.wait(20)
    job_driver.stage("test.job")
    woken = elsewhere.submit(in_app(job_driver, lambda: run_due_messages("charges")))
    assert look.result(20) == 1
    assert wait_until(lambda: job_driver.message("test.job").done_at is not None, within=60)
    assert not woken.done()
    held.let_go.set()
    woken.result(20)
    assert charges.take_started() == Counter(
        {("test.held", "look"): 1, ("test.job", "job"): 1},
    )


def test_a_look_leaves_to_its_wake_up_what_is_due_since_a_moment(
    job_driver: JobDriver, charges: Runner
) -> None:
    job_driver.job("test.job", nothing, "charges")
    job_driver.stage("test.job")
    be_due_since(0.1)
    assert charges.look() == 0
    be_due_since(runner.MISSED_WAKE_UP_SECONDS + 0.1)
    assert charges.look() == 1
    assert charges.take_started() == Counter({("test.job", "look"): 1})


def test_a_look_leaves_a_round_that_is_under_way_alone(
    job_driver: JobDriver, charges: Runner, held: Held, elsewhere: ThreadPoolExecutor
) -> None:
    job_driver.stage("test.held")
    woken = elsewhere.submit(in_app(job_driver, lambda: run_due_messages("charges")))
    assert held.begun.wait(20)
    assert elsewhere.submit(in_app(job_driver, charges.look)).result(5) == 0
    held.let_go.set()
    assert woken.result(20) == 1


def test_what_a_round_leaves_running_the_next_look_takes_care_of(
    job_driver: JobDriver, charges: Runner, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_driver.stage("test.held")
    monkeypatch.setattr(runner, "CLAIM_SECONDS", 0.1)
    assert run_due_messages("charges") == 1
    assert job_driver.message("test.held").leased_until is not None
    monkeypatch.setattr(runner, "CLAIM_SECONDS", 20)
    threading.Timer(0.3, held.let_go.set).start()
    assert charges.look() == 0
    assert job_driver.message("test.held").done_at is not None


@pytest.mark.expects_failure("test.held")
def test_a_process_whose_thread_hangs_ends(
    job_driver: JobDriver,
    charges: Runner,
    held: Held,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    monkeypatch.setattr(runner, "LONGEST_SECONDS", 0.1)
    monkeypatch.setattr(runner, "CLAIM_SECONDS", 0.5)
    job_driver.stage("test.held")
    try:
        with caplog.at_level(logging.CRITICAL):
            run_due_messages("charges")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told
    assert "a thread hangs" in caplog.text
    assert not charges.finish()
