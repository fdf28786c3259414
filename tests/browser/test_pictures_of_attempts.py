"""`make pictures`: attempts beside others, an end that is still to be paid, and what a link leads
to no more. It says nothing of itself: it is for people to look at."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.downloads.link import link_to
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.models import Transaction
from payments_app.payments.queries import payable_of
from payments_app.subscriptions.models import Subscription
from tests.browser.buyer import DECLINED, SECURE, Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.patron import CLUB, SUBSCRIPTIONS, Patron
from tests.browser.pictures import MARKS, Pictures, takes
from tests.browser.test_money_back import give_back
from tests.ledger.concurrency import claim

pytestmark = MARKS


@takes("another-attempt-under-way", "bank-of-another", "paid-by-another-attempt")
def test_a_second_attempt(buyer: Buyer, stranger: Buyer, take: Pictures) -> None:
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    declined = buyer.page.url
    buyer.page.get_by_role("link", name="Try another card").click()
    buyer.fill(SECURE, email=None)
    buyer.press_pay()
    buyer.sees_bank()
    second = buyer.page.url
    buyer.page.goto(declined)
    buyer.sees("Another attempt is under way")
    take(buyer, "another-attempt-under-way")
    stranger.page.goto(second)
    stranger.reads("Continue in the browser where you started this payment.")
    take(stranger, "bank-of-another")
    buyer.page.goto(second)
    buyer.answer_bank("complete")
    buyer.sees("Thank you")
    buyer.page.goto(declined)
    buyer.sees("Paid by another attempt")
    take(buyer, "paid-by-another-attempt")


@takes("free-not-completed")
def test_something_free_that_failed(buyer: Buyer, shop_app: Flask, take: Pictures) -> None:
    @atomic
    def give_away(session: Session, failed: str) -> None:
        free = {"amount": 0, "error": None}
        session.execute(update(Transaction).where(Transaction.id == failed).values(free))

    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    with shop_app.app_context():
        give_away(buyer.status()["id"])
    buyer.page.reload()
    buyer.sees("This could not be completed")
    take(buyer, "free-not-completed")


@takes("card-not-saved", "thank-you-plan", "thank-you-trial")
def test_a_card_that_is_kept(buyer: Buyer, take: Pictures) -> None:
    buyer.pay(DECLINED, "letter")
    buyer.sees("The card was not saved")
    take(buyer, "card-not-saved")
    for name, item in {"thank-you-plan": CLUB, "thank-you-trial": "letter"}.items():
        buyer.open(item)
        buyer.fill(email=f"{name}@example.com")
        buyer.press_pay()
        buyer.sees("Thank you")
        take(buyer, name)


@takes("subscription-ended-and-unpaid")
def test_an_end_that_is_not_paid(patron: Patron, take: Pictures) -> None:
    @atomic
    def owe(session: Session) -> None:
        mine = update(Subscription).where(Subscription.id == member)
        session.execute(mine.values(balance=1100))

    member = patron.subscribe()
    patron.in_shop(owe)
    patron.in_shop(lambda: patron.driver.remove_card(member))
    patron.page.goto(SUBSCRIPTIONS)
    patron.press("Cancel now")
    patron.press("Cancel the subscription")
    patron.buyer.reads("Pay $11.00")
    take(patron.buyer, "subscription-ended-and-unpaid")


def _download(patron: Patron, paid: str) -> str:
    """The address of what this payment is for."""

    def made() -> str:
        bought = payable_of(db.session(), paid)
        assert bought is not None
        with patron.app.test_request_context():
            return link_to(bought[1])

    return patron.in_shop(made)


@takes("download-refunded", "download-disputed")
def test_a_download_that_is_not_owed(patron: Patron, take: Pictures) -> None:
    paid = patron.buy("folding-pattern")
    price = patron.in_shop(lambda: patron.driver.read(paid).amount)
    give_back(patron, paid, price)
    patron.page.goto(_download(patron, paid))
    patron.buyer.reads("This purchase was refunded")
    take(patron.buyer, "download-refunded")
    paid = patron.buy("folding-pattern", card="pm_card_createDispute")
    patron.in_shop(lambda: _hear_of_dispute(patron, paid))
    patron.page.goto(_download(patron, paid))
    patron.buyer.reads("This payment is disputed")
    take(patron.buyer, "download-disputed")


def _hear_of_dispute(patron: Patron, paid: str) -> None:
    intent = patron.driver.read(paid).stripe_payment_id
    dispute = patron.driver.sandbox("GET", f"/v1/disputes?payment_intent={intent}")["data"][0]["id"]
    refresh_disputes(dispute, claim(dispute))


@takes("account-empty", "subscriptions-none", "consents-none")
def test_an_account_without_anything(patron: Patron, take: Pictures) -> None:
    patron.buy()
    patron.sign_in("/account")
    for name, path in {
        "account-empty": "/account",
        "subscriptions-none": SUBSCRIPTIONS,
        "consents-none": "/account/consents",
    }.items():
        patron.page.goto(path)
        take(patron.buyer, name)


@takes("account-ask-wrong", "account-of-another")
def test_who_it_is(buyer: Buyer, patron: Patron, dashboard: Dashboard, take: Pictures) -> None:
    buyer.page.goto("/account")
    buyer.page.evaluate("document.querySelector('#email').form.noValidate = true")
    buyer.page.get_by_label("E-mail").fill("ada")
    buyer.page.get_by_role("button", name="E-mail me a sign-in link").click()
    buyer.reads("Enter an e-mail address like name@example.com.")
    take(buyer, "account-ask-wrong")
    patron.buy()
    patron.sign_in("/account")
    patron.page.goto(dashboard.account_link())
    patron.buyer.reads("Until now this browser is known as")
    take(patron.buyer, "account-of-another")
