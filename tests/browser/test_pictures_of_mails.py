"""`make pictures`: the mails to buyers, in each language. It says nothing of itself: it is for
people to look at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.notices.payment_link import send_payment_link
from payments_app.notices.receipts import write_failure_notice
from payments_app.notices.subscriptions import write_dunning, write_trial_ending
from payments_app.payment_requests.ask import Wish, ask
from payments_app.subscriptions.dunning import TRY_DAYS, not_paid
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from tests.browser.buyer import DECLINED, Buyer
from tests.browser.patron import SUBSCRIPTIONS, Patron
from tests.browser.pictures import MARKS, Pictures, takes
from tests.browser.test_mails_of_plans import let_card_expire
from tests.browser.test_money_back import fail, give_back, lose
from tests.ledger.concurrency import claim

pytestmark = MARKS
Test = Callable[..., None]


@pytest.fixture
def readers(patron: Patron, german: Buyer, shop_app: Flask) -> list[Patron]:
    """One of each language."""
    return [patron, Patron(shop_app, german, "de")]


def takes_mails(*kinds: str) -> Callable[[Test], Test]:
    """In each language."""
    return takes(*(f"{begin}mail-{kind}" for begin in ("", "german-") for kind in kinds))


def shows(patron: Patron, take: Pictures, kind: str) -> None:
    """The newest mail of this kind."""
    patron.work()
    html = [mail.html for mail in patron.mails() if mail.kind == kind][-1]
    patron.buyer.shows(html)
    begin = "german-" if patron.language == "de" else ""
    take(patron.buyer, f"{begin}mail-{kind.replace('_', '-')}")


@atomic
def owe(session: Session, member: str) -> str:
    """The period that was paid is not; its id."""
    session.execute(update(Subscription).where(Subscription.id == member).values(status="past_due"))
    period = session.scalars(select(Period).where(Period.subscription_id == member)).one()
    period.paid_at = None
    return period.id


@atomic
def give_up(session: Session, period_id: str) -> None:
    """The last try was made: it ends, as when nobody pays."""
    period = session.get_one(Period, period_id)
    period.step = len(TRY_DAYS)
    not_paid(session, period.subscription, period, utcnow())


@takes_mails("receipt", "payment-failed")
def test_payments(readers: list[Patron], take: Pictures) -> None:
    for patron in readers:
        patron.buy(quantity=2)
        shows(patron, take, "receipt")
        patron.buyer.open()
        patron.buyer.fill(DECLINED, patron.email)
        patron.buyer.press_pay()
        patron.page.locator("[data-phase=failed]").wait_for()
        declined = patron.buyer.status()["id"]
        patron.in_shop(partial(write_failure_notice, declined, claim(declined)))
        shows(patron, take, "payment_failed")


@takes_mails("refund", "refund-failed", "dispute-lost")
def test_money_that_goes_back(readers: list[Patron], take: Pictures) -> None:
    for patron in readers:
        give_back(patron, patron.buy(), 300)
        shows(patron, take, "refund")
        fail(patron, give_back(patron, patron.buy(card="pm_card_refundFail"), 1099)[0])
        shows(patron, take, "refund_failed")
        lose(patron, patron.buy(card="pm_card_createDispute"))
        shows(patron, take, "dispute_lost")


@takes_mails(
    *("subscription-changed", "card-expires", "card-removed", "dunning", "subscription-ended")
)
def test_what_is_told_of_a_subscription(readers: list[Patron], take: Pictures) -> None:
    for patron in readers:
        member = patron.subscribe()
        for button in ("Pause", "Pause"):
            patron.press(button)
        patron.buyer.is_at(f"{SUBSCRIPTIONS}$")
        shows(patron, take, "subscription_changed")
        patron.page.goto(SUBSCRIPTIONS)
        for button in ("Resume", "Go on"):
            patron.press(button)
        patron.buyer.is_at(f"{SUBSCRIPTIONS}$")
        _show_what_comes_by_itself(patron, take, member)


def _show_what_comes_by_itself(patron: Patron, take: Pictures, member: str) -> None:
    patron.in_shop(lambda: let_card_expire(member))
    shows(patron, take, "card_expires")
    patron.in_shop(lambda: patron.driver.remove_card(member))
    shows(patron, take, "card_removed")
    period = patron.in_shop(lambda: owe(member))
    patron.in_shop(lambda: write_dunning(period, claim(period)))
    shows(patron, take, "dunning")
    patron.in_shop(lambda: give_up(period))
    shows(patron, take, "subscription_ended")


@takes_mails("trial-ending")
def test_a_trial_that_ends(readers: list[Patron], take: Pictures) -> None:
    for patron in readers:
        member = patron.subscribe("letter")
        patron.in_shop(partial(write_trial_ending, member, claim(member)))
        shows(patron, take, "trial_ending")


@takes_mails("download", "account-link", "payment-link")
def test_links(readers: list[Patron], take: Pictures) -> None:
    for patron in readers:
        patron.buy("folding-pattern")
        shows(patron, take, "download")
        patron.page.goto("/account")
        patron.page.locator("#email").fill(patron.email)
        patron.press("E-mail me a sign-in link")
        patron.buyer.is_at("/account/links")
        shows(patron, take, "account_link")
        with patron.app.test_request_context():
            wish = Wish(Money(2500, "usd"), "Two tickets", email=patron.email)
            send_payment_link(ask(wish, "staff")[0], "ada")
        shows(patron, take, "payment_link")
