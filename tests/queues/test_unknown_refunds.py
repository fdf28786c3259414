"""What happened to a payment of an unknown kind after it ended is told where the kind is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from payments_app.core.extensions import db
from payments_app.payments.follow_up_names import AFTER_REFUND
from payments_app.payments.refunds.request import request_refund
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver
from tests.queues.newer_release import Plugin, left_alone

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def plugin(settings: dict[str, str]) -> Iterator[Plugin]:
    """It follows payments and refunds, and has not run yet."""
    plugin = Plugin(settings, "payment.completed", "refund.succeeded")
    plugin.know_kind("booking")
    yield plugin
    with plugin.app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_refund_before_the_kind_was_known_anywhere_is_told_there_too(
    driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
) -> None:
    paid = driver.charge_elsewhere("booking", "bkg_1")
    driver.work_all_waiting()
    refund = request_refund(paid, 100, reason="as agreed", actor="ada")
    driver.work()
    assert driver.read(paid).state == "complete"
    plugin.start("payment_standard")
    plugin.start()
    assert plugin.runs == [paid, refund]
    assert len(job_driver.messages("notices.announce_refund", refund)) == 1


def test_a_refund_is_followed_where_the_kind_follows_its_refunds(
    driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
) -> None:
    """The process at hand knows the kind no more than what follows its refunds."""
    plugin.follow("booking", AFTER_REFUND)
    plugin.start()
    paid, beside = driver.charge_elsewhere("booking", "bkg_1"), driver.pay()
    driver.work_all_waiting()
    refund, _ = (
        request_refund(one, 100, reason="as agreed", actor="ada") for one in (paid, beside)
    )
    driver.work()
    (message,) = job_driver.messages("payments.after_refund.booking")
    assert message.subject == refund
    assert left_alone(message)


def test_a_refund_before_anything_followed_it_is_followed_once(
    driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin
) -> None:
    paid = driver.charge_elsewhere("booking", "bkg_1")
    driver.work_all_waiting()
    refund = request_refund(paid, 100, reason="as agreed", actor="ada")
    driver.work()
    assert job_driver.messages("payments.after_refund.booking") == []
    plugin.follow("booking", AFTER_REFUND)
    plugin.start("payment_standard")
    (message,) = job_driver.messages("payments.after_refund.booking")
    assert message.subject == refund
