"""A bill that is not paid: letters, further tries on days 1, 3, 5 and 7, then the end."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.customers import cards
from payments_app.customers.models import Customer
from payments_app.notices.models import Mail
from payments_app.subscriptions.renew import advance
from tests.subscriptions.billing_driver import Club, at

pytestmark = pytest.mark.portable

RENEWAL = "2026-02-28"
TRIES = ("2026-03-01", "2026-03-03", "2026-03-05", "2026-03-07")
POOR = "pm_card_chargeCustomerFail"
WANTS_OWNER = "pm_card_authenticationRequired"


def lapse(club: Club, card: str = POOR) -> str:
    """A member whose renewal was refused."""
    member = club.join()
    club.take_card(member, card)
    club.go_to(RENEWAL)
    return member


def letters(club: Club, kind: str) -> list[Mail]:
    club.work("payment_standard")
    db.session.rollback()
    return list(db.session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.key)))


def test_a_refused_renewal_is_past_due_and_extends_nothing(club: Club) -> None:
    member = lapse(club)
    assert club.subscription(member).status == "past_due"
    assert str(club.subscription(member).current_end) == RENEWAL


def test_a_refused_renewal_is_told_once_with_a_link_to_pay(club: Club) -> None:
    lapse(club)
    (letter,) = letters(club, "dunning")
    assert "/account/" in letter.text
    assert letters(club, "payment_failed") == []


def test_the_customer_has_the_payment_status_of_the_refusal(club: Club) -> None:
    lapse(club)
    club.work("payment_standard")
    assert db.session.scalars(select(Customer.payment_status)).one() == "declined"


def test_it_is_tried_again_on_its_days_and_then_ended(club: Club) -> None:
    member = lapse(club)
    for count, day in enumerate(TRIES, start=2):
        assert club.subscription(member).status == "past_due"
        club.go_to(day)
        assert len(club.attempts(member)) == count
    assert club.subscription(member).status == "canceled"


def test_the_end_is_told(club: Club) -> None:
    lapse(club)
    for day in TRIES:
        club.go_to(day)
    assert len(letters(club, "subscription_ended")) == 1


def test_an_ended_subscription_is_charged_no_more(club: Club) -> None:
    member = lapse(club)
    for day in (*TRIES, "2026-03-20", "2026-04-30"):
        club.go_to(day)
    assert len(club.attempts(member)) == 5


def test_between_its_days_nothing_is_tried(club: Club) -> None:
    member = lapse(club)
    club.go_to("2026-03-01")
    club.go_to("2026-03-02")
    assert len(club.attempts(member)) == 2


def test_a_later_try_that_succeeds_extends_from_the_old_day(club: Club) -> None:
    member = lapse(club)
    club.take_card(member, "pm_card_visa")
    club.go_to("2026-03-01")
    found = club.subscription(member)
    assert (found.status, str(found.current_end)) == ("active", "2026-03-31")


def test_a_card_that_wants_its_owner_is_not_charged_again_without_them(club: Club) -> None:
    member = lapse(club, WANTS_OWNER)
    for day in TRIES:
        club.go_to(day)
    assert len(club.attempts(member)) == 1
    assert club.subscription(member).status == "canceled"


def test_a_card_that_wants_its_owner_brings_a_letter_that_says_so(club: Club) -> None:
    lapse(club, WANTS_OWNER)
    (letter,) = letters(club, "dunning")
    assert "Your bank needs you to confirm this payment." in letter.text


def test_a_card_that_was_removed_is_not_charged(club: Club) -> None:
    member = club.join()
    card = club.subscription(member).card
    cards.remove(card.customer_id, card.id)
    club.go_to(RENEWAL)
    assert (club.subscription(member).status, club.attempts(member)) == ("past_due", [])


def test_a_try_that_never_reached_stripe_does_not_count(club: Club) -> None:
    member = club.join()
    advance(member, at(RENEWAL))
    (attempt,) = club.attempts(member)
    club.age(attempt.id, 16 * 60)
    club.settle(at(RENEWAL))
    (period,) = [p for p in club.periods(member) if p.paid_at is None]
    assert (club.subscription(member).status, period.failed_at) == ("active", None)
    club.go_to("2026-03-01")
    assert club.starts(member) == ["2026-01-31", RENEWAL]


def test_a_try_while_its_owner_is_paying_is_made_later(club: Club) -> None:
    member = lapse(club)
    club.open_by_owner(member)
    advance(member, at("2026-03-01"))
    period = club.periods(member)[-1]
    assert (period.step, period.next_try_at > at("2026-03-01")) == (0, True)


def test_a_bill_that_its_owner_failed_to_pay_is_tried_again(club: Club) -> None:
    member = lapse(club)
    club.open_by_owner(member, "pm_card_visa_chargeDeclined")
    advance(member, at("2026-03-01"))
    club.settle(at("2026-03-01"))
    club.take_card(member, "pm_card_visa")
    club.go_to("2026-03-02")
    assert club.subscription(member).status == "active"


def test_a_refusal_that_is_heard_twice_counts_once(club: Club) -> None:
    member = lapse(club)
    club.settle(at(RENEWAL))
    assert club.periods(member)[-1].step == 0
    assert len(club.messages("notices.dunning")) == 1
