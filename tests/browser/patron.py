"""Somebody who pays here and has proved their address: what they buy, are mailed, and find in
their account."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from parts.process import wait_until
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.language import DEFAULT, catalogue
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.subscriptions.calendar import day_words
from payments_app.subscriptions.models import Subscription
from tests.browser.buyer import Buyer
from tests.customers.mailed_link import link_for
from tests.own_worker import work
from tests.subscriptions.billing_driver import BillingDriver

Found = TypeVar("Found")
CLUB, PLUS = "coffee-club", "coffee-club-plus"
SUBSCRIPTIONS = "/account/subscriptions"


def plain(text: str) -> str:
    """As it is read: one space between words."""
    return " ".join(text.split())


def read(page: Page) -> str:
    """All that a page says."""
    return plain(page.locator("body").inner_text())


def effects(page: Page, of: str = ".effects > div") -> list[str]:
    """The lines of what a change comes to, on the page that asks."""
    return [plain(text) for text in page.locator(of).all_inner_texts()]


def effects_of_mail(page: Page) -> list[str]:
    """The same, in a mail that is shown."""
    return effects(page, 'tr:has(> td[width="70%"])')


class Patron:
    """`email` is nobody else's in the shop's database; `language` is their browser's."""

    def __init__(self, app: Flask, buyer: Buyer, language: str = DEFAULT) -> None:
        self.app, self.buyer, self.page, self.language = app, buyer, buyer.page, language
        self.email = f"patron-{secrets.token_hex(6)}@example.com"
        self.driver = BillingDriver(app)

    def buy(self, item: str = "field-notes", card: str = "pm_card_visa", **more: Any) -> str:
        """Pay with one of Stripe's test cards, with all that follows; the payment's id."""
        wish = {"item": item, "email": self.email, "payment_method": card} | more
        key = {"Idempotency-Key": secrets.token_hex(8)}
        answer = self.page.request.post("/transactions", data=wish, headers=key)
        assert answer.status == 202, answer.text()
        paid = str(answer.json()["id"])
        self.wait_for_payment(paid)
        return paid

    def wait_for_payment(self, transaction_id: str) -> None:
        """The shop's own worker charges it; the rest is done here."""

        def is_paid() -> bool:
            return self.in_shop(lambda: self.driver.read(transaction_id).state == State.COMPLETE)

        assert wait_until(is_paid, within=30)
        self.work()

    def work(self) -> None:
        """What follows payments and changes, up to the mails, in their language: a program that
        pays for them speaks English."""
        with self.app.app_context():
            if self.language != DEFAULT:
                _speak(self.email, self.language)
            for queue in ("payment_critical", "payment_standard") * 2:
                work(queue)

    def sign_in(self, to: str = SUBSCRIPTIONS) -> None:
        """By a link as it is mailed."""
        self.page.goto(self.in_shop(lambda: link_for(_customer(self.email), to)))
        self.press("Continue")
        self.buyer.is_at(f"{to}$")

    def press(self, words: str) -> None:
        """The button that says this in English, in their language."""
        said = catalogue(self.language).gettext(words)
        self.page.get_by_role("button", name=said, exact=True).click()

    def subscribe(self, item: str = CLUB, **more: Any) -> str:
        """A subscription that is paid, and its page is open; its id."""
        self.buy(item, **more)
        self.sign_in()
        return self.subscription().id

    def ends(self) -> str:
        """The day until which it is paid, as it is written."""
        return self.in_shop(lambda: plain(str(day_words(self.subscription().billed_until))))

    def today(self) -> str:
        """The business's day, as it is written."""
        return self.in_shop(lambda: plain(str(day_words(utcnow()))))

    def subscription(self) -> Subscription:
        """The one that they have."""
        (found,) = self.in_shop(lambda: _subscriptions(self.email))
        return found

    def card(self) -> str | None:
        """What it is charged to, in words."""

        def words() -> str | None:
            card = db.session.get_one(Subscription, self.subscription().id).own_card
            return card.words if card else None

        return self.in_shop(words)

    def payments(self) -> list[Transaction]:
        """All that they made, the oldest first."""
        return self.in_shop(lambda: _payments(self.email))

    def wait_for_payments(self, count: int) -> Transaction:
        """Until so many are complete; the newest of them."""

        def complete() -> list[Transaction]:
            return [one for one in self.payments() if one.state == State.COMPLETE]

        assert wait_until(lambda: len(complete()) == count, within=30)
        self.work()
        return complete()[-1]

    def opens_mail(self, subject: str, of: int = 1) -> str:
        """Show the newest `of` so many mails with this subject as a mail program does; all that it
        says."""
        self.work()
        found = [one for one in self.mails() if plain(one.subject) == subject]
        assert len(found) == of, [one.subject for one in self.mails()]
        self.buyer.shows(found[-1].html)
        return read(self.page)

    def mails(self) -> list[Mail]:
        """All that were written to them, the oldest first."""
        return self.in_shop(lambda: _mails(self.email))

    def in_shop(self, look: Callable[[], Found]) -> Found:
        """What is found in the shop's database; it stays as it was read."""
        with self.app.app_context():
            db.session.rollback()
            found = look()
            db.session.expunge_all()
            return found

    def standing(self) -> tuple[object, ...]:
        """What of theirs nobody else's doings may change."""
        return self.in_shop(lambda: _standing(self.email))


def _mails(email: str) -> list[Mail]:
    mine = select(Mail).where(Mail.recipient == email)
    return list(db.session.scalars(mine.order_by(Mail.created_at, Mail.id)))


def _payments(email: str) -> list[Transaction]:
    mine = select(Transaction).where(Transaction.email == email)
    return list(db.session.scalars(mine.order_by(Transaction.created_at, Transaction.id)))


def _subscriptions(email: str) -> list[Subscription]:
    theirs = select(Subscription).join(Customer, Customer.id == Subscription.customer_id)
    found = theirs.where(Customer.email == email).order_by(Subscription.created_at)
    return list(db.session.scalars(found))


def _standing(email: str) -> tuple[object, ...]:
    subscriptions = [
        (one.status, one.plan_id, one.balance, one.card_id, one.paused_at, one.cancel_at_period_end)
        for one in _subscriptions(email)
    ]
    mails = db.session.scalar(select(func.count(Mail.id)).where(Mail.recipient == email))
    return subscriptions, [(one.id, one.version) for one in _payments(email)], mails


@atomic
def _speak(session: Session, email: str, language: str) -> None:
    for made_of, theirs in ((Customer, Customer.email), (Transaction, Transaction.email)):
        session.execute(update(made_of).where(theirs == email).values(language=language))


@atomic
def _customer(session: Session, email: str) -> str:
    return customer_for(session, email).id
