"""What a subscriber is mailed as time goes by, opened in a real browser."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import MAIL_EXPIRES, advance
from tests.browser.patron import SUBSCRIPTIONS, Patron, effects_of_mail, plain, read

pytestmark = pytest.mark.browser


@atomic
def let_time_go_by(session: Session, member: str) -> dt.date:
    """What was paid for is over today."""
    today = local_day(utcnow())
    found = session.get_one(Subscription, member)
    found.billed_until = found.current_end = today
    found.anchor_day = today.day
    paid = session.scalars(select(Period).where(Period.subscription_id == member)).one()
    paid.start, paid.end = today - dt.timedelta(days=30), today
    return today


@atomic
def let_card_expire(session: Session, member: str) -> None:
    """A month before the next payment."""
    found = session.get_one(Subscription, member)
    assert found.card is not None
    before = found.billed_until.replace(day=1) - dt.timedelta(days=1)
    found.card.exp_year, found.card.exp_month = before.year, before.month
    outbox.stage(session, MAIL_EXPIRES, member)


def written(patron: Patron, day: dt.date) -> str:
    return patron.in_shop(lambda: plain(str(day_words(day))))


def test_one_that_is_renewed(patron: Patron) -> None:
    member = patron.subscribe()
    today = patron.in_shop(lambda: let_time_go_by(member))
    patron.in_shop(lambda: advance(member, utcnow()))
    assert patron.wait_for_payments(2).off_session
    mail = patron.opens_mail("Your receipt from Corner Shop: $15.00", of=2)
    assert "$15.00 was paid to Corner Shop." in mail
    assert f"From {written(patron, today)} To {patron.ends()}" in mail
    patron.page.goto(SUBSCRIPTIONS)
    assert f"Paid until {patron.ends()}, and renewed on that day." in read(patron.page)


def test_one_that_ends_as_its_owner_wanted(patron: Patron) -> None:
    member = patron.subscribe()
    patron.page.get_by_role("button", name="Cancel on").click()
    patron.page.get_by_role("button", name="Cancel the subscription").click()
    patron.in_shop(lambda: let_time_go_by(member))
    patron.in_shop(lambda: advance(member, utcnow()))
    patron.opens_mail("Coffee club has ended")
    ended = f"{patron.today()} It ends. Nothing more is charged $0.00"
    assert ended in effects_of_mail(patron.page)
    patron.page.get_by_role("link", name="See your subscriptions").click()
    patron.buyer.reads("This subscription has ended.")
    assert len(patron.payments()) == 1


def test_one_whose_card_expires_before_the_next_payment(patron: Patron) -> None:
    member = patron.subscribe()
    patron.in_shop(lambda: let_card_expire(member))
    mail = patron.opens_mail("Your card for Coffee club expires before its next payment")
    day = patron.ends()
    assert f"Visa ending in 4242 is no longer valid on {day}, when $15.00 is due." in mail
    patron.page.get_by_role("link", name="Enter another card").click()
    patron.buyer.reads("Visa ending in 4242")
