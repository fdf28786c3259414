"""Money that goes back, as its buyer finds it: on each page and in the mail, in a real browser."""

from __future__ import annotations

import pytest

from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.refunds.money_back import movement_of
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.payments.refunds.request import request_refund
from payments_app.subscriptions.calendar import day_words
from tests.browser.buyer import Buyer
from tests.browser.patron import Patron, plain, read
from tests.browser.test_accessibility import complaints
from tests.ledger.concurrency import claim
from tests.refunds.refund_steps import move_on
from tests.refunds.refund_steps import read as read_refund

pytestmark = pytest.mark.browser


def give_back(patron: Patron, paid: str, amount: int) -> tuple[str, str]:
    """A refund by staff, with all that follows; its id, and the day by which it arrives."""

    def made() -> str:
        return request_refund(paid, amount, reason="It arrived broken", actor="ada")

    refund = patron.in_shop(made)
    patron.work()
    return refund, patron.in_shop(lambda: str(_arrives(refund)))


def _arrives(refund: str) -> str:
    arrives = movement_of(read_refund(refund)).arrives
    assert arrives is not None
    return plain(str(day_words(arrives)))


def fail(patron: Patron, refund: str) -> None:
    """The card's bank sends a refund back, with all that follows."""

    def sent_back() -> None:
        move_on(patron.driver, refund)
        at_stripe = read_refund(refund).stripe_refund_id or ""
        refresh_refunds(at_stripe, claim(at_stripe))

    patron.in_shop(sent_back)
    patron.work()


def lose(patron: Patron, paid: str) -> None:
    """The bank decides a dispute of this payment for its buyer, with all that follows."""

    def decided() -> None:
        intent = patron.driver.read(paid).stripe_payment_id
        listed = patron.driver.sandbox("GET", f"/v1/disputes?payment_intent={intent}")["data"]
        losing = {"evidence[uncategorized_text]": "losing_evidence"}
        patron.driver.sandbox_form(f"/v1/disputes/{listed[0]['id']}", **losing)
        refresh_disputes(listed[0]["id"], claim(listed[0]["id"]))

    patron.in_shop(decided)
    patron.work()


def says_everywhere(patron: Patron, stranger: Buyer, paid: str, *words: str) -> None:
    """The thank-you, the account, and the status, as anybody who has its address reads it."""
    for path in (f"/thankyou?transaction={paid}", "/account"):
        patron.page.goto(path)
        for said in words:
            assert said in read(patron.page), path
    stranger.page.goto(f"/transactions/{paid}")
    for said in words:
        assert said in read(stranger.page)
    assert patron.email not in stranger.page.content()


def test_a_refund_in_part_and_then_of_the_rest_is_told_on_each_page_and_in_a_mail(
    patron: Patron, stranger: Buyer
) -> None:
    paid = patron.buy()
    patron.sign_in("/account")
    assert "refunded" not in read(patron.page)
    for amount, subject, refunded, remaining in (
        (300, "$3.00", "$3.00", "$7.99"),
        (799, "$7.99", "$10.99", "$0.00"),
    ):
        _, day = give_back(patron, paid, amount)
        summary = f"$10.99 was paid. {refunded} was refunded. {remaining} remains paid."
        goes = f"{subject} goes back to the card that you paid with, and is there by {day}."
        says_everywhere(patron, stranger, paid, summary, goes)
        mail = patron.opens_mail(f"Corner Shop: {subject} is on its way back to you")
        assert f"It goes to Visa ending in 4242 and is there by {day}." in mail
        assert f"Paid $10.99 Refunded {refunded} Remains paid {remaining}" in mail
    patron.page.get_by_role("link", name="See this payment").click()
    patron.buyer.sees("This payment was refunded")
    assert complaints(patron.page) == []
    stranger.sees("This payment was refunded")


def test_a_refund_that_failed_says_what_happens_next(patron: Patron, stranger: Buyer) -> None:
    paid = patron.buy(card="pm_card_refundFail")
    patron.sign_in("/account")
    refund, _ = give_back(patron, paid, 1099)

    fail(patron, refund)
    says_everywhere(
        patron,
        stranger,
        paid,
        "$10.99 was paid. A refund of $10.99 did not arrive: your bank sent it back to us. You "
        "don't need to do anything. We look into it, refund you in another way, and e-mail you "
        "then.",
    )
    mail = patron.opens_mail("Corner Shop: Your refund of $10.99 did not arrive")
    assert "we look into it, refund you in another way, and e-mail you then" in mail
    assert "Paid $10.99 Refunded $0.00 Not arrived $10.99" in mail


def test_a_dispute_that_was_lost_says_that_the_bank_gave_it_back(
    patron: Patron, stranger: Buyer
) -> None:
    paid = patron.buy(card="pm_card_createDispute")
    patron.sign_in("/account")

    lose(patron, paid)
    says_everywhere(
        patron,
        stranger,
        paid,
        "$10.99 was paid. Your bank gave you back $10.99. $0.00 remains paid.",
        "We do not refund it once more.",
    )
    mail = patron.opens_mail("Corner Shop: Your bank gave you back $10.99")
    assert "Paid $10.99 Given back by the bank $10.99 Remains paid $0.00" in mail
