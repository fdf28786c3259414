"""A paused queue keeps its messages, and goes on where it stopped."""

from __future__ import annotations

import pytest

from payments_app.core.extensions import db
from payments_app.core.jobs import due
from payments_app.core.jobs.pauses import pause, resume
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable


def test_nothing_of_a_paused_queue_is_done_until_it_is_resumed(job_driver: JobDriver) -> None:
    done: list[str] = []
    job_driver.job("test.works", lambda subject, _claim: done.append(subject))
    assert pause("default", "The disk is full", "ada")
    job_driver.stage("test.works")
    assert due.due_queues(db.session()) == []
    job_driver.work()
    assert done == []
    assert resume("default", "ada")
    job_driver.work()
    assert done == ["it"]


def test_other_queues_go_on(job_driver: JobDriver) -> None:
    done: list[str] = []
    job_driver.job("test.works", lambda subject, _claim: done.append(subject))
    pause("charges", "Stripe moves", "ada")
    job_driver.stage("test.works")
    job_driver.work()
    assert done == ["it"]


def test_a_second_pause_keeps_the_first_ones_reason(job_driver: JobDriver) -> None:
    assert pause("default", "One", "ada")
    assert not pause("default", "Two", "grace")
    assert resume("default", "ada")
    assert not resume("default", "ada")
    assert [entry.data["reason"] for entry in job_driver.history("queue.paused")] == ["One"]
