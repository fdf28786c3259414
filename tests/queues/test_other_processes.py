"""What only another process follows or knows is staged here, and waits for it."""

from __future__ import annotations

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import due, outbox
from payments_app.core.registry import EventSubscriber
from payments_app.payments import payable
from payments_app.payments.refunds.request import request_refund
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver
from tests.queues.newer_release import (
    Plugin,
    age,
    left_alone,
    nothing,
    raise_one,
    told,
)

pytestmark = pytest.mark.portable


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
        age(due.UNKNOWN_SECONDS + 5, "plugin.note")
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
        raise_one("one")
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


class TestUnknownKinds:
    def test_a_payment_of_an_unknown_kind_waits_for_a_process_that_knows_it(
        self, driver: PaymentDriver, job_driver: JobDriver
    ) -> None:
        paid = driver.charge_elsewhere("booking", "bkg_1")
        driver.work_all_waiting()
        assert driver.read(paid).state == "complete"
        assert left_alone(job_driver.message("payments.follow_up.booking", paid))

    def test_one_that_failed_waits_too(self, driver: PaymentDriver, job_driver: JobDriver) -> None:
        paid = driver.charge_elsewhere("booking", "bkg_1", card="pm_card_chargeDeclined")
        driver.work_all_waiting()
        assert driver.read(paid).state == "failed"
        assert left_alone(job_driver.message("payments.follow_up.booking", paid))

    def test_a_process_that_knows_it_stages_what_was_not_known_and_nothing_twice(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
    ) -> None:
        paid = driver.charge_elsewhere("booking", "bkg_1")
        driver.work_all_waiting()
        before = [m.dedupe_key for m in job_driver.messages("notices.receipt")]
        plugin.know_kind("booking")
        plugin.start("payment_standard")
        plugin.start()
        assert plugin.runs == [paid]
        assert [m.dedupe_key for m in job_driver.messages("notices.receipt")] == before

    def test_a_kind_that_another_release_lets_follow_its_payment_waits_for_that(
        self,
        driver: PaymentDriver,
        job_driver: JobDriver,
        plugin: Plugin,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(payable, "_KINDS", dict(payable._KINDS))
        for kind in ("stay", "meal"):
            of_a_host = {"payable_type": kind, "payable_prefix": f"of{kind}", "__module__": "hotel"}
            of_a_host |= {"price": None, "payment_description": kind}
            type(kind, (payable.Payable,), of_a_host)
        plugin.follow("stay")
        plugin.start()
        stay = driver.charge_elsewhere("stay", "bkg_1")
        meal = driver.charge_elsewhere("meal", "bkg_2")
        driver.work_all_waiting()
        assert [driver.read(one).state for one in (stay, meal)] == ["complete", "complete"]
        assert left_alone(job_driver.message("payments.after_payment.stay", stay))
        assert job_driver.messages("payments.after_payment.meal") == []
        plugin.start("payment_standard")
        assert plugin.runs == [stay]

    def test_a_known_kind_has_no_such_message(
        self, driver: PaymentDriver, job_driver: JobDriver
    ) -> None:
        driver.pay()
        assert job_driver.messages("payments.follow_up.order") == []


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
