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
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Claim, Command, Follow, Message
from payments_app.core.jobs.runner import drain
from payments_app.core.registry import EventSubscriber
from payments_app.ops.watch import watch
from payments_app.payments.payable import follow_up_of
from payments_app.payments.refunds.request import request_refund
from tests.accounts.staff_driver import Desk
from tests.payments.driver import Till
from tests.queues.job_driver import Bench

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
            event: (*table.get(event, ()), Follow(name)) for event in events
        }

    def know_kind(self, kind: str) -> None:
        commands = self.app.extensions["payable_commands"]()
        known = {follow_up_of(kind): commands[follow_up_of("order")]}
        self.app.extensions["payable_commands"] = lambda: commands | known

    def start(self, queue: str = "default") -> None:
        """A process of it starts, does what is due, and ends."""
        with self.app.app_context():
            drain(queue)
            db.session.remove()


@pytest.fixture
def plugin(settings: dict[str, str]) -> Iterator[Plugin]:
    plugin = Plugin(settings, "payment.completed", "refund.succeeded", "alert.raised")
    yield plugin
    with plugin.app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def till(bench: Bench) -> Till:
    return Till(bench.app)


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


def stage_unknown(bench: Bench, subject: str = "it", queue: str = "default") -> None:
    """A message of a newer release."""
    bench.job("newer.job", nothing, queue)
    bench.stage("newer.job", subject, key=f"{subject}-{next(_numbers)}")
    del bench.app.extensions["commands"]["newer.job"]


def wait_for_a_while(bench: Bench) -> None:
    _age(outbox.UNKNOWN_SECONDS + 5)


def told(bench: Bench) -> list[tuple[str, int]]:
    return [(alert.key, alert.times) for alert in bench.alerts() if alert.kind != "redis"]


def left_alone(message: Message) -> bool:
    ended = (message.done_at, message.dead_at, message.leased_until)
    counts = (message.claims, message.tries, message.failures, message.epoch)
    return ended == (None, None, None) and counts == (0, 0, 0, 0)


@pytest.mark.parametrize("queue", ["charges", "default", outbox.SWEEPER])
def test_an_unknown_command_is_left_alone_however_often_it_is_met(bench: Bench, queue: str) -> None:
    stage_unknown(bench, queue=queue)
    for _ in range(8):
        bench.work(queue)
        bench.make_due()
    assert left_alone(bench.message("newer.job"))


def test_what_is_known_is_done_beside_it(bench: Bench) -> None:
    stage_unknown(bench)
    bench.job("test.known", nothing)
    bench.stage("test.known")
    assert bench.work() == 1
    assert bench.message("test.known").done_at is not None


def test_it_is_done_once_by_a_process_that_knows_it(bench: Bench) -> None:
    stage_unknown(bench, "a")
    bench.work()
    ran: list[str] = []
    bench.job("newer.job", lambda subject, _claim: ran.append(subject))
    bench.work()
    bench.work()
    assert ran == ["a"]


def test_a_worker_that_meets_it_raises_one_alert(bench: Bench) -> None:
    stage_unknown(bench)
    wait_for_a_while(bench)
    for _ in range(3):
        bench.work()
    assert told(bench) == [("unknown_command:newer.job", 1)]
    (alert,) = bench.alerts()
    assert alert.severity == "critical"
    assert "newer.job: 1 due on default" in alert.message


def test_a_sweeper_that_meets_it_raises_one_alert(bench: Bench) -> None:
    stage_unknown(bench, queue="charges")
    wait_for_a_while(bench)
    for _ in range(3):
        watch()
    assert told(bench) == [("unknown_command:newer.job", 1)]


def test_it_is_told_of_however_many_wait(bench: Bench) -> None:
    for subject in "abc":
        stage_unknown(bench, subject)
    wait_for_a_while(bench)
    bench.work()
    assert told(bench) == [("unknown_command:newer.job", 1)]


def test_a_rolling_deploy_has_a_minute_before_anybody_is_told(bench: Bench) -> None:
    stage_unknown(bench)
    bench.work()
    watch()
    assert told(bench) == []


def test_who_acknowledged_it_is_not_told_again_at_once(bench: Bench) -> None:
    stage_unknown(bench)
    wait_for_a_while(bench)
    bench.work()
    _acknowledge("unknown_command:newer.job")
    bench.work()
    watch()
    assert told(bench) == [("unknown_command:newer.job", 1)]


def test_the_alert_on_what_tells_of_alerts_is_told(bench: Bench, plugin: Plugin) -> None:
    plugin.start()
    bench.app.extensions["commands"].pop("alerts.webhook")
    _raise("one")
    wait_for_a_while(bench)
    bench.work(outbox.SWEEPER)
    assert ("unknown_command:alerts.webhook", 1) in told(bench)


class TestSubscribersOfAnotherProcess:
    def test_what_only_another_process_follows_is_staged_and_waits_for_it(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        plugin.start()
        first, second = till.pay(), till.pay()
        notes = bench.messages("plugin.note")
        assert sorted(note.subject for note in notes) == sorted([first, second])
        assert all(left_alone(note) for note in notes)
        plugin.start()
        plugin.start()
        assert sorted(plugin.runs) == sorted([first, second])

    def test_what_the_core_does_does_not_wait(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        plugin.start()
        order = till.create_order()
        paid = till.pay(order=order)
        assert till.read(paid).state == "complete"
        assert till.order(order).status == "paid"
        for command in ("ledger.post_capture", "notices.receipt"):
            assert bench.message(command, paid).done_at is not None

    def test_it_is_declared_with_the_first_thing_that_it_asks_for(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        with plugin.app.app_context():
            opened = Till(plugin.app).open()
            db.session.remove()
        till.work()
        assert left_alone(bench.message("plugin.note", opened))

    def test_it_is_told_of_after_a_while(self, till: Till, bench: Bench, plugin: Plugin) -> None:
        plugin.start()
        till.pay()
        _age(outbox.UNKNOWN_SECONDS + 5, "plugin.note")
        bench.work()
        assert told(bench) == [("unknown_command:plugin.note", 1)]

    def test_what_follows_a_refund_is_staged_too(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        plugin.start()
        paid = till.pay()
        refund = request_refund(paid, 100, reason="as agreed", actor="ada")
        till.work()
        assert refund in [note.subject for note in bench.messages("plugin.note")]

    def test_what_follows_an_alert_is_staged_too(self, bench: Bench, plugin: Plugin) -> None:
        plugin.start()
        _raise("one")
        assert len(bench.messages("plugin.note")) == 1

    def test_a_command_that_is_known_here_is_followed_as_another_process_follows_it(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        bench.job("plugin.note", nothing)
        plugin.start()
        paid = till.pay()
        assert bench.message("plugin.note", paid).done_at is not None

    def test_nothing_is_staged_twice_by_the_process_that_knows_it(
        self, bench: Bench, plugin: Plugin
    ) -> None:
        plugin.start()
        with plugin.app.app_context():
            Till(plugin.app).pay()
            db.session.remove()
        assert len(plugin.runs) == len(bench.messages("plugin.note")) == 1

    def test_its_queue_is_where_it_last_said_that_it_works(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        plugin.start()
        plugin.know(queue="reports")
        plugin.start()
        paid = till.pay()
        assert bench.message("plugin.note", paid).queue == "reports"

    def test_the_worker_of_a_queue_that_only_another_application_has_is_woken(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        plugin.know(queue="bookings")
        plugin.start()
        till.pay()
        redis = bench.app.extensions["bell_redis"]
        assert Queue("bookings", connection=redis, serializer=JSONSerializer).count > 0

    def test_a_declaration_that_was_rolled_back_is_made_again(
        self, bench: Bench, plugin: Plugin
    ) -> None:
        with plugin.app.app_context():
            with pytest.raises(LookupError, match="at the end"):
                _stage_and_fail()
            assert _declared("plugin.note") == 0
            _stage("plugin.note")
            assert _declared("plugin.note") == 3
            db.session.remove()


def test_a_command_that_nobody_knows_is_refused_as_it_is_staged(bench: Bench) -> None:
    with pytest.raises(LookupError, match=r"nobody\.knows"):
        bench.stage("nobody.knows")


class TestUnknownKinds:
    def test_a_payment_of_an_unknown_kind_waits_for_a_process_that_knows_it(
        self, till: Till, bench: Bench
    ) -> None:
        paid = till.open()
        till.pay_for_instead(paid, "booking", "bkg_1")
        till.work()
        assert till.read(paid).state == "complete"
        assert left_alone(bench.message("payments.follow_up.booking", paid))

    def test_one_that_failed_waits_too(self, till: Till, bench: Bench) -> None:
        paid = till.open("pm_card_chargeDeclined")
        till.pay_for_instead(paid, "booking", "bkg_1")
        till.work()
        assert till.read(paid).state == "failed"
        assert left_alone(bench.message("payments.follow_up.booking", paid))

    def test_a_process_that_knows_it_stages_what_was_not_known_and_nothing_twice(
        self, till: Till, bench: Bench, plugin: Plugin
    ) -> None:
        paid = till.open()
        till.pay_for_instead(paid, "booking", "bkg_1")
        till.work()
        before = [m.dedupe_key for m in bench.messages("notices.receipt")]
        plugin.know_kind("booking")
        plugin.start("payment_standard")
        plugin.start()
        assert plugin.runs == [paid]
        assert [m.dedupe_key for m in bench.messages("notices.receipt")] == before

    def test_a_known_kind_has_no_such_message(self, till: Till, bench: Bench) -> None:
        till.pay()
        assert bench.messages("payments.follow_up.order") == []


class TestLooking:
    def test_the_page_of_queues_says_what_is_not_known(self, bench: Bench, desk: Desk) -> None:
        stage_unknown(bench, queue="payment_standard")
        _age(600)
        page = desk.signed_in("support").get("/staff/queues").text
        assert "newer.job: 1 wait on payment_standard" in page
        assert "(not known here)" in page
        assert "payment_standard is late" not in page

    def test_the_metrics_count_it_apart_from_what_is_late(
        self, bench: Bench, client: FlaskClient
    ) -> None:
        stage_unknown(bench, queue="payment_standard")
        _age(600)
        text = client.get("/metrics").text
        assert 'queue_unknown{job="newer.job",queue="payment_standard"} 1.0' in text
        assert 'queue_latency_seconds{queue="payment_standard"} 0.0' in text

    def test_the_payments_page_says_that_something_waits(
        self, till: Till, bench: Bench, desk: Desk
    ) -> None:
        paid, beside = till.pay(), till.pay()
        stage_unknown(bench, paid)
        _age(600, "newer.job")
        staff = desk.signed_in("support")
        assert "newer.job is not known here" in staff.get(f"/staff/payments/{paid}").text
        assert "newer.job" not in staff.get(f"/staff/payments/{beside}").text


class TestForgetting:
    def test_what_is_forgotten_is_staged_no_more_and_what_waited_is_discarded(
        self, till: Till, bench: Bench, plugin: Plugin, cli: FlaskCliRunner
    ) -> None:
        plugin.start()
        paid = till.pay()
        done = cli.invoke(args=["queues", "forget", "plugin.note", "--reason", "sold the shop"])
        assert done.exit_code == 0, done.output
        assert bench.message("plugin.note", paid).discarded_at is not None
        later = till.pay()
        assert bench.messages("plugin.note", later) == []
        (entry,) = bench.history("subscriber.forgotten")
        assert entry.data["reason"] == "sold the shop"

    def test_what_is_subscribed_here_is_not_forgotten(
        self, bench: Bench, cli: FlaskCliRunner
    ) -> None:
        done = cli.invoke(args=["queues", "forget", "notices.receipt", "--reason", "why not"])
        assert done.exit_code == 1
        assert "is subscribed here" in done.output

    def test_what_nobody_ever_knew_is_said_so(self, bench: Bench, cli: FlaskCliRunner) -> None:
        done = cli.invoke(args=["queues", "forget", "no.such", "--reason", "why not"])
        assert "Nothing is subscribed or waits under the name no.such." in done.output

    def test_its_alert_is_answered(self, bench: Bench, cli: FlaskCliRunner) -> None:
        stage_unknown(bench)
        wait_for_a_while(bench)
        bench.work()
        cli.invoke(args=["queues", "forget", "newer.job", "--reason", "rolled back", "--by", "ada"])
        assert [alert.acknowledged_by for alert in bench.alerts()] == ["ada"]


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
