"""How long each job takes, over three days: kept by the processes that work, then let go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from parts.app import Worker
from parts.process import wait_until
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import job_times
from payments_app.core.jobs.job_times import JobFigures, JobTime, Times, job_figures
from payments_app.core.jobs.runner import runner_of
from payments_app.ops.clean_up import clean_up
from tests.accounts.staff_driver import StaffDriver
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable


def figures() -> dict[str, JobFigures]:
    db.session.rollback()
    return {found.command: found for found in job_figures(db.session())}


def keep(command: str, *seconds: float, failed: int = 0, queue: str = "default") -> None:
    """As one process does."""
    times = Times(queue)
    for number, one in enumerate(seconds):
        times.note(command, one, failed=number < failed)
    times.store(at_end=True)


@atomic
def age(session: Session, command: str, days: int) -> None:
    for row in session.scalars(select(JobTime).where(JobTime.command == command)):
        row.day = utcnow().date() - dt.timedelta(days=days)


@pytest.mark.dialect
@pytest.mark.usefixtures("app_context")
def test_what_several_processes_count_is_one_figure() -> None:
    keep("test.job", 0.1, 0.1, 0.4, failed=1)
    keep("test.job", 0.1, 90.0, failed=1)
    keep("test.other", 5.0)
    found, other = figures()["test.job"], figures()["test.other"]
    assert (found.runs, found.failed, found.slowest) == (5, 2, 90_000)
    assert found.median == pytest.approx(100, rel=0.1)
    assert (other.runs, other.failed) == (1, 0)


@pytest.mark.parametrize("milliseconds", [1, 7, 40, 333, 2500, 61_000, 290_000])
@pytest.mark.usefixtures("app_context")
def test_a_median_is_right_to_a_tenth(milliseconds: int) -> None:
    keep("test.job", *[milliseconds / 1000] * 3, 300)
    assert figures()["test.job"].median == pytest.approx(milliseconds, rel=0.1)


@pytest.mark.usefixtures("app_context")
def test_three_days_are_told_apart_and_older_ones_are_let_go() -> None:
    keep("test.job", 10.0)
    age("test.job", 2)
    keep("test.job", 0.2)
    keep("test.old", 1.0)
    age("test.old", 3)
    today, yesterday, before = figures()["test.job"].by_day
    assert today == pytest.approx(200, rel=0.1)
    assert yesterday is None
    assert before == pytest.approx(10_000, rel=0.1)
    assert "test.old" not in figures()
    assert clean_up() == 1
    assert set(db.session.scalars(select(JobTime.command))) == {"test.job"}


@pytest.mark.usefixtures("app_context")
def test_no_more_rows_are_kept_than_a_job_has_classes() -> None:
    keep("test.job", *[number / 10 for number in range(3000)])
    assert len(list(db.session.scalars(select(JobTime.runs)))) < 80


def test_jobs_that_fail_are_counted_as_such_and_those_put_off_are_not(
    job_driver: JobDriver,
) -> None:
    job_driver.failing("test.fails")
    job_driver.job("test.works", lambda *_: None)
    for name in ("test.fails", "test.works"):
        job_driver.stage(name)
    job_driver.work()
    runner_of("default").times.store(at_end=True)
    found = figures()
    assert [(found[n].runs, found[n].failed) for n in ("test.fails", "test.works")] == [
        (1, 1),
        (1, 0),
    ]


def test_the_page_of_queues_says_them(job_driver: JobDriver, staff_driver: StaffDriver) -> None:
    keep("test.job", 0.04, 2.3, failed=1)
    page = " ".join(staff_driver.signed_in("support").get("/staff/queues").text.split())
    row = page.partition("test.job</td>")[2].partition("</tr>")[0]
    assert '<td data-label="Runs" class="number">2</td>' in row
    assert '<td data-label="Failed" class="number">1</td>' in row
    assert '<td data-label="Slowest" class="number">2.3 s</td>' in row
    assert '<td data-label="Yesterday" class="number">\N{EN DASH}</td>' in row


@pytest.fixture
def worker(app: Flask, settings: dict[str, str], tmp_path: Path) -> Iterator[Worker]:
    with Worker(tmp_path, settings, "charges") as worker:
        yield worker


@pytest.mark.slow
def test_a_worker_keeps_the_times_of_what_it_did(driver: PaymentDriver, worker: Worker) -> None:
    paid = driver.open()
    assert wait_until(lambda: driver.read(paid).state == "complete", within=30)
    assert wait_until(lambda: "charge" in figures(), within=job_times.STORE_SECONDS + 10)
    assert figures()["charge"].runs == 1
