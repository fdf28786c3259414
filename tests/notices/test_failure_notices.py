"""Failure notices: only while the failure is the last word."""

from __future__ import annotations

import pytest

from payments_app.notices.mails import send_mail
from payments_app.notices.receipts import write_failure_notice
from tests.ledger.concurrency import claim, run_at_once
from tests.notices.sent_mails import SentMails, mails, text_of
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
DECLINED = "pm_card_visa_chargeDeclined"


def test_a_failure_is_not_told_before_the_buyer_had_time_to_retry(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    driver.pay(DECLINED)
    assert sent_mails.all() == []
    assert [m.done_at for m in driver.messages("notices.payment_failed")] == [None]


def test_a_failure_that_stands_is_told_once_in_plain_words(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    order = driver.create_order()
    transaction = driver.pay(DECLINED, order)
    driver.work_all_waiting()
    (received,) = sent_mails.all()
    assert sent_mails.subjects() == ["Your payment of $10.99 failed"]
    assert "Your bank declined this payment." in text_of(received)
    assert f"/checkout/{order}" in text_of(received)
    assert "mail.payment_failed.sent" in driver.happened(transaction)


def test_who_left_while_stripe_was_away_is_told_once_that_nothing_was_paid(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.open()
    driver.age(transaction, 16 * 60)
    driver.work()
    driver.work_all_waiting()
    write_failure_notice(transaction, claim(transaction))
    driver.work_all_waiting()
    assert driver.read(transaction).error_code == "payment_expired"
    assert sent_mails.subjects() == ["Your payment of $10.99 failed"]
    assert "You were not charged for this payment." in text_of(sent_mails.all()[0])


def test_who_left_their_bank_s_check_is_told_nothing(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay("pm_card_authenticationRequired")
    driver.age(transaction, 31 * 60)
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "canceled"
    driver.work_all_waiting()
    assert sent_mails.all() == []


def test_no_failure_is_told_after_a_later_success(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    order = driver.create_order()
    driver.pay(DECLINED, order)
    driver.pay(order=order)
    driver.work_all_waiting()
    assert sent_mails.subjects() == ["Your receipt from Corner Shop: $10.99"]


def test_no_failure_is_told_while_a_second_attempt_is_open(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    order = driver.create_order()
    first = driver.pay(DECLINED, order)
    driver.open("pm_card_visa", order)
    driver.make_due("notices.payment_failed")
    driver.work("payment_standard", "mailers")
    assert sent_mails.all() == []
    assert driver.read(first).phase == "failed"


def test_two_declines_in_a_row_are_told_once(driver: PaymentDriver, sent_mails: SentMails) -> None:
    order = driver.create_order()
    driver.pay(DECLINED, order)
    second = driver.pay(DECLINED, order)
    driver.work_all_waiting()
    assert [mail.transaction_id for mail in mails()] == [second]


def test_a_notice_that_is_no_longer_true_when_it_is_sent_is_dropped(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    order = driver.create_order()
    first = driver.pay(DECLINED, order)
    write_failure_notice(first, claim(first))
    driver.open("pm_card_visa", order)
    driver.work("charges", "mailers")
    assert sent_mails.subjects() == []
    assert "mail.payment_failed.dropped" in driver.happened(first)


def test_an_abandoned_payment_is_not_told_as_a_failure(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.open()
    driver.age(transaction, 3600)
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "canceled"
    assert sent_mails.all() == []


def test_eight_workers_at_once_write_one_notice(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay(DECLINED)
    run_at_once(driver.app, lambda: write_failure_notice(transaction, claim(transaction)))
    write_failure_notice(transaction, claim(transaction))
    (mail,) = mails()
    send_mail(mail.id, claim(mail.id))
    send_mail(mail.id, claim(mail.id))
    assert len(sent_mails.all()) == 1
