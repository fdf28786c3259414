"""`make pictures`: each change of a subscription as its page asks, and what a buyer finds once
money went back or something has ended. It says nothing of itself: it is for people to look at."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.payments import states
from payments_app.payments.phases import Phase
from tests.browser.buyer import SECURE, Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.patron import CLUB, SUBSCRIPTIONS, Patron
from tests.browser.pictures import MARKS, Pictures, takes
from tests.browser.test_money_back import give_back

pytestmark = MARKS


@takes(
    "subscription-to-change",
    "subscription-to-pause",
    "subscription-to-resume",
    "subscription-to-charge",
)
def test_each_change_of_a_subscription(patron: Patron, take: Pictures) -> None:
    member = patron.subscribe()
    for name, button in {
        "subscription-to-change": "Change the plan",
        "subscription-to-pause": "Pause",
    }.items():
        patron.page.goto(SUBSCRIPTIONS)
        patron.page.get_by_role("button", name=button).click()
        take(patron.buyer, name)
    patron.page.get_by_role("button", name="Pause").click()
    patron.page.get_by_role("button", name="Resume").click()
    take(patron.buyer, "subscription-to-resume")
    card = patron.subscription().card_id
    patron.page.goto(f"{SUBSCRIPTIONS}/{member}/card?card={card}")
    take(patron.buyer, "subscription-to-charge")


@takes("subscription-being-set-up")
def test_a_subscription_that_is_being_set_up(patron: Patron, take: Pictures) -> None:
    patron.buyer.open(CLUB)
    patron.buyer.fill(email=patron.email)
    patron.buyer.press_pay()
    patron.buyer.sees("Thank you")
    patron.sign_in()
    take(patron.buyer, "subscription-being-set-up")


@takes("complete", "account-money-back")
def test_an_account_to_which_money_went_back(
    patron: Patron, stranger: Buyer, take: Pictures
) -> None:
    paid = patron.buy()
    stranger.page.goto(f"/transactions/{paid}")
    take(stranger, "complete")
    give_back(patron, paid, 300)
    patron.sign_in("/account")
    take(patron.buyer, "account-money-back")


@takes("payment-called-off")
def test_a_payment_that_was_called_off(buyer: Buyer, shop_app: Flask, take: Pictures) -> None:
    @atomic
    def call_off(session: Session, transaction_id: str) -> None:
        states.move(session, states.lock(session, transaction_id), Phase.CANCELED)

    buyer.pay(SECURE)
    buyer.sees_bank()
    with shop_app.app_context():
        call_off(buyer.status()["id"])
    buyer.page.reload()
    take(buyer, "payment-called-off")


@takes("consent-ended")
def test_charges_that_have_ended(buyer: Buyer, dashboard: Dashboard, take: Pictures) -> None:
    buyer.page.goto("/consents/none")
    buyer.reads("This has ended, or the link is too old")
    take(buyer, "consent-ended")
