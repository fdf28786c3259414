"""Whatever is put off has an end, and a person hears of it; or its command says why it has none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import leases
from payments_app.core.jobs.command import Command, Later
from payments_app.core.jobs.outbox import Message
from payments_app.job_commands import COMMANDS
from payments_app.ops.dead_letters import retry
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable

# What is asked for until it is known, or told until somebody has heard. Each says why.
UNENDING = {
    "look_up",
    "refunds.look_up",
    "alerts.mail",
    "alerts.webhook",
    "customers.read_card",
    "customers.read_customer",
    "ops.notice_end",
}
MONTH = 31 * 86_400


def put_off(_subject: str, _claim: object) -> None:
    raise Later(1, "not now")


@atomic
def wait(session: Session, seconds: float) -> None:
    """Let it be so long ago that what was put off was so for the first time."""
    session.execute(
        update(Message)
        .where(Message.first_put_off_at.is_not(None))
        .values(first_put_off_at=database_now(-seconds))
    )


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - UNENDING))
def test_a_command_that_is_put_off_ends(name: str) -> None:
    assert not COMMANDS[name].unending
    assert 0 < COMMANDS[name].deadline <= MONTH


@pytest.mark.parametrize("name", sorted(UNENDING))
def test_a_command_that_has_no_end_says_why(name: str) -> None:
    assert len(COMMANDS[name].unending) > 20


def job(job_driver: JobDriver, **more: object) -> None:
    job_driver.app.extensions["commands"]["test.moody"] = Command(put_off, "default", **more)  # type: ignore[arg-type]
    job_driver.stage("test.moody")


@pytest.mark.expects_failure("test.moody")
def test_what_is_put_off_for_longer_than_its_deadline_is_dead(job_driver: JobDriver) -> None:
    job(job_driver, deadline=100.0)
    job_driver.work()
    wait(99)
    job_driver.make_due()
    job_driver.work()
    assert job_driver.message("test.moody").dead_at is None
    wait(101)
    job_driver.make_due()
    job_driver.work()
    message = job_driver.message("test.moody")
    assert message.dead_at is not None
    assert "put off" in (message.last_error or "")
    assert "not now" in (message.last_error or "")
    assert [alert.kind for alert in job_driver.alerts()] == ["dead_letter"]


def test_its_time_begins_when_it_is_put_off_first_and_not_when_it_is_stored(
    job_driver: JobDriver,
) -> None:
    job(job_driver, deadline=100.0)
    _age(1000)
    job_driver.work()
    job_driver.make_due()
    job_driver.work()
    assert job_driver.message("test.moody").dead_at is None


def test_what_has_no_end_goes_on(job_driver: JobDriver) -> None:
    job(job_driver, unending="it is asked for until it is known")
    job_driver.work()
    wait(10 * MONTH)
    job_driver.make_due()
    job_driver.work()
    assert job_driver.message("test.moody").dead_at is None


def test_a_dead_message_that_is_tried_again_has_all_of_its_time(job_driver: JobDriver) -> None:
    job(job_driver, deadline=100.0)
    job_driver.work()
    wait(101)
    job_driver.make_due()
    job_driver.work()
    retry(job_driver.message("test.moody").id, "once more", "ada")
    job_driver.work()
    assert job_driver.message("test.moody").dead_at is None


@pytest.mark.expects_failure("test.moody")
def test_its_subject_hears_of_the_end(job_driver: JobDriver) -> None:
    ended: list[str] = []
    job(job_driver, deadline=100.0, on_dead_letter=lambda _session, subject: ended.append(subject))
    job_driver.work()
    wait(101)
    job_driver.make_due()
    job_driver.work()
    assert ended == ["it"]


@atomic
def _age(session: Session, seconds: float) -> None:
    session.execute(update(Message).values(created_at=database_now(-seconds)))


@pytest.mark.expects_failure
def test_every_command_that_is_put_off_for_ever_is_dead_but_these(job_driver: JobDriver) -> None:
    job_driver.app.extensions["events"] = {}  # nobody is told of the deaths
    commands = dict(job_driver.app.extensions["commands"])
    for name, command in commands.items():
        job_driver.app.extensions["commands"][name] = replace(command, on_dead_letter=None)
        job_driver.stage(name)
    _put_all_off()
    wait(MONTH + 1)
    job_driver.make_due()
    _put_all_off()
    alive = {name for name in commands if job_driver.message(name).dead_at is None}
    assert alive == UNENDING


def _put_all_off() -> None:
    commands = current_app.extensions["commands"]
    for queue in {command.queue for command in commands.values()}:
        for claim in leases.claim(queue, len(commands)):
            leases.put_off(claim, 1, "not now")
