"""What happens by the clock: each period once, whatever becomes of Redis and the workers."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from parts.process import wait_until
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.jobs.runner import stopping
from payments_app.core.jobs.scheduler import Periodic, Scheduler
from payments_app.job_commands import COMMANDS
from payments_app.queues import BACKGROUND_QUEUES, QUEUE_THREADS
from payments_app.reconcile import sweep
from payments_app.schedule import SCHEDULE
from tests.ledger.concurrency import run_at_once
from tests.queues.job_driver import JobDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def _do_nothing(_subject: str, _claim: Claim) -> None:
    pass


def _keep(app: Flask, *jobs: Periodic) -> None:
    app.extensions["schedule"] = jobs


def test_eight_sweepers_stage_one_message_for_a_period(job_driver: JobDriver) -> None:
    job_driver.job("test.tick", _do_nothing)
    _keep(job_driver.app, Periodic("tick", "test.tick", 86_400))
    run_at_once(job_driver.app, lambda: Scheduler().stage_due())
    assert len(job_driver.messages("test.tick")) == 1


def test_the_next_period_has_a_message_of_its_own(job_driver: JobDriver) -> None:
    job_driver.job("test.tick", _do_nothing)
    _keep(job_driver.app, Periodic("tick", "test.tick", 1))
    scheduler = Scheduler()

    def two_periods_came() -> bool:
        scheduler.stage_due()
        return len(job_driver.messages("test.tick")) >= 2

    assert wait_until(two_periods_came, within=60)


def test_a_job_that_still_runs_is_not_begun_a_second_time(job_driver: JobDriver) -> None:
    job_driver.job("test.tick", _do_nothing, unique_while_open=True)
    _keep(
        job_driver.app, Periodic("tick", "test.tick", 86_400), Periodic("tick", "test.tick", 43_200)
    )
    Scheduler().stage_due()
    Scheduler().stage_due()
    assert len(job_driver.messages("test.tick")) == 1


def test_a_daily_job_may_begin_at_another_hour_than_midnight() -> None:
    daily = Periodic("daily", "test.daily", 86_400, offset=3 * 3600)
    midnight = 1_800_057_600
    assert midnight % 86_400 == 0
    assert daily.period(midnight + 3 * 3600) == daily.period(midnight + 3 * 3600 - 1) + 1
    assert daily.period(midnight) == daily.period(midnight - 1)


def test_the_sweeper_works_on_its_own_queue_without_redis(
    settings: dict[str, str], job_driver: JobDriver
) -> None:
    done = threading.Event()
    job_driver.job("test.own", lambda *_: done.set(), outbox.SWEEPER)
    _keep(job_driver.app, Periodic("own", "test.own", 86_400))
    job_driver.app.extensions["wake_up_redis"].connection_pool.connection_kwargs["port"] = 1
    job_driver.app.extensions["wake_up_redis"].connection_pool.disconnect()
    job_driver.stage("charge", "nobody")
    sweep.run(threading.Event(), once=True)
    assert done.is_set()


def test_the_sweeper_wakes_when_the_next_message_is_due(job_driver: JobDriver) -> None:
    job_driver.job("test.soon", lambda *_: _later(0.2))
    _keep(job_driver.app)
    job_driver.stage("test.soon")
    job_driver.work()
    pause = sweep._round(Scheduler(), sweep._Rounds())
    assert pause < sweep.LONGEST_SECONDS


@pytest.fixture
def _killed_by_signals() -> Iterator[None]:
    """As a process is that does not listen to them; this one has to live on."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [(number, signal.signal(number, _be_killed)) for number in numbers]
    yield
    for number, handler in before:
        signal.signal(number, handler)
    stopping.clear()


def _be_killed(*_: object) -> None:
    raise SystemExit("killed in the middle of a round")


@pytest.mark.usefixtures("_killed_by_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_sweeper_that_is_told_to_stop_ends_its_round_and_begins_no_other(
    job_driver: JobDriver, cli: FlaskCliRunner, number: signal.Signals
) -> None:
    job_driver.job("test.stop", lambda *_: os.kill(os.getpid(), number), outbox.SWEEPER)
    _keep(job_driver.app, Periodic("stop", "test.stop", 86_400))
    assert cli.invoke(args=["sweep"]).exit_code == 0
    assert [message.done_at is not None for message in job_driver.messages("test.stop")] == [True]


def _later(seconds: float) -> None:
    raise Later(seconds, "soon")


def test_every_job_of_the_schedule_is_a_command() -> None:
    assert {job.command for job in SCHEDULE} <= set(COMMANDS)


def test_no_two_jobs_of_the_schedule_share_a_name() -> None:
    assert len({job.name for job in SCHEDULE}) == len(SCHEDULE)


def test_every_queue_is_worked_on() -> None:
    assert {command.queue for command in COMMANDS.values()} <= {*QUEUE_THREADS, outbox.SWEEPER}


def test_the_sweepers_queue_has_no_worker_that_could_be_away() -> None:
    assert outbox.SWEEPER not in QUEUE_THREADS


def test_no_queue_that_a_buyer_waits_for_gives_way_to_others() -> None:
    assert not {"charges", "payment_critical", "payment_standard"} & BACKGROUND_QUEUES
    assert set(QUEUE_THREADS) > BACKGROUND_QUEUES


def test_nothing_is_asked_for_more_often_than_every_fifteen_seconds() -> None:
    assert min(periodic.seconds for periodic in SCHEDULE) == 15
