"""Messages, leases and the runner, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from rq import Queue
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bench.round_trips import counted
from parts.postgres import libpq
from parts.process import wait_until
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import due, leases, outbox
from payments_app.core.jobs.command import Claim, Command, Later, Policy, Subscriber
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.perform import perform
from payments_app.core.jobs.runner import run_due_messages

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


class JobDriver:
    """Commands whose behaviour a test chooses."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.behaviour: Exception | None = None

    def run(self, subject: str, _claim: Claim) -> None:
        self.ran.append(subject)
        if self.behaviour is not None:
            raise self.behaviour


@pytest.fixture
def bench(app: Flask) -> Iterator[JobDriver]:
    bench = JobDriver()
    app.extensions["commands"] = app.extensions["commands"] | {
        "work": Command(bench.run, "default", Policy(waits=(1, 2))),
        "other": Command(bench.run, "reports"),
    }
    with app.app_context():
        yield bench


@atomic
def put(session: Session, subject: str, command: str = "work", delay: float = 0) -> bool:
    return outbox.stage(session, command, subject, delay=delay)


@atomic
def lease_runs_out(session: Session) -> None:
    session.execute(update(Message).values(leased_until=database_now(-1)))


@atomic
def time_comes(session: Session) -> None:
    session.execute(update(Message).values(available_at=database_now(-1)))


def message() -> Message:
    db.session.rollback()
    ours = select(Message).where(Message.command.in_(("work", "other")))
    return db.session.scalars(ours.execution_options(populate_existing=True)).one()


def test_a_message_is_done_once(bench: JobDriver) -> None:
    put("a")
    assert (run_due_messages("default"), run_due_messages("default")) == (1, 0)
    assert bench.ran == ["a"]
    assert message().done_at is not None


def test_a_key_is_staged_once(bench: JobDriver) -> None:
    assert (put("a"), put("a")) == (True, False)


def test_a_worker_is_woken_for_what_is_due_and_not_for_what_is_later(
    app: Flask, bench: JobDriver
) -> None:
    wake_ups = Queue("default", connection=app.extensions["wake_up_redis"])
    put("later", delay=60)
    assert wake_ups.count == 0
    put("now")
    assert wake_ups.count == 1


@atomic
def publish(session: Session, subject: str, **how: Any) -> None:
    outbox.publish(session, "it.happened", subject, **how)


def staged() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = select(Message.command, Message.dedupe_key).order_by(Message.id)
    return [(row.command, row.dedupe_key) for row in db.session.execute(rows)]


@pytest.fixture
def subscribed(app: Flask, bench: JobDriver) -> None:
    both = (Subscriber("work"), Subscriber("other", delay=60))
    app.extensions["events"] = app.extensions["events"] | {"it.happened": both}


def test_an_event_stages_each_of_its_subscribers_once(subscribed: None, bench: JobDriver) -> None:
    publish("a")
    publish("a")
    assert staged() == [("work", "work:a"), ("other", "other:a")]
    assert (run_due_messages("default"), run_due_messages("reports")) == (1, 0)


def test_the_same_event_is_told_again_about_something_else(subscribed: None) -> None:
    publish("a", about="a:v1")
    publish("a", about="a:v2", told=["work"])
    assert [key for _, key in staged()] == ["work:a:v1", "other:a:v1", "other:a:v2"]


def test_a_message_waits_for_its_time(bench: JobDriver) -> None:
    put("a", delay=60)
    assert run_due_messages("default") == 0
    time_comes()
    assert run_due_messages("default") == 1


def test_a_queue_leaves_the_others_alone(bench: JobDriver) -> None:
    put("a", command="other")
    assert run_due_messages("default") == 0


@pytest.mark.expects_failure("work")
def test_a_leased_message_is_nobody_elses(bench: JobDriver) -> None:
    put("a")
    assert len(leases.claim("default", 5)) == 1
    assert leases.claim("default", 5) == []


@pytest.mark.expects_failure("work")
def test_a_worker_that_lost_its_lease_changes_nothing(bench: JobDriver) -> None:
    put("a")
    (slow,) = leases.claim("default", 1)
    lease_runs_out()
    (quick,) = leases.claim("default", 1)
    assert leases.finish(slow) is False
    assert leases.put_off(slow, 60, "late") is False
    assert message().done_at is None
    assert leases.finish(quick) is True


@pytest.mark.expects_failure("work")
def test_a_lease_is_renewed_while_the_work_runs(bench: JobDriver) -> None:
    put("a")
    (claim,) = leases.claim("default", 1)
    before = message().leased_until
    leases.renew([claim])
    assert message().leased_until > before


@pytest.mark.expects_failure("work")
def test_a_lost_lease_is_not_renewed(bench: JobDriver) -> None:
    put("a")
    (slow,) = leases.claim("default", 1)
    lease_runs_out()
    (quick,) = leases.claim("default", 1)
    before = message().leased_until
    leases.renew([slow])
    assert message().leased_until == before
    assert leases.finish(quick)


@pytest.mark.expects_failure("work")
def test_two_workers_never_claim_the_same_message(app: Flask, bench: JobDriver) -> None:
    for number in range(40):
        put(str(number))
    got: list[int] = []

    def work() -> None:
        with app.app_context():
            while claims := leases.claim("default", 3):
                got.extend(claim.message_id for claim in claims)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert len(got) == len(set(got)) == 40


def test_what_is_put_off_in_order_is_no_crash(bench: JobDriver) -> None:
    put("a")
    bench.behaviour = Later(60, "not now")
    run_due_messages("default")
    waiting = message()
    assert (waiting.claims, waiting.tries, waiting.last_error) == (0, 1, "not now")
    assert waiting.leased_until is None
    assert waiting.dead_at is None


@pytest.mark.expects_failure("work")
def test_a_failing_message_waits_as_its_policy_says_and_then_dies(bench: JobDriver) -> None:
    put("a")
    bench.behaviour = RuntimeError("no")
    for _ in range(3):
        run_due_messages("default")
        time_comes()
    assert len(bench.ran) == 3
    assert message().dead_at is not None
    assert run_due_messages("default") == 0


@pytest.mark.expects_failure("work")
def test_a_dead_message_has_an_alert(bench: JobDriver) -> None:
    put("a")
    bench.behaviour = RuntimeError("no")
    for _ in range(3):
        run_due_messages("default")
        time_comes()
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.kind, alert.data["subject"]) == ("dead_letter", "a")
    assert "RuntimeError: no" in alert.data["error"]


@pytest.mark.expects_failure("work")
def test_a_message_whose_worker_dies_five_times_is_dead(bench: JobDriver) -> None:
    put("crashes")
    for _ in range(leases.CRASHES):
        assert len(leases.claim("default", 1)) == 1
        lease_runs_out()
    assert leases.claim("default", 1) == []
    assert message().dead_at is not None
    assert db.session.scalars(select(Alert)).one().kind == "dead_letter"


def test_a_command_that_this_release_does_not_know_is_claimed_by_nobody(
    app: Flask, bench: JobDriver
) -> None:
    put("a")
    del app.extensions["commands"]["work"]
    assert leases.claim("default", 5) == []
    assert due.due_queues(db.session()) == ["default"]  # another worker may know it


@pytest.mark.expects_failure("work")
def test_an_error_in_a_command_never_reaches_its_neighbours(bench: JobDriver) -> None:
    put("a")
    (claim,) = leases.claim("default", 1)
    bench.behaviour = ValueError("broken")
    perform(claim)
    assert message().last_error == "ValueError: broken"


@pytest.mark.expects_failure("work")
def test_what_is_kept_of_an_error_holds_no_card_s_id(bench: JobDriver) -> None:
    put("a")
    (claim,) = leases.claim("default", 1)
    bench.behaviour = ValueError("no such pm_1NabcDEF0123456789")
    perform(claim)
    assert message().last_error == "ValueError: no such pm_[cut]"


def test_a_staged_message_goes_with_its_transaction(bench: JobDriver) -> None:
    @atomic
    def fail_after_staging(session: Session) -> None:
        outbox.stage(session, "work", "a")
        raise LookupError

    with pytest.raises(LookupError):
        fail_after_staging()
    assert run_due_messages("default") == 0


def test_no_service_function_commits_inside_another(bench: JobDriver) -> None:
    @atomic
    def outer(session: Session) -> None:
        put("a")

    with pytest.raises(RuntimeError, match="inside another"):
        outer()


def test_all_subscribers_of_an_event_are_stored_by_one_statement(
    subscribed: None, bench: JobDriver, database_kind: str
) -> None:
    if database_kind != "postgresql":
        pytest.skip("SQLite has no network between")
    for subject in ("declared", "read"):
        publish(subject)
    with counted() as sent:
        publish("a")
    assert len(sent) == 3  # BEGIN, the statement, COMMIT
    assert [key for _, key in staged()][-2:] == ["work:a", "other:a"]


def test_a_run_outlives_a_connection_that_is_lost_at_its_claim(
    app: Flask, bench: JobDriver, database_kind: str, database_url: str
) -> None:
    if database_kind != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    put("a")
    worked: list[int] = []

    def work() -> None:
        with app.app_context():
            worked.append(run_due_messages("default"))

    with psycopg.connect(libpq(database_url), autocommit=True) as other:
        with other.transaction():
            other.execute("LOCK TABLE pay_outbox")
            worker = threading.Thread(target=work)
            worker.start()
            waits = (
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"  # no other test's
            )
            assert wait_until(lambda: other.execute(waits).fetchall() != [], within=60)
        worker.join(30)
    assert worked == [0]
    assert run_due_messages("default") == 1
