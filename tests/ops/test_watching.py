"""Problems is said in words, and is an alert where nobody else raises one."""

from __future__ import annotations

import inspect
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from parts.redis import Redis
from payments_app.config import Config
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.job_commands import COMMANDS
from payments_app.ops import diagnosis, redis_state
from payments_app.ops.clean_up import clean_up
from payments_app.ops.diagnosis import MEANINGS, meaning_of
from payments_app.ops.measures import BreakerState, Load
from payments_app.ops.watch import check_redis, watch
from tests.accounts.staff_driver import StaffDriver
from tests.queues.job_driver import JobDriver

CLOSED = BreakerState(False, 0, 0)
THREADS = {"charges": 10, "reports": 1}


def _words(*loads: Load, breaker: BreakerState = CLOSED) -> str:
    found = diagnosis.troubles(loads, {}, THREADS, breaker, [])
    return " ".join(f"{trouble.what} {trouble.meaning}" for trouble in found)


def test_a_quiet_system_has_no_troubles() -> None:
    assert _words(Load("charges", "charge", 3, 3, 0, 0, 4.9)) == ""


def test_charges_that_wait_more_than_five_seconds_are_critical() -> None:
    load = Load("charges", "charge", 3, 3, 0, 0, 5.1)
    (trouble,) = diagnosis.troubles([load], {}, THREADS, CLOSED, [])
    assert trouble.critical


def test_nothing_running_means_that_the_worker_is_not_there() -> None:
    words = _words(Load("charges", "charge", 3, 3, 0, 0, 6))
    assert "Is the worker of charges running?" in words


def test_everything_running_means_that_more_comes_than_can_be_done() -> None:
    words = _words(Load("charges", "charge", 13, 3, 10, 0, 6))
    assert "threads are busy" in words


def test_reports_may_wait_for_minutes() -> None:
    assert _words(Load("reports", "staff.report", 3, 3, 0, 0, 200)) == ""


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        ("ledger.post_capture", "database"),
        ("notices.deliver_webhook", "merchant's endpoint"),
        ("notices.send_mail", "mail server"),
        ("charge", "Stripe"),
        ("nobody.knows", "last error"),
    ],
)
def test_retries_say_what_they_probably_mean(app: Flask, command: str, cause: str) -> None:
    with app.app_context():
        assert cause in _words(Load("payment_standard", command, 1, 0, 0, 1, 0))


def test_every_meaning_is_of_a_command_that_exists() -> None:
    assert set(MEANINGS) - set(COMMANDS) == set()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_job_whose_code_reads_stripe_s_answers_may_wait_for_stripe(command: str) -> None:
    run = inspect.unwrap(COMMANDS[command].run)
    inner = [cell.cell_contents for cell in run.__closure__ or ()]
    modules = {sys.modules[each.__module__] for each in (run, *filter(callable, inner))}
    names = {getattr(value, "__module__", "") for m in modules for value in vars(m).values()}
    if "payments_app.gateway.results" in names:
        assert "Stripe" in MEANINGS[command]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        ("OperationalError: server closed the connection", "The database"),
        ("its worker died every time", "memory"),
        ("KeyError: 'amount'", "tell the developers"),
        ("GatewayError: 503", "Stripe"),
    ],
)
def test_the_error_itself_says_more_than_what_the_job_talks_to(
    app: Flask, error: str, meaning: str
) -> None:
    with app.app_context():
        assert meaning in meaning_of("charge", error)


def test_an_open_breaker_is_said_in_words() -> None:
    assert "Stripe does not answer" in _words(breaker=BreakerState(True, 7, 1))


def test_a_redis_that_may_evict_or_forget_jobs_is_an_alert(app: Flask, tmp_path: Path) -> None:
    with Redis(tmp_path / "wrong", policy="allkeys-lru", max_memory="64mb") as server:
        (jobs, _) = redis_state.inspect(_config(app, server.url()))
    assert len(jobs.problems()) == 2
    assert "must be noeviction" in jobs.problems()["evicts"]


def test_a_redis_as_it_should_be_is_none(app: Flask, tmp_path: Path) -> None:
    with Redis(tmp_path / "right", append_only=True) as server:
        (jobs, _) = redis_state.inspect(_config(app, server.url()))
    assert jobs.problems() == {}


def test_a_redis_that_is_away_is_said_so(app: Flask) -> None:
    (jobs, _) = redis_state.inspect(_config(app, "redis://127.0.0.1:1/0"))
    assert jobs.problems() == {"away": "the Redis for jobs does not answer"}


def test_the_watch_raises_an_alert_for_a_redis_that_forgets(job_driver: JobDriver) -> None:
    watch()
    watch()
    assert [alert.kind for alert in job_driver.alerts()] == ["redis"]
    assert "appendonly" in job_driver.alerts()[0].message


def test_a_worker_that_starts_raises_an_alert_for_a_redis_that_forgets(
    job_driver: JobDriver,
) -> None:
    check_redis()
    assert [alert.key for alert in job_driver.alerts()] == ["redis:jobs:forgets"]


@pytest.mark.portable
def test_the_watch_raises_an_alert_for_charges_that_wait(job_driver: JobDriver) -> None:
    job_driver.stage("charge", "nobody")
    _age("charge", 10)
    watch()
    assert "late:charges" in [alert.key for alert in job_driver.alerts()]


@pytest.mark.portable
def test_the_page_of_queues_says_what_is_wrong(
    job_driver: JobDriver, staff_driver: StaffDriver
) -> None:
    job_driver.failing("ledger.test", "payment_critical", waits=(60,))
    job_driver.stage("ledger.test")
    job_driver.work("payment_critical")
    page = staff_driver.signed_in("support").get("/staff/queues").text
    assert "ledger.test: 1 failed and will be tried again." in page
    assert "The database: locks, a restart, or a full disk." in page


@pytest.mark.portable
def test_done_messages_go_after_thirty_days_and_open_ones_stay(job_driver: JobDriver) -> None:
    job_driver.job("test.old", lambda *_: None)
    job_driver.stage("test.old", "done long ago")
    job_driver.work()
    _age("test.old", 31 * 86_400)
    job_driver.stage("test.old", "open")
    dead = job_driver.dead_letter()
    _age("test.fails", 31 * 86_400)
    assert clean_up() == 1
    assert [m.subject for m in job_driver.messages("test.old")] == ["open"]
    assert job_driver.message("test.fails").id == dead


@atomic
def _age(session: Session, command: str, seconds: float) -> None:
    for column in (Message.available_at, Message.done_at, Message.dead_at):
        session.execute(
            update(Message)
            .where(Message.command == command, column.is_not(None))
            .values({column: database_now(-seconds)})
        )


def _config(app: Flask, jobs_url: str) -> Config:
    return replace(app.config["CONFIG"], redis_url=jobs_url)
