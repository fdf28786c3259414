"""A payment's pages say what of it went back, what remains, and when it arrives."""

from __future__ import annotations

import pytest

from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.refunds.money_back import movement_of
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.payments.refunds.request import request_refund
from payments_app.subscriptions.calendar import day_words
from tests.checkout.checkout_client import CheckoutClient
from tests.ledger.concurrency import claim
from tests.own_worker import work_all_due
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import move_on, read
from tests.refunds.test_disputes import answer, their_dispute
from tests.whole_words import says

pytestmark = pytest.mark.portable


def refund(checkout: CheckoutClient, transaction: str, amount: int) -> str:
    with checkout.app.app_context():
        made = request_refund(transaction, amount, reason="It arrived broken", actor="ada")
        work_all_due()
        return made


def words(checkout: CheckoutClient, path: str) -> str:
    return " ".join(checkout.page(path).text.replace("\u00a0", " ").split())


def test_a_refunded_payment_says_paid_refunded_remaining_and_when_it_arrives(
    checkout: CheckoutClient,
) -> None:
    paid, path = checkout.pay(quantity=3), "/thankyou?transaction={}"
    assert "refunded" not in words(checkout, path.format(paid))
    made = refund(checkout, paid, 1099)
    with checkout.app.app_context():
        arrives = day_words(movement_of(read(made)).arrives)  # type: ignore[arg-type]
    page = words(checkout, path.format(paid))
    assert "$32.97 was paid. $10.99 was refunded. $21.98 remains paid." in page
    assert f"$10.99 goes back to the card that you paid with, and is there by {arrives}." in page


def test_a_stranger_with_the_address_reads_of_the_refund_and_nothing_personal(
    checkout: CheckoutClient,
) -> None:
    paid = checkout.pay()
    refund(checkout, paid, 1099)
    page = checkout.page(f"/transactions/{paid}", checkout.stranger()).text
    assert "was refunded" in page
    assert not says(page, "4242")


def test_a_refund_that_failed_says_what_happens_next(checkout: CheckoutClient) -> None:
    paid = checkout.pay("pm_card_refundFail")
    made = refund(checkout, paid, 1099)
    with checkout.app.app_context():
        move_on(PaymentDriver(checkout.app), made)
        stripe_id = read(made).stripe_refund_id or ""
        refresh_refunds(stripe_id, claim(stripe_id))
    page = words(checkout, f"/thankyou?transaction={paid}")
    assert "A refund of $10.99 did not arrive: your bank sent it back to us." in page
    assert "was refunded" not in page


def test_what_the_bank_gave_back_is_said(checkout: CheckoutClient) -> None:
    paid = checkout.pay("pm_card_createDispute")
    with checkout.app.app_context():
        driver = PaymentDriver(checkout.app)
        answer(driver, "losing_evidence")
        refresh_disputes(their_dispute(driver), claim("dispute"))
    page = words(checkout, f"/thankyou?transaction={paid}")
    assert "Your bank gave you back $10.99. $0.00 remains paid." in page
