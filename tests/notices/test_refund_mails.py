"""Money that goes back: its buyer is told what, how much remains, and when it arrives."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.notices.refunds import write_refund
from payments_app.payments.disputes.refresh import refresh
from payments_app.payments.refunds.money_back import movement_of
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.subscriptions.calendar import day_words
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.notices.sent_mails import SentMails, text_of
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back, move_on, read, refund_outside
from tests.refunds.test_disputes import answer, their_dispute

pytestmark = pytest.mark.portable


def plain(received: EmailMessage) -> str:
    return " ".join(text_of(received).replace("\u00a0", " ").split())


def last(sent_mails: SentMails) -> tuple[str, str]:
    """Subject and words of the newest mail."""
    return sent_mails.subjects()[-1], plain(sent_mails.all()[-1])


def test_a_part_that_is_refunded_brings_a_mail_that_says_what_remains_and_when_it_arrives(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay(amount=3297)
    refund = give_back(driver, transaction, 1099)
    subject, words = last(sent_mails)
    assert subject == "Corner Shop: $10.99 is on its way back to you"
    arrives = movement_of(read(refund)).arrives
    for said in (
        "to Visa ending in 4242",
        f"is there by {day_words(arrives)}",
        "Paid: $32.97",
        "Refunded: $10.99",
        "Remains: $21.98",
        driver.read(transaction).reference,
    ):
        assert said in words
    assert sent_mails.all()[-1]["To"] == "ada@example.com"
    assert "mail.refund.sent" in driver.happened(transaction)


def test_a_second_refund_says_what_both_came_to(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay(amount=3297)
    give_back(driver, transaction, 1099)
    give_back(driver, transaction, 2198)
    _, words = last(sent_mails)
    assert "Refunded: $32.97 Remains: $0.00" in words


def test_a_refund_that_is_pending_is_told_once_and_not_again_when_it_is_made(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    refund = give_back(driver, driver.pay("pm_card_pendingRefund"))
    assert read(refund).state == "pending"
    assert last(sent_mails)[0] == "Corner Shop: $10.99 is on its way back to you"
    move_on(driver, refund)
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"
    write_refund(refund, claim(refund))
    driver.work()
    assert len(sent_mails.all()) == 2  # the receipt, and this one


def look_again(driver: PaymentDriver, stripe_id: str | None) -> None:
    """Stripe told that a refund changed."""
    assert stripe_id is not None
    refresh_refunds(stripe_id, claim(stripe_id))
    driver.work()


def test_a_refund_that_fails_says_what_happens_next_and_a_person_is_told(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    refund = give_back(driver, driver.pay("pm_card_refundFail"))
    move_on(driver, refund)
    look_again(driver, read(refund).stripe_refund_id)
    subject, words = last(sent_mails)
    assert subject == "Corner Shop: Your refund of $10.99 did not arrive"
    assert "refund you in another way, and e-mail you then" in words
    assert "Refunded: $0.00" in words
    db.session.rollback()
    assert "refund_failed" in db.session.scalars(select(Alert.kind).where(own(Alert))).all()


def test_a_refund_that_stripe_refused_is_not_told_since_no_money_moved(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", latest_charge=None)
    assert read(give_back(driver, transaction)).state == "failed"
    assert len(sent_mails.all()) == 1


def test_a_refund_that_was_made_at_stripe_is_told_too(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    look_again(driver, refund_outside(driver, driver.pay(), 500))
    assert last(sent_mails)[0] == "Corner Shop: $5.00 is on its way back to you"


@pytest.mark.parametrize(("evidence", "told"), [("losing_evidence", 1), ("winning_evidence", 0)])
def test_a_dispute_that_was_lost_tells_its_buyer_where_the_money_is(
    driver: PaymentDriver, sent_mails: SentMails, evidence: str, told: int
) -> None:
    transaction = driver.pay("pm_card_createDispute")
    answer(driver, evidence)
    for _ in range(2):
        subject = their_dispute(driver)
        refresh(subject, claim(subject))
        driver.work()
    said = [each for each in sent_mails.subjects() if "bank" in each]
    assert said == ["Corner Shop: Your bank gave you back $10.99"] * told
    if told:
        words = plain(sent_mails.all()[-1])
        assert "we do not refund it once more" in words
        assert driver.read(transaction).reference in words
