"""Each process says that it works and what it was built with; one that differs is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from parts.app import Sweeper, Worker
from parts.process import running, wait_until
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import heartbeats
from payments_app.core.jobs.command import Subscriber
from payments_app.core.jobs.heartbeats import Heart, Heartbeat
from payments_app.ops.clean_up import clean_up
from payments_app.ops.close_alerts import CALM_SECONDS
from payments_app.ops.watch import watch
from payments_app.payments.follow_up_names import follow_up_of
from tests.queues.job_driver import JobDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def beats() -> list[Heartbeat]:
    db.session.rollback()
    return list(db.session.scalars(select(Heartbeat).order_by(Heartbeat.name)))


@atomic
def forget(session: Session) -> None:
    session.execute(delete(Heartbeat))


@atomic
def started_before(session: Session, seconds: float, name: str = "%") -> None:
    mine = update(Heartbeat).where(Heartbeat.name.like(name))
    session.execute(mine.values(started_at=database_now(-seconds)))


@atomic
def seen_before(session: Session, name: str, seconds: float) -> None:
    mine = update(Heartbeat).where(Heartbeat.name == name)
    session.execute(mine.values(seen_at=database_now(-seconds)))


def below(job_driver: JobDriver, prefix: str) -> None:
    """Build the application anew, as a part of another one."""
    config = job_driver.app.config["CONFIG"]
    job_driver.app.config["CONFIG"] = replace(config, prefix=prefix)


@atomic
def quiet_for(session: Session, seconds: float) -> None:
    """It was told last so many seconds ago."""
    session.execute(update(Alert).values(last_at=database_now(-seconds)))


def open_alerts() -> list[str]:
    db.session.rollback()
    query = select(Alert.key).where(Alert.kind == "differs", Alert.acknowledged_at.is_(None))
    return list(db.session.scalars(query))


@pytest.mark.slow
def test_workers_and_the_sweeper_have_one(
    job_driver: JobDriver, settings: dict[str, str], tmp_path: Path
) -> None:
    with running(Worker(tmp_path, settings, "charges"), Sweeper(tmp_path, settings)):
        assert wait_until(lambda: [beat.name for beat in beats()] == ["charges", "sweeper"], 30)
    assert heartbeats.differences(beats(), heartbeats.knowledge()) == []


@pytest.mark.usefixtures("job_driver")
def test_it_is_stored_once_a_minute() -> None:
    heart = Heart("charges")
    heart.beat()
    forget()
    heart.beat()
    assert beats() == []


def test_one_that_writes_other_addresses_is_named(job_driver: JobDriver) -> None:
    Heart("charges").beat()
    below(job_driver, "/pay")
    Heart("mailers").beat()
    (words,) = heartbeats.differences(beats(), heartbeats.knowledge())
    assert words.startswith("charges at ")
    site = job_driver.app.config["CONFIG"].public_url
    assert words.endswith(f" writes addresses of {site} and not of {site}/pay.")


def test_one_that_does_not_know_what_another_does_is_named(job_driver: JobDriver) -> None:
    Heart("charges").beat()
    job_driver.job("bookings.confirm", lambda *_: None)
    (words,) = heartbeats.differences(beats(), heartbeats.knowledge())
    assert words.endswith(" knows no bookings.confirm.")


def with_address(driver: JobDriver) -> None:
    config = driver.app.config["CONFIG"]
    driver.app.config["CONFIG"] = replace(config, public_url="https://pay.example.com")


def with_prefix(driver: JobDriver) -> None:
    below(driver, "/pay")


def with_command(driver: JobDriver) -> None:
    driver.job("bookings.confirm", lambda *_: None)


def with_kind(driver: JobDriver) -> None:
    known = driver.app.extensions["payable_commands"]()
    more = {follow_up_of("booking"): known[follow_up_of("order")]}
    driver.app.extensions["payable_commands"] = lambda: known | more


def with_subscriber(driver: JobDriver) -> None:
    events = driver.app.extensions["events"]
    more = (*events["payment.completed"], Subscriber("bookings.confirm"))
    driver.app.extensions["events"] = events | {"payment.completed": more}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_address, "writes addresses of {site} and not of https://pay.example.com."),
        (with_prefix, "writes addresses of {site} and not of {site}/pay."),
        (with_command, "knows no bookings.confirm."),
        (with_kind, "knows no payments.follow_up.booking."),
        (with_subscriber, "knows no bookings.confirm of payment.completed."),
    ],
)
def test_whatever_one_was_built_with_otherwise_is_named_by_the_alert_and_by_the_doctor(
    job_driver: JobDriver, cli: FlaskCliRunner, change: Callable[[JobDriver], None], said: str
) -> None:
    words = said.format(site=job_driver.app.config["CONFIG"].public_url)
    Heart("charges").beat()
    change(job_driver)
    Heart("mailers").beat()
    told = cli.invoke(args=["doctor"])
    assert told.exit_code == 1
    (line,) = [one for one in told.output.splitlines() if one.startswith("WRONG")]
    assert line.startswith("WRONG  process: charges at ")
    assert line.endswith(words)
    started_before(1000)
    started_before(2000, "charges")  # the newest is the one that the others are held against
    watch()
    db.session.rollback()
    (alert,) = db.session.scalars(select(Alert).where(Alert.kind == "differs"))
    assert alert.message.startswith("charges at ")
    assert words in alert.message


class TestTheAlert:
    def test_is_raised_once_both_have_run_for_a_while(self, job_driver: JobDriver) -> None:
        Heart("charges").beat()
        below(job_driver, "/pay")
        Heart("mailers").beat()
        watch()
        assert open_alerts() == []
        started_before(1000)
        watch()
        watch()
        assert open_alerts() == ["differs:processes"]

    def test_counts_those_that_it_does_not_name(self, job_driver: JobDriver) -> None:
        for number in range(5):
            Heart(f"old{number}").beat()
        below(job_driver, "/pay")
        Heart("mailers").beat()
        started_before(2000, "old%")
        started_before(1000, "mailers")
        watch()
        db.session.rollback()
        (alert,) = db.session.scalars(select(Alert).where(Alert.kind == "differs"))
        assert alert.message.count("writes addresses of") == 3
        assert "2 more differ, too." in alert.message

    def test_closes_once_the_process_is_gone(self, job_driver: JobDriver) -> None:
        Heart("charges").beat()
        below(job_driver, "/pay")
        Heart("mailers").beat()
        started_before(1000)
        watch()
        seen_before("charges", 200)
        quiet_for(CALM_SECONDS + 1)
        watch()
        assert open_alerts() == []


@pytest.mark.usefixtures("job_driver")
def test_one_that_ended_a_day_ago_is_forgotten() -> None:
    for name in ("charges", "mailers"):
        Heart(name).beat()
    seen_before("charges", 90_000)
    clean_up()
    assert [beat.name for beat in beats()] == ["mailers"]


class TestTheDoctor:
    def test_says_that_nothing_works(self, cli: FlaskCliRunner) -> None:
        said = cli.invoke(args=["doctor"])
        assert said.exit_code == 1
        assert "ok     database: its tables are of revision" in said.output
        assert "WRONG  processes: none was seen lately" in said.output

    def test_says_that_all_is_well(self, job_driver: JobDriver, cli: FlaskCliRunner) -> None:
        Heart("charges").beat()
        said = cli.invoke(args=["doctor"])
        assert "ok     processes: 1 work, all built as this application is" in said.output
        assert said.exit_code == 0

    def test_names_the_process_that_differs(
        self, job_driver: JobDriver, cli: FlaskCliRunner
    ) -> None:
        Heart("charges").beat()
        below(job_driver, "/pay")
        said = cli.invoke(args=["doctor"])
        assert "WRONG  process: charges at " in said.output
        assert said.exit_code == 1
