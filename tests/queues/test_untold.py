"""A worker that lives, and whose word the database does not take, has not crashed."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.leases import CRASHES, claim
from payments_app.core.jobs.outbox import Message
from tests.queues.full_disk import end_leases, full_disk
from tests.queues.job_driver import JobDriver


@atomic
def crash(session: Session, subject: str, claims: int) -> None:
    session.execute(update(Message).where(Message.subject == subject).values(claims=claims))


@pytest.mark.parametrize("name", ["test.well", "test.fails"])
def test_a_full_disk_makes_no_dead_letter_of_what_is_tried_again_and_again(
    job_driver: JobDriver, name: str
) -> None:
    begun: list[str] = []
    job_driver.job("test.well", lambda subject, _claim: begun.append(subject))
    if name == "test.fails":
        job_driver.failing(name, waits=(1.0,) * 9)
    job_driver.stage(name)
    with full_disk():
        for _ in range(2 * CRASHES):
            job_driver.work()
            end_leases()
        message = job_driver.message(name)
        assert (message.dead_at, message.done_at) == (None, None)
        assert message.claims <= 1
    job_driver.work()
    message = job_driver.message(name)
    assert message.dead_at is None
    assert (message.done_at is not None) == (name == "test.well")
    assert message.failures == (name == "test.fails")
    assert job_driver.alerts() == []


@pytest.mark.expects_failure("test.well")
def test_where_a_dead_letter_has_no_room_what_was_claimed_beside_it_is_done(
    job_driver: JobDriver,
) -> None:
    begun: list[str] = []
    job_driver.job("test.well", lambda subject, _claim: begun.append(subject))
    job_driver.stage("test.well", "poison")
    job_driver.stage("test.well", "well")
    crash("poison", CRASHES)
    with full_disk():
        job_driver.work()
        assert begun == ["well"]
    end_leases()
    job_driver.work()
    assert begun == ["well", "well"]  # its end was not written either
    assert job_driver.message("test.well", "poison").dead_at is not None


@pytest.mark.expects_failure("test.well")
def test_a_message_whose_worker_died_every_time_is_dead_all_the_same(
    job_driver: JobDriver,
) -> None:
    job_driver.job("test.well", lambda _subject, _claim: None)
    job_driver.stage("test.well")
    job_driver.stage("test.well", "another")
    crash("another", 1)
    crash("it", 0)
    for _ in range(CRASHES):
        claim("default", 1)  # by a process that ends without a word
        end_leases()
    job_driver.work()
    assert job_driver.message("test.well").dead_at is not None
    assert job_driver.message("test.well", "another").done_at is not None
