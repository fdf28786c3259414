"""Sending a refund once, whatever happens on the way, and finding out what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.payments.refunds.look_up import look_up
from payments_app.payments.refunds.refresh import refresh
from payments_app.payments.refunds.send import send
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import (
    age,
    ask,
    at_stripe,
    give_back,
    move_on,
    posted,
    read,
    refund_outside,
)

pytestmark = pytest.mark.portable
CREATE = "^/v1/refunds$"


def test_a_refund_succeeds_at_stripe(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund = read(give_back(driver, transaction, 500, stripe_reason="requested_by_customer"))
    assert refund.state == "succeeded"
    (theirs,) = at_stripe(driver)
    assert (theirs["id"], theirs["amount"]) == (refund.stripe_refund_id, 500)
    assert theirs["reason"] == "requested_by_customer"
    assert theirs["metadata"]["refund_id"] == refund.id


def test_a_refund_never_changes_the_paid_state(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    before = driver.read(transaction)
    give_back(driver, transaction)
    after = driver.read(transaction)
    assert (after.state, after.phase, after.version) == ("complete", "complete", before.version)


def test_the_words_of_staff_stay_ours(driver: PaymentDriver) -> None:
    give_back(driver, driver.pay(), reason="Ms Lovelace was upset")
    assert "Lovelace" not in str(at_stripe(driver))


def test_a_refund_is_posted_to_the_ledger(driver: PaymentDriver) -> None:
    give_back(driver, driver.pay(), 500)
    assert posted("refund") == [("debit", "refunds", 500), ("credit", "stripe_balance", 500)]


def test_a_refund_that_fails_later_is_reversed_in_the_ledger(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_refundFail")
    refund = give_back(driver, transaction)
    move_on(driver, refund)
    _refresh(driver, transaction)
    assert read(refund).state == "failed"
    assert read(refund).error_message
    assert posted("refund_failed") == [
        ("debit", "stripe_balance", 1099),
        ("credit", "refunds", 1099),
    ]
    assert driver.read(transaction).state == "complete"


def test_a_refund_that_failed_leaves_room_for_another(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_refundFail")
    move_on(driver, give_back(driver, transaction))
    _refresh(driver, transaction)
    again = give_back(driver, transaction)
    assert read(again).state == "succeeded"


def test_a_pending_refund_is_looked_up_until_it_succeeds(driver: PaymentDriver) -> None:
    refund = give_back(driver, driver.pay("pm_card_pendingRefund"))
    assert read(refund).state == "pending"
    assert posted("refund") == []
    move_on(driver, refund)
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"
    assert len(posted("refund")) == 2


@pytest.mark.parametrize("fault", ["500_after", "drop_after", "truncate", "html_200"])
def test_a_lost_answer_is_looked_up_and_never_refunds_twice(
    driver: PaymentDriver, fault: str
) -> None:
    transaction = driver.pay()
    driver.fail_stripe(fault, CREATE, times=1)
    refund = give_back(driver, transaction)
    assert read(refund).state == "unknown"
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"
    assert len(at_stripe(driver)) == 1


def test_a_refund_that_never_arrived_is_sent_again_with_its_key(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.fail_stripe("drop_before", CREATE, times=1)
    refund = give_back(driver, transaction)
    assert read(refund).state == "unknown"
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"
    assert len(at_stripe(driver)) == 1


def test_an_error_that_stripe_saved_for_the_key_ends_the_refund(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.fail_stripe("500_before", CREATE, times=1)
    refund = give_back(driver, transaction)
    assert read(refund).state == "unknown"
    driver.work_all_waiting()
    assert read(refund).state == "failed"
    assert at_stripe(driver) == []


@pytest.mark.parametrize("fault", ["rate_limit", "lock_timeout", "409_in_flight", "unauthorized"])
def test_a_refusal_before_anything_happened_is_tried_again(
    driver: PaymentDriver, fault: str
) -> None:
    transaction = driver.pay()
    driver.fail_stripe(fault, CREATE, times=1)
    refund = give_back(driver, transaction)
    assert read(refund).state == "processing"
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"


def test_what_is_refunded_already_at_stripe_fails_here(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund_outside(driver, transaction, 1099)
    refund = read(give_back(driver, transaction))
    assert (refund.state, refund.error_code) == ("failed", "charge_already_refunded")


def test_more_than_stripe_has_left_fails_here(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund_outside(driver, transaction, 600)
    refund = read(give_back(driver, transaction, 1099))
    assert refund.state == "failed"
    assert "greater than" in (refund.error_message or "")


def test_a_key_that_may_be_forgotten_is_never_sent_again(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.fail_stripe("drop_before", CREATE, times=1)
    refund = give_back(driver, transaction)
    age(refund, 24 * 3600)
    driver.work_all_waiting()
    assert (read(refund).state, read(refund).error_code) == ("failed", "refund_not_made")
    assert at_stripe(driver) == []


def test_a_list_that_cannot_be_read_decides_nothing(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.fail_stripe("drop_after", CREATE, times=1)
    refund = give_back(driver, transaction)
    driver.fail_stripe("500_before", CREATE, times=1)
    driver.work_all_waiting()
    assert read(refund).state == "unknown"


def test_sending_twice_refunds_once(driver: PaymentDriver) -> None:
    refund = give_back(driver, driver.pay())
    send(refund, claim(refund))
    assert len(at_stripe(driver)) == 1


@pytest.mark.parametrize("job", [send, look_up])
def test_eight_jobs_at_once_refund_once(driver: PaymentDriver, job: Any) -> None:
    refund = ask(driver.pay())
    if job is look_up:
        driver.fail_stripe("drop_before", CREATE, times=1)
        driver.work("payment_critical")
        driver.mend_stripe()
    run_at_once(driver.app, lambda: job(refund, claim(refund)))
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"
    assert len(at_stripe(driver)) == 1
    assert len(posted("refund")) == 2


def test_the_timeline_tells_a_refund(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    give_back(driver, transaction)
    assert driver.happened(transaction)[-4:] == [
        "refund.requested",
        "refund.processing",
        "stripe.refund_create",
        "refund.succeeded",
    ]


def _refresh(driver: PaymentDriver, transaction: str) -> None:
    intent = driver.read(transaction).stripe_payment_id or ""
    refresh(intent, claim(intent))
    driver.work()
