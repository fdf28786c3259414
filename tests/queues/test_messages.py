"""One message at a time for a job that must be alone; failures counted; the dead told of."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Claim, Later
from tests.queues.job_driver import Bench

pytestmark = pytest.mark.portable


def _do_nothing(_subject: str, _claim: Claim) -> None:
    pass


@atomic
def _raise_alert(session: Session) -> None:
    alerts.raise_alert(session, "test", "one", "words")


def _put_off(_subject: str, _claim: Claim) -> None:
    raise Later(60, "not now")


def test_a_job_that_is_alone_is_open_once_for_each_subject(bench: Bench) -> None:
    bench.job("test.alone", _do_nothing, alone=True)
    assert bench.stage("test.alone", key="first")
    assert not bench.stage("test.alone", key="second")
    assert bench.stage("test.alone", "another", key="third")


def test_a_duplicate_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.job("test.alone", _do_nothing, alone=True)
    bench.stage("test.alone", key="first")
    with caplog.at_level(logging.INFO, "payments_app.core.jobs.outbox"):
        bench.stage("test.alone", key="second")
    assert "test.alone for it is a duplicate" in caplog.text


def test_a_job_that_is_alone_can_be_asked_for_again_once_it_is_done(bench: Bench) -> None:
    bench.job("test.alone", _do_nothing, alone=True)
    bench.stage("test.alone", key="first")
    bench.work()
    assert bench.stage("test.alone", key="second")


def test_the_ledger_job_is_alone(bench: Bench) -> None:
    assert bench.app.extensions["commands"]["ledger.post_capture"].alone


def test_being_put_off_costs_none_of_the_tries_that_failures_have(bench: Bench) -> None:
    bench.job("test.moody", _put_off, waits=(60,))
    bench.stage("test.moody")
    for _ in range(8):
        bench.work()
        bench.make_due()
    bench.failing("test.moody", waits=(60,))
    bench.work()
    assert bench.message("test.moody").dead_at is None


def test_retries_times_put_off_and_deaths_are_counted_by_job(bench: Bench) -> None:
    bench.job("test.moody", _put_off)
    bench.stage("test.moody")
    bench.work()
    bench.failing("test.moody", waits=(60,))
    for _ in range(2):
        bench.make_due()
        bench.work()
    tally = bench.tally("test.moody")
    assert (tally.retries, tally.deaths) == (1, 1)
    assert tally.put_off >= 1


@pytest.mark.parametrize("queue", ["charges", "payment_critical"])
def test_a_death_on_a_critical_queue_is_a_critical_alert(bench: Bench, queue: str) -> None:
    bench.bury(queue=queue)
    assert [alert.severity for alert in bench.alerts()] == ["critical"]


def test_the_alert_of_a_death_names_job_arguments_error_and_retries(bench: Bench) -> None:
    bench.failing("test.fails", waits=(60,))
    bench.stage("test.fails", "txn_1")
    bench.work()
    bench.make_due()
    bench.work()
    (alert,) = bench.alerts()
    assert alert.data == {
        "queue": "default",
        "command": "test.fails",
        "subject": "txn_1",
        "error": "RuntimeError: the cause",
        "retries": 1,
        "crashes": 1,
    }


def test_an_alert_commits_with_the_messages_that_tell_of_it(bench: Bench) -> None:
    bench.bury()
    (alert,) = bench.alerts()
    told = [*bench.messages("alerts.mail"), *bench.messages("alerts.webhook")]
    assert [message.subject for message in told] == [str(alert.id)] * 2


def test_a_repeated_alert_is_told_once(bench: Bench) -> None:
    _raise_alert()
    _raise_alert()
    assert [alert.times for alert in bench.alerts()] == [2]
    assert len(bench.messages("alerts.mail")) == 1


def test_that_nobody_can_be_told_is_not_told_in_a_circle(bench: Bench) -> None:
    bench.failing("alerts.mail", "sweeper")
    bench.bury()
    bench.work("sweeper")
    assert len(bench.alerts()) == 2
    assert len(bench.messages("alerts.mail")) == 1
