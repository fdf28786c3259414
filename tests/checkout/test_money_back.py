"""A payment's pages say what of it went back, what remains, and when it arrives."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.refunds.models import Refund
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
    for path, client in (
        (f"/thankyou?transaction={paid}", None),
        (f"/transactions/{paid}", checkout.stranger()),
    ):
        page = checkout.page(path, client).text
        assert "<h1>A refund did not arrive</h1>" in page
        assert "<title>A refund did not arrive" in page
        assert "Thank you" not in page
        assert "icon-done" not in page


@pytest.mark.parametrize(("again", "said"), [(799, True), (1099, False), (300, False)])
def test_of_a_refund_that_failed_nothing_is_promised_once_it_or_all_went_back(
    checkout: CheckoutClient, again: int, said: bool
) -> None:
    paid = checkout.pay()
    with checkout.app.app_context():
        plant_failed_refund(paid, 300)
    refund(checkout, paid, again)
    page = words(checkout, f"/thankyou?transaction={paid}")
    assert ("A refund of $3.00 did not arrive" in page) == said
    assert "goes back to the card that you paid with" in page


@atomic
def plant_failed_refund(session: Session, paid: str, amount: int) -> None:
    values = {"state": "failed", "reason": "x", "requested_by": "system", "currency": "usd"}
    session.add(Refund(transaction_id=paid, amount=amount, stripe_refund_id=new_id("re"), **values))


def test_how_long_banks_take_is_said_once_of_all_refunds(checkout: CheckoutClient) -> None:
    paid, takes = checkout.pay(), "Banks take 5 to 10 working days to show a refund."
    assert takes not in words(checkout, f"/thankyou?transaction={paid}")
    refund(checkout, paid, 300)
    refund(checkout, paid, 799)
    page = words(checkout, f"/thankyou?transaction={paid}")
    assert page.count("goes back to the card that you paid with") == 2
    assert page.count(takes) == 1


def test_what_the_bank_gave_back_is_said(checkout: CheckoutClient) -> None:
    paid = checkout.pay("pm_card_createDispute")
    with checkout.app.app_context():
        driver = PaymentDriver(checkout.app)
        answer(driver, "losing_evidence")
        refresh_disputes(their_dispute(driver), claim("dispute"))
    page = words(checkout, f"/thankyou?transaction={paid}")
    assert "Your bank gave you back $10.99. $0.00 remains paid." in page
    assert "<h1>Your bank gave you this payment back</h1>" in page


def test_who_has_all_of_it_back_is_not_thanked_and_gets_no_other_receipt(
    checkout: CheckoutClient,
) -> None:
    paid, kept = checkout.pay(), checkout.pay()
    refund(checkout, paid, 1099)
    for path, client in (
        (f"/thankyou?transaction={paid}", None),
        (f"/transactions/{paid}", checkout.stranger()),
    ):
        page = checkout.page(path, client).text
        assert "<h1>This payment was refunded</h1>" in page
        assert "<title>This payment was refunded" in page
        for words in ("Thank you", "Payment complete", "e-mail a receipt"):
            assert words not in page, path
    assert "<h1>Thank you</h1>" in checkout.page(f"/thankyou?transaction={kept}").text


def test_who_has_a_part_back_reads_so_first_and_gets_no_other_receipt(
    checkout: CheckoutClient,
) -> None:
    paid, kept = checkout.pay(), checkout.pay()
    assert "e-mail a receipt" in words(checkout, f"/thankyou?transaction={paid}")
    refund(checkout, paid, 100)
    page = words(checkout, f"/thankyou?transaction={paid}")
    assert "<h1>Part of this payment was refunded</h1>" in page
    assert "<title>Part of this payment was refunded" in page
    assert "icon-done" not in page
    assert "e-mail a receipt" not in page
    assert "<h1>Thank you</h1>" in words(checkout, f"/thankyou?transaction={kept}")
