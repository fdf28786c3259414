"""Failure notices: only while the failure is the last word."""

from __future__ import annotations

import pytest

from payments_app.notices.mails import send_mail
from payments_app.notices.receipts import write_failure_notice
from tests.ledger.concurrency import claim, run_at_once
from tests.notices.sent_mails import Letters, mails, text_of
from tests.payments.driver import Till

pytestmark = pytest.mark.portable
DECLINED = "pm_card_visa_chargeDeclined"


def test_a_failure_is_not_told_before_the_buyer_had_time_to_retry(
    till: Till, letters: Letters
) -> None:
    till.pay(DECLINED)
    assert letters.all() == []
    assert [m.done_at for m in till.messages("notices.payment_failed")] == [None]


def test_a_failure_that_stands_is_told_once_in_plain_words(till: Till, letters: Letters) -> None:
    order = till.create_order()
    transaction = till.pay(DECLINED, order)
    till.work_all_waiting()
    (letter,) = letters.all()
    assert letters.subjects() == ["Your payment of $10.99 did not go through"]
    assert "Your bank declined this payment." in text_of(letter)
    assert f"/checkout/{order}" in text_of(letter)
    assert "mail.payment_failed.sent" in till.happened(transaction)


def test_no_failure_is_told_after_a_later_success(till: Till, letters: Letters) -> None:
    order = till.create_order()
    till.pay(DECLINED, order)
    till.pay(order=order)
    till.work_all_waiting()
    assert letters.subjects() == ["Your receipt from Corner Shop: $10.99"]


def test_no_failure_is_told_while_a_second_attempt_is_open(till: Till, letters: Letters) -> None:
    order = till.create_order()
    first = till.pay(DECLINED, order)
    till.open("pm_card_visa", order)
    till.make_due("notices.payment_failed")
    till.work("payment_standard", "mailers")
    assert letters.all() == []
    assert till.read(first).phase == "failed"


def test_two_declines_in_a_row_are_told_once(till: Till, letters: Letters) -> None:
    order = till.create_order()
    till.pay(DECLINED, order)
    second = till.pay(DECLINED, order)
    till.work_all_waiting()
    assert [mail.transaction_id for mail in mails()] == [second]


def test_a_notice_that_is_no_longer_true_when_it_is_sent_is_dropped(
    till: Till, letters: Letters
) -> None:
    order = till.create_order()
    first = till.pay(DECLINED, order)
    write_failure_notice(first, claim(first))
    till.open("pm_card_visa", order)
    till.work("charges", "mailers")
    assert letters.subjects() == []
    assert "mail.payment_failed.dropped" in till.happened(first)


def test_an_abandoned_payment_is_not_told_as_a_failure(till: Till, letters: Letters) -> None:
    transaction = till.open()
    till.age(transaction, 3600)
    till.work_all_waiting()
    assert till.read(transaction).phase == "canceled"
    assert letters.all() == []


def test_eight_workers_at_once_write_one_notice(till: Till, letters: Letters) -> None:
    transaction = till.pay(DECLINED)
    run_at_once(till.app, lambda: write_failure_notice(transaction, claim(transaction)))
    write_failure_notice(transaction, claim(transaction))
    (mail,) = mails()
    send_mail(mail.id, claim(mail.id))
    send_mail(mail.id, claim(mail.id))
    assert len(letters.all()) == 1
