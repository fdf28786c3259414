"""A critical alert is told again until somebody acknowledges it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.ops.acknowledge import acknowledge
from payments_app.ops.remind import remind, reminder_number
from tests.ops.receivers import Received, mail_server
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable
HOUR = 3600


@pytest.fixture
def mails() -> Iterator[Received]:
    with mail_server() as received:
        yield received


@pytest.fixture
def settings(settings: dict[str, str], mails: Received) -> dict[str, str]:
    return settings | {"SMTP_URL": mails.url, "ALERT_MAIL_TO": "ops@example.com"}


@atomic
def _raise(session: Session, severity: str, key: str = "test") -> None:
    alerts.raise_alert(session, "test", key, "Something is wrong.", severity=severity)


@atomic
def _age(session: Session, seconds: float) -> None:
    session.execute(update(Alert).values(first_at=database_now(-seconds)))


def raised(job_driver: JobDriver, mails: Received, severity: str = "critical") -> None:
    """An alert that was told once."""
    _raise(severity)
    job_driver.work("sweeper")
    mails.mails.clear()


def reminded_at(job_driver: JobDriver, age_seconds: float) -> None:
    """As a sweeper does that looks when the alert is so old."""
    _age(age_seconds)
    remind()
    job_driver.work("sweeper")


def test_reminders_come_after_one_hour_and_then_every_four() -> None:
    ages = [0.9, 1, 4.9, 5, 8.9, 9, 25]
    assert [reminder_number(age * HOUR, HOUR) for age in ages] == [0, 1, 1, 2, 2, 3, 7]


def test_a_critical_alert_is_told_again_after_an_hour_once(
    job_driver: JobDriver, mails: Received
) -> None:
    raised(job_driver, mails)
    for age in (3500, 3700, 3760):
        reminded_at(job_driver, age)
    (mail,) = mails.mails
    assert "Still open, reminder 1: Something is wrong." in mail


def test_a_reminder_is_another_mail_than_the_first(job_driver: JobDriver, mails: Received) -> None:
    raised(job_driver, mails)
    reminded_at(job_driver, HOUR)
    reminded_at(job_driver, 5 * HOUR)
    (alert,) = job_driver.alerts()
    for number, mail in enumerate(mails.mails, start=1):
        assert f"<alert_{alert.id}_{number}@" in mail
    assert len(mails.mails) == 2


def test_after_a_night_without_a_sweeper_only_the_latest_is_told(
    job_driver: JobDriver, mails: Received
) -> None:
    raised(job_driver, mails)
    reminded_at(job_driver, 13 * HOUR)
    (mail,) = mails.mails
    assert "reminder 4" in mail


def test_an_acknowledged_alert_is_not_told_again(job_driver: JobDriver, mails: Received) -> None:
    raised(job_driver, mails)
    acknowledge(job_driver.alerts()[0].id, "ada")
    reminded_at(job_driver, 2 * HOUR)
    assert mails.mails == []


def test_a_warning_is_told_once(job_driver: JobDriver, mails: Received) -> None:
    raised(job_driver, mails, "warning")
    reminded_at(job_driver, 2 * HOUR)
    assert mails.mails == []


def test_many_of_a_kind_are_reminded_of_together(job_driver: JobDriver, mails: Received) -> None:
    for number in range(5):
        _raise("critical", f"test:{number}")
    job_driver.work("sweeper")
    mails.mails.clear()
    reminded_at(job_driver, HOUR)
    assert ["5 alerts of test are open" in mail for mail in mails.mails] == [True]
