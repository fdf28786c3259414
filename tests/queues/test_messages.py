"""One message at a time for a job that must be alone; failures counted; the dead told of."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from tests.queues.job_driver import JobDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def _do_nothing(_subject: str, _claim: Claim) -> None:
    pass


@atomic
def _raise_alert(session: Session) -> None:
    alerts.raise_alert(session, "test", "one", "words")


def _put_off(_subject: str, _claim: Claim) -> None:
    raise Later(60, "not now")


def test_a_job_that_is_alone_is_open_once_for_each_subject(job_driver: JobDriver) -> None:
    job_driver.job("test.unique", _do_nothing, unique_while_open=True)
    assert job_driver.stage("test.unique", key="first")
    assert not job_driver.stage("test.unique", key="second")
    assert job_driver.stage("test.unique", "another", key="third")


def test_a_duplicate_is_logged(job_driver: JobDriver, caplog: pytest.LogCaptureFixture) -> None:
    job_driver.job("test.unique", _do_nothing, unique_while_open=True)
    job_driver.stage("test.unique", key="first")
    with caplog.at_level(logging.INFO, "payments_app.core.jobs.outbox"):
        job_driver.stage("test.unique", key="second")
    assert "test.unique for it is a duplicate" in caplog.text


def test_a_job_that_is_alone_can_be_asked_for_again_once_it_is_done(job_driver: JobDriver) -> None:
    job_driver.job("test.unique", _do_nothing, unique_while_open=True)
    job_driver.stage("test.unique", key="first")
    job_driver.work()
    assert job_driver.stage("test.unique", key="second")


def test_the_ledger_job_is_alone(job_driver: JobDriver) -> None:
    assert job_driver.app.extensions["commands"]["ledger.post_capture"].unique_while_open


@pytest.mark.expects_failure("test.moody")
def test_being_put_off_costs_none_of_the_tries_that_failures_have(job_driver: JobDriver) -> None:
    job_driver.job("test.moody", _put_off, waits=(60,))
    job_driver.stage("test.moody")
    for _ in range(8):
        job_driver.work()
        job_driver.make_due()
    job_driver.failing("test.moody", waits=(60,))
    job_driver.work()
    assert job_driver.message("test.moody").dead_at is None


@pytest.mark.expects_failure("test.moody")
def test_retries_times_put_off_and_deaths_are_counted_by_job(job_driver: JobDriver) -> None:
    job_driver.job("test.moody", _put_off)
    job_driver.stage("test.moody")
    job_driver.work()
    job_driver.failing("test.moody", waits=(60,))
    for _ in range(2):
        job_driver.make_due()
        job_driver.work()
    counters = job_driver.counters("test.moody")
    assert (counters.retries, counters.deaths) == (1, 1)
    assert counters.put_off >= 1


@pytest.mark.expects_failure("test.fails")
@pytest.mark.parametrize("queue", ["charges", "payment_critical"])
def test_a_death_on_a_critical_queue_is_a_critical_alert(job_driver: JobDriver, queue: str) -> None:
    job_driver.dead_letter(queue=queue)
    assert [alert.severity for alert in job_driver.alerts()] == ["critical"]


@pytest.mark.expects_failure("test.fails")
def test_the_alert_of_a_death_names_job_arguments_error_and_retries(job_driver: JobDriver) -> None:
    job_driver.failing("test.fails", waits=(60,))
    job_driver.stage("test.fails", "txn_1")
    job_driver.work()
    job_driver.make_due()
    job_driver.work()
    (alert,) = job_driver.alerts()
    assert alert.data == {
        "queue": "default",
        "command": "test.fails",
        "subject": "txn_1",
        "error": "RuntimeError: the cause",
        "retries": 1,
        "crashes": 1,
    }


@pytest.mark.expects_failure("test.fails")
def test_an_alert_commits_with_the_messages_that_tell_of_it(job_driver: JobDriver) -> None:
    job_driver.dead_letter()
    (alert,) = job_driver.alerts()
    told = [*job_driver.messages("alerts.mail"), *job_driver.messages("alerts.webhook")]
    assert [message.subject for message in told] == [str(alert.id)] * 2


def test_a_repeated_alert_is_told_once(job_driver: JobDriver) -> None:
    _raise_alert()
    _raise_alert()
    assert [alert.times for alert in job_driver.alerts()] == [2]
    assert len(job_driver.messages("alerts.mail")) == 1


@pytest.mark.expects_failure("alerts.mail", "test.fails")
def test_that_nobody_can_be_told_is_not_told_in_a_circle(job_driver: JobDriver) -> None:
    job_driver.failing("alerts.mail", "sweeper")
    job_driver.dead_letter()
    job_driver.work("sweeper")
    assert len(job_driver.alerts()) == 2
    assert len(job_driver.messages("alerts.mail")) == 1
