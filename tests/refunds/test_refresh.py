"""Refunds that were made outside, and news of ours, in any order and number."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.ledger.post_refund import post_refund
from payments_app.payments.refunds.refresh import refresh
from payments_app.payments.refunds.remaining import remaining
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
    refunds,
)

pytestmark = pytest.mark.portable


def intent_of(driver: PaymentDriver, transaction: str) -> str:
    return driver.read(transaction).stripe_payment_id or ""


@pytest.mark.parametrize("named_by", ["refund", "intent"])
def test_a_refund_made_outside_is_taken_in(driver: PaymentDriver, named_by: str) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    subject = theirs if named_by == "refund" else intent_of(driver, transaction)
    refresh(subject, claim(subject))
    (refund,) = refunds(transaction)
    assert (refund.stripe_refund_id, refund.amount, refund.state) == (theirs, 400, "succeeded")
    assert (refund.requested_by, refund.reason) == ("stripe", "Made outside of this application")


@pytest.mark.parametrize("named", ["order 7", "another payment's"])
def test_a_refund_made_outside_has_no_id_that_another_program_wrote(
    driver: PaymentDriver, named: str
) -> None:
    other = give_back(driver, driver.pay(), 100)
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    metadata = {"refund_id": other if named == "another payment's" else named}
    driver.sandbox("POST", f"/_sandbox/refunds/{theirs}", metadata=metadata)
    refresh(theirs, claim(theirs))
    (refund,) = refunds(transaction)
    assert refund.id.startswith("rfd_")
    assert refund.id != other


def test_a_refund_made_outside_is_posted_to_the_ledger(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    refresh(theirs, claim(theirs))
    driver.work()
    assert posted("refund") == [("debit", "refunds", 400), ("credit", "stripe_balance", 400)]


def test_eight_refreshes_at_once_take_it_in_once(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    run_at_once(driver.app, lambda: refresh(theirs, claim(theirs)))
    driver.work()
    assert len(refunds(transaction)) == 1
    assert len(posted("refund")) == 2


def test_our_own_refund_is_known_by_its_metadata(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.fail_stripe("drop_after", "^/v1/refunds$", times=1)
    refund = give_back(driver, transaction)
    (theirs,) = at_stripe(driver)
    refresh(theirs["id"], claim("x"))
    assert read(refund).state == "succeeded"
    assert len(refunds(transaction)) == 1


def test_a_refund_that_failed_stays_failed_when_refreshed_again(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_refundFail")
    refund = give_back(driver, transaction)
    move_on(driver, refund)
    for _ in range(2):
        refresh(intent_of(driver, transaction), claim("x"))
        driver.work()
    assert driver.happened(transaction).count("refund.failed") == 1
    assert len(posted("refund_failed")) == 2


def test_eight_postings_at_once_post_once(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund = ask(transaction)
    driver.work("payment_critical")
    run_at_once(driver.app, lambda: post_refund(refund, claim(refund)))
    assert len(posted("refund")) == 2


def test_a_refund_that_fails_before_it_was_posted_posts_nothing(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_refundFail")
    theirs = refund_outside(driver, transaction, 400)
    driver.sandbox("POST", f"/_sandbox/refunds/{theirs}/move")
    refresh(theirs, claim("x"))
    driver.work()
    assert [r.state for r in refunds(transaction)] == ["failed"]
    assert (posted("refund"), posted("refund_failed")) == ([], [])


def test_one_outside_waits_for_room_beside_ours_that_is_not_decided(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    ours = ask(transaction, 1000)
    theirs = refund_outside(driver, transaction, 1099)
    with pytest.raises(Later, match="nothing left to refund yet"):
        refresh(theirs, claim("x"))
    assert db.session.scalar(select(Alert.kind).where(Alert.kind == "refund_outside"))
    driver.work()
    assert read(ours).state == "failed"
    refresh(theirs, claim("x"))
    assert [r.amount for r in refunds(transaction) if r.state == "succeeded"] == [1099]


def test_a_refund_of_a_payment_that_is_not_ours_is_left_alone(driver: PaymentDriver) -> None:
    refresh("pi_of_nobody", claim("x"))
    refresh("re_of_nobody", claim("x"))
    assert db.session.scalars(select(Alert)).all() == []


def test_news_of_a_refund_before_the_payment_is_complete_here_waits(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    theirs = refund_outside(driver, transaction, 100)
    with pytest.raises(Later, match="still failed"):
        refresh(theirs, claim("x"))


def test_a_refresh_waits_while_stripe_cannot_be_read(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 100)
    driver.fail_stripe("500_before", "^/v1/refunds", times=1)
    with pytest.raises(Later):
        refresh(theirs, claim("x"))
    assert refunds(transaction) == []


def test_a_refund_unknown_for_a_day_is_told_to_a_person(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.fail_stripe("500_before", "^/v1/refunds$", times=None)
    refund = give_back(driver, transaction)
    age(refund, 90_000)
    driver.work_all_waiting()
    assert read(refund).state == "unknown"
    assert db.session.scalar(select(Alert.key).where(Alert.kind == "outcome_unknown"))


def test_every_open_refund_has_a_next_step(driver: PaymentDriver) -> None:
    refund = give_back(driver, driver.pay("pm_card_pendingRefund"))
    driver.work_all_waiting()
    waiting = [m for m in driver.messages("refunds.look_up") if m.done_at is None]
    assert [m.subject for m in waiting] == [refund]


ODD: list[dict[str, object]] = [
    {"amount": "100"},
    {"amount": None},
    {"amount": 0},
    {"amount": -100},
    {"amount": 2**70, "status": "failed"},
    {"currency": "eur"},
    {"currency": None},
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_refund_of_no_amount_in_the_payments_currency_is_told_and_not_taken_in(
    driver: PaymentDriver, odd: dict[str, object]
) -> None:
    transaction, other = driver.pay(), driver.pay()
    theirs, good = (refund_outside(driver, transaction, n) for n in (100, 200))
    driver.sandbox("POST", f"/_sandbox/refunds/{theirs}", **odd)
    intent = driver.read(transaction).stripe_payment_id or ""
    refresh(intent, claim(intent))
    assert [refund.stripe_refund_id for refund in refunds(transaction)] == [good]
    assert remaining(db.session(), driver.read(transaction)) == 899
    assert remaining(db.session(), driver.read(other)) == 1099
    told = db.session.scalars(select(Alert).where(Alert.kind == "mismatch")).one()
    assert (told.key, told.severity) == (f"mismatch:{theirs}", "critical")


def test_a_currency_in_capitals_is_the_same(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 100)
    driver.sandbox("POST", f"/_sandbox/refunds/{theirs}", currency="USD")
    refresh(theirs, claim(theirs))
    assert [(refund.amount, refund.currency) for refund in refunds(transaction)] == [(100, "usd")]


@pytest.mark.parametrize("ended", ["complete", "failed"])
def test_a_refund_of_another_payment_is_told_and_not_taken_in(
    driver: PaymentDriver, ended: str
) -> None:
    cards = {"complete": "pm_card_visa", "failed": "pm_card_visa_chargeDeclined"}
    transaction, other = driver.pay(cards[ended]), driver.pay()
    refund_outside(driver, other, 700)
    (theirs,) = at_stripe(driver)
    driver.fail_stripe("say", "^/v1/refunds$", set={"data": [theirs], "has_more": False})
    intent = intent_of(driver, transaction)
    refresh(intent, claim(intent))
    assert refunds(transaction) == []
    told = db.session.scalars(select(Alert).where(Alert.kind == "mismatch")).one()
    assert told.key == f"mismatch:{theirs['id']}"
