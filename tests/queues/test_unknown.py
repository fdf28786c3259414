"""What a process does not know waits, untouched and with an alert, for a process that knows it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from payments_app import create_app
from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import due, outbox
from payments_app.core.jobs.command import Claim, Command, Subscriber
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.runner import run_due_messages
from payments_app.core.registry import EventSubscriber
from payments_app.ops.watch import watch
from payments_app.payments.payable import follow_up_of
from payments_app.payments.refunds.request import request_refund
from tests.accounts.staff_driver import StaffDriver
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable
_numbers = itertools.count()


def nothing(_subject: str, _claim: Claim) -> None:
    pass


class Plugin:
    """The same product with one command more, which follows events: its `runs` are counted."""

    def __init__(self, settings: dict[str, str], *events: str) -> None:
        from payments_app.config import Config

        self.app = create_app(Config.from_env(settings))
        self.runs: list[str] = []
        self.know(*events)

    def know(self, *events: str, queue: str = "default", name: str = "plugin.note") -> None:
        mine = Command(lambda subject, _claim: self.runs.append(subject), queue)
        self.app.extensions["commands"] = self.app.extensions["commands"] | {name: mine}
        table = self.app.extensions["events"]
        self.app.extensions["events"] = table | {
            event: (*table.get(event, ()), Subscriber(name)) for event in events
        }

    def know_kind(self, kind: str) -> None:
        commands = self.app.extensions["payable_commands"]()
        known = {follow_up_of(kind): commands[follow_up_of("order")]}
        self.app.extensions["payable_commands"] = lambda: commands | known

    def start(self, queue: str = "default") -> None:
        """A process of it starts, does what is due, and ends."""
        with self.app.app_context():
            run_due_messages(queue)
            db.session.remove()


@pytest.fixture
def plugin(settings: dict[str, str]) -> Iterator[Plugin]:
    plugin = Plugin(settings, "payment.completed", "refund.succeeded", "alert.raised")
    yield plugin
    with plugin.app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def driver(job_driver: JobDriver) -> PaymentDriver:
    return PaymentDriver(job_driver.app)


@pytest.fixture
def staff_driver(app: Flask) -> StaffDriver:
    return StaffDriver(app)


def stage_unknown(job_driver: JobDriver, subject: str = "it", queue: str = "default") -> None:
    """A message of a newer release."""
    job_driver.job("newer.job", nothing, queue)
    job_driver.stage("newer.job", subject, key=f"{subject}-{next(_numbers)}")
    del job_driver.app.extensions["commands"]["newer.job"]


def wait_for_a_while(job_driver: JobDriver) -> None:
    _age(due.UNKNOWN_SECONDS + 5)


def told(job_driver: JobDriver) -> list[tuple[str, int]]:
    return [(alert.key, alert.times) for alert in job_driver.alerts() if alert.kind != "redis"]


def left_alone(message: Message) -> bool:
    ended = (message.done_at, message.dead_at, message.leased_until)
    counts = (message.claims, message.tries, message.failures, message.epoch)
    return ended == (None, None, None) and counts == (0, 0, 0, 0)


@pytest.mark.parametrize("queue", ["charges", "default", outbox.SWEEPER])
def test_an_unknown_command_is_left_alone_however_often_it_is_met(
    job_driver: JobDriver, queue: str
) -> None:
    stage_unknown(job_driver, queue=queue)
    for _ in range(8):
        job_driver.work(queue)
        job_driver.make_due()
    assert left_alone(job_driver.message("newer.job"))


def test_what_is_known_is_done_beside_it(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    job_driver.job("test.known", nothing)
    job_driver.stage("test.known")
    assert job_driver.work() == 1
    assert job_driver.message("test.known").done_at is not None


def test_it_is_done_once_by_a_process_that_knows_it(job_driver: JobDriver) -> None:
    stage_unknown(job_driver, "a")
    job_driver.work()
    ran: list[str] = []
    job_driver.job("newer.job", lambda subject, _claim: ran.append(subject))
    job_driver.work()
    job_driver.work()
    assert ran == ["a"]


def test_a_worker_that_meets_it_raises_one_alert(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    wait_for_a_while(job_driver)
    for _ in range(3):
        job_driver.work()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]
    (alert,) = job_driver.alerts()
    assert alert.severity == "critical"
    assert "newer.job: 1 due on default" in alert.message


def test_a_sweeper_that_meets_it_raises_one_alert(job_driver: JobDriver) -> None:
    stage_unknown(job_driver, queue="charges")
    wait_for_a_while(job_driver)
    for _ in range(3):
        watch()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]


def test_it_is_told_of_however_many_wait(job_driver: JobDriver) -> None:
    for subject in "abc":
        stage_unknown(job_driver, subject)
    wait_for_a_while(job_driver)
    job_driver.work()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]


def test_a_rolling_deploy_has_a_minute_before_anybody_is_told(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    job_driver.work()
    watch()
    assert told(job_driver) == []


def test_who_acknowledged_it_is_not_told_again_at_once(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    wait_for_a_while(job_driver)
    job_driver.work()
    _acknowledge("unknown_command:newer.job")
    job_driver.work()
    watch()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]


def test_the_alert_on_what_tells_of_alerts_is_told(job_driver: JobDriver, plugin: Plugin) -> None:
    plugin.start()
    job_driver.app.extensions["commands"].pop("alerts.webhook")
    _raise("one")
    wait_for_a_while(job_driver)
    job_driver.work(outbox.SWEEPER)
    assert ("unknown_command:alerts.webhook", 1) in told(job_driver)


class TestSubscribersOfAnotherProcess:
    def test_what_only_another_process_follows_is_staged_and_waits_for_it(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.start()
        first, second = driver.pay(), driver.pay()
        notes = job_driver.messages("plugin.note")
        assert sorted(note.subject for note in notes) == sorted([first, second])
        assert all(left_alone(note) for note in notes)
        plugin.start()
        plugin.start()
        assert sorted(plugin.runs) == sorted([first, second])

    def test_what_the_core_does_does_not_wait(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.start()
        order = driver.create_order()
        paid = driver.pay(order=order)
        assert driver.read(paid).state == "complete"
        assert driver.order(order).status == "paid"
        for command in ("ledger.post_capture", "notices.receipt"):
            assert job_driver.message(command, paid).done_at is not None

    def test_it_is_declared_with_the_first_thing_that_it_asks_for(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        with plugin.app.app_context():
            opened = PaymentDriver(plugin.app).open()
            db.session.remove()
        driver.work()
        assert left_alone(job_driver.message("plugin.note", opened))

    def test_it_is_told_of_after_a_while(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.start()
        driver.pay()
        _age(due.UNKNOWN_SECONDS + 5, "plugin.note")
        job_driver.work()
        assert told(job_driver) == [("unknown_command:plugin.note", 1)]

    def test_what_follows_a_refund_is_staged_too(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.start()
        paid = driver.pay()
        refund = request_refund(paid, 100, reason="as agreed", actor="ada")
        driver.work()
        assert refund in [note.subject for note in job_driver.messages("plugin.note")]

    def test_what_follows_an_alert_is_staged_too(
        self, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.start()
        _raise("one")
        assert len(job_driver.messages("plugin.note")) == 1

    def test_a_command_that_is_known_here_is_followed_as_another_process_follows_it(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        job_driver.job("plugin.note", nothing)
        plugin.start()
        paid = driver.pay()
        assert job_driver.message("plugin.note", paid).done_at is not None

    def test_nothing_is_staged_twice_by_the_process_that_knows_it(
        self, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.start()
        with plugin.app.app_context():
            PaymentDriver(plugin.app).pay()
            db.session.remove()
        assert len(plugin.runs) == len(job_driver.messages("plugin.note")) == 1

    def test_its_queue_is_where_it_last_said_that_it_works(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.start()
        plugin.know(queue="reports")
        plugin.start()
        paid = driver.pay()
        assert job_driver.message("plugin.note", paid).queue == "reports"

    def test_the_worker_of_a_queue_that_only_another_application_has_is_woken(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        plugin.know(queue="bookings")
        plugin.start()
        driver.pay()
        redis = job_driver.app.extensions["wake_up_redis"]
        assert Queue("bookings", connection=redis, serializer=JSONSerializer).count > 0

    def test_a_declaration_that_was_rolled_back_is_made_again(
        self, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        with plugin.app.app_context():
            with pytest.raises(LookupError, match="at the end"):
                _stage_and_fail()
            assert _declared("plugin.note") == 0
            _stage("plugin.note")
            assert _declared("plugin.note") == 3
            db.session.remove()


def test_a_command_that_nobody_knows_is_refused_as_it_is_staged(job_driver: JobDriver) -> None:
    with pytest.raises(LookupError, match=r"nobody\.knows"):
        job_driver.stage("nobody.knows")


class TestUnknownKinds:
    def test_a_payment_of_an_unknown_kind_waits_for_a_process_that_knows_it(
        self, driver: PaymentDriver, job_driver: JobDriver
    ) -> None:
        paid = driver.open()
        driver.pay_for_instead(paid, "booking", "bkg_1")
        driver.work()
        assert driver.read(paid).state == "complete"
        assert left_alone(job_driver.message("payments.follow_up.booking", paid))

    def test_one_that_failed_waits_too(self, driver: PaymentDriver, job_driver: JobDriver) -> None:
        paid = driver.open("pm_card_chargeDeclined")
        driver.pay_for_instead(paid, "booking", "bkg_1")
        driver.work()
        assert driver.read(paid).state == "failed"
        assert left_alone(job_driver.message("payments.follow_up.booking", paid))

    def test_a_process_that_knows_it_stages_what_was_not_known_and_nothing_twice(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        paid = driver.open()
        driver.pay_for_instead(paid, "booking", "bkg_1")
        driver.work()
        before = [m.dedupe_key for m in job_driver.messages("notices.receipt")]
        plugin.know_kind("booking")
        plugin.start("payment_standard")
        plugin.start()
        assert plugin.runs == [paid]
        assert [m.dedupe_key for m in job_driver.messages("notices.receipt")] == before

    def test_a_known_kind_has_no_such_message(
        self, driver: PaymentDriver, job_driver: JobDriver
    ) -> None:
        driver.pay()
        assert job_driver.messages("payments.follow_up.order") == []


class TestLooking:
    def test_the_page_of_queues_says_what_is_not_known(
        self, job_driver: JobDriver, staff_driver: StaffDriver
    ) -> None:
        stage_unknown(job_driver, queue="payment_standard")
        _age(600)
        page = staff_driver.signed_in("support").get("/staff/queues").text
        assert "newer.job: 1 wait on payment_standard" in page
        assert "(not known here)" in page
        assert "payment_standard is late" not in page

    def test_the_metrics_count_it_apart_from_what_is_late(
        self, job_driver: JobDriver, client: FlaskClient
    ) -> None:
        stage_unknown(job_driver, queue="payment_standard")
        _age(600)
        text = client.get("/metrics").text
        assert 'queue_unknown{job="newer.job",queue="payment_standard"} 1.0' in text
        assert 'queue_latency_seconds{queue="payment_standard"} 0.0' in text

    def test_the_payments_page_says_that_something_waits(
        self, driver: PaymentDriver, job_driver: JobDriver, staff_driver: StaffDriver
    ) -> None:
        paid, beside = driver.pay(), driver.pay()
        stage_unknown(job_driver, paid)
        _age(600, "newer.job")
        staff = staff_driver.signed_in("support")
        assert "newer.job is not known here" in staff.get(f"/staff/payments/{paid}").text
        assert "newer.job" not in staff.get(f"/staff/payments/{beside}").text


class TestForgetting:
    @pytest.mark.expects_failure("plugin.note")
    def test_what_is_forgotten_is_staged_no_more_and_what_waited_is_discarded(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin, cli: FlaskCliRunner
    ) -> None:
        plugin.start()
        paid = driver.pay()
        done = cli.invoke(args=["queues", "forget", "plugin.note", "--reason", "sold the shop"])
        assert done.exit_code == 0, done.output
        assert job_driver.message("plugin.note", paid).discarded_at is not None
        later = driver.pay()
        assert job_driver.messages("plugin.note", later) == []
        (entry,) = job_driver.history("subscriber.forgotten")
        assert entry.data["reason"] == "sold the shop"

    def test_what_is_subscribed_here_is_not_forgotten(
        self, job_driver: JobDriver, cli: FlaskCliRunner
    ) -> None:
        done = cli.invoke(args=["queues", "forget", "notices.receipt", "--reason", "why not"])
        assert done.exit_code == 1
        assert "is subscribed here" in done.output

    def test_what_nobody_ever_knew_is_said_so(
        self, job_driver: JobDriver, cli: FlaskCliRunner
    ) -> None:
        done = cli.invoke(args=["queues", "forget", "no.such", "--reason", "why not"])
        assert "Nothing is subscribed or waits under the name no.such." in done.output

    @pytest.mark.expects_failure("newer.job")
    def test_its_alert_is_answered(self, job_driver: JobDriver, cli: FlaskCliRunner) -> None:
        stage_unknown(job_driver)
        wait_for_a_while(job_driver)
        job_driver.work()
        words = ["queues", "forget", "newer.job", "--reason", "rolled back", "--by", "ada"]
        answer = cli.invoke(args=words)
        assert answer.exit_code == 0, answer.output
        assert [alert.acknowledged_by for alert in job_driver.alerts()] == ["ada"]


@atomic
def _age(session: Session, seconds: float, command: str | None = None) -> None:
    waiting = update(Message).where(*outbox.OPEN)
    if command:
        waiting = waiting.where(Message.command == command)
    session.execute(waiting.values(available_at=database_now(-seconds)))


@atomic
def _acknowledge(session: Session, key: str) -> None:
    assert alerts.acknowledge(session, key, "ada")


@atomic
def _raise(session: Session, key: str) -> None:
    alerts.raise_alert(session, "test", key, "words")


@atomic
def _stage(session: Session, command: str) -> None:
    outbox.stage(session, command, "it")


@atomic
def _stage_and_fail(session: Session) -> None:
    session.execute(delete(EventSubscriber))
    outbox.stage(session, "plugin.note", "it")
    outbox.stage(session, "plugin.note", "other")
    raise LookupError("at the end")


def _declared(command: str) -> int:
    rows = db.session.scalars(
        select(EventSubscriber.event).where(EventSubscriber.command == command)
    ).all()
    db.session.rollback()
    return len(rows)
