"""While the database takes no word of it, an alert is told once by a process that lives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ops.receivers import Received, mail_server, web_server
from tests.queues.full_disk import end_leases, full_disk
from tests.queues.job_driver import JobDriver


@pytest.fixture
def heard() -> Iterator[tuple[Received, Received]]:
    with mail_server() as mails, web_server() as calls:
        yield mails, calls


@pytest.fixture
def settings(settings: dict[str, str], heard: tuple[Received, Received]) -> dict[str, str]:
    mails, calls = heard
    return settings | {
        "SMTP_URL": mails.url,
        "ALERT_MAIL_TO": "ops@example.com",
        "ALERT_WEBHOOK_URL": calls.url,
        "ALERT_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u",
    }


def test_with_a_full_disk_an_alert_is_told_once_in_each_way(
    job_driver: JobDriver, heard: tuple[Received, Received]
) -> None:
    mails, calls = heard
    job_driver.dead_letter()
    with full_disk():
        for _ in range(3):
            job_driver.work("sweeper")
            end_leases()
        assert [alert.delivered_at for alert in job_driver.alerts()] == [None]
    job_driver.work("sweeper")
    assert (len(mails.mails), len(calls.webhooks)) == (1, 1)
    assert [alert.delivered_at is not None for alert in job_driver.alerts()] == [True]
