"""`make pictures`: the mails to buyers. It says nothing of itself: it is for people to look at."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.notices.payment_link import send_payment_link
from payments_app.notices.subscriptions import write_dunning, write_ended, write_trial_ending
from payments_app.payment_requests.ask import Wish, ask
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from tests.browser.patron import SUBSCRIPTIONS, Patron
from tests.browser.pictures import MARKS, Pictures
from tests.browser.test_mails_of_plans import let_card_expire
from tests.browser.test_money_back import fail, give_back, lose
from tests.ledger.concurrency import claim

pytestmark = MARKS


def shows(patron: Patron, take: Pictures, kind: str) -> None:
    """The newest mail of this kind."""
    patron.work()
    html = [mail.html for mail in patron.mails() if mail.kind == kind][-1]
    patron.buyer.shows(html)
    take(patron.buyer, f"mail-{kind.replace('_', '-')}")


@atomic
def owe(session: Session, member: str) -> str:
    """The period that was paid is not; its id."""
    session.execute(update(Subscription).where(Subscription.id == member).values(status="past_due"))
    period = session.scalars(select(Period).where(Period.subscription_id == member)).one()
    period.paid_at = None
    return period.id


def test_money_that_goes_back(patron: Patron, take: Pictures) -> None:
    give_back(patron, patron.buy(), 300)
    shows(patron, take, "refund")
    fail(patron, give_back(patron, patron.buy(card="pm_card_refundFail"), 1099)[0])
    shows(patron, take, "refund_failed")
    lose(patron, patron.buy(card="pm_card_createDispute"))
    shows(patron, take, "dispute_lost")


def test_what_is_told_of_a_subscription(patron: Patron, take: Pictures) -> None:
    member = patron.subscribe()
    patron.page.get_by_role("button", name="Pause").click()
    patron.page.get_by_role("button", name="Pause").click()
    patron.buyer.is_at(f"{SUBSCRIPTIONS}$")
    shows(patron, take, "subscription_changed")
    patron.page.goto(SUBSCRIPTIONS)
    patron.page.get_by_role("button", name="Resume").click()
    patron.page.get_by_role("button", name="Go on").click()
    patron.buyer.is_at(f"{SUBSCRIPTIONS}$")
    patron.in_shop(lambda: let_card_expire(member))
    shows(patron, take, "card_expires")
    patron.in_shop(lambda: patron.driver.remove_card(member))
    shows(patron, take, "card_removed")
    period = patron.in_shop(lambda: owe(member))
    patron.in_shop(lambda: write_dunning(period, claim(period)))
    shows(patron, take, "dunning")
    patron.in_shop(lambda: write_ended(period, claim(period)))
    shows(patron, take, "subscription_ended")


def test_a_trial_that_ends(patron: Patron, take: Pictures) -> None:
    member = patron.subscribe("letter")
    patron.in_shop(lambda: write_trial_ending(member, claim(member)))
    shows(patron, take, "trial_ending")


def test_links(patron: Patron, take: Pictures) -> None:
    patron.buy("folding-pattern")
    shows(patron, take, "download")
    patron.page.goto("/account")
    patron.page.get_by_label("E-mail").fill(patron.email)
    patron.page.get_by_role("button", name="E-mail me a sign-in link").click()
    patron.buyer.sees("Check your e-mail")
    shows(patron, take, "account_link")
    with patron.app.test_request_context():
        wish = Wish(Money(2500, "usd"), "Two tickets", email=patron.email)
        send_payment_link(ask(wish, "staff")[0], "ada")
    shows(patron, take, "payment_link")
