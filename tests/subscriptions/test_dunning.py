"""A bill that is not paid: letters, further tries on days 1, 3, 5 and 7, then the end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers import cards
from payments_app.customers.models import Customer
from payments_app.gateway.declines import DECLINES, DeclinePolicy
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.subscriptions.renew import advance, due
from tests.bystanders import own
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable

RENEWAL = "2026-02-28"
TRIES = ("2026-03-01", "2026-03-03", "2026-03-05", "2026-03-07")
POOR = "pm_card_chargeCustomerFail"
WANTS_OWNER = "pm_card_authenticationRequired"


def lapse(billing: BillingDriver, card: str = POOR) -> str:
    """A member whose renewal was refused."""
    member = billing.join()
    billing.take_card(member, card)
    billing.go_to(RENEWAL)
    return member


def mails_of(billing: BillingDriver, kind: str) -> list[Mail]:
    billing.work("payment_standard")
    db.session.rollback()
    return list(db.session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.key)))


def test_a_refused_renewal_is_past_due_and_extends_nothing(billing: BillingDriver) -> None:
    member = lapse(billing)
    assert billing.subscription(member).status == "past_due"
    assert str(billing.subscription(member).current_end) == RENEWAL


def test_a_refused_renewal_is_told_once_with_a_link_to_pay(billing: BillingDriver) -> None:
    member = lapse(billing)
    (received,) = mails_of(billing, "dunning")
    assert f"/checkout/{billing.periods(member)[-1].id}\n" in received.text
    assert "/account/" not in received.text
    assert "saved card" not in received.text + received.html  # that one was refused, or is gone
    assert mails_of(billing, "payment_failed") == []


def test_the_customer_has_the_payment_status_of_the_refusal(billing: BillingDriver) -> None:
    lapse(billing)
    billing.work("payment_standard")
    assert (
        db.session.scalars(select(Customer.payment_status).where(own(Customer))).one() == "declined"
    )


def test_it_is_tried_again_on_its_days_and_then_ended(billing: BillingDriver) -> None:
    member = lapse(billing)
    for count, day in enumerate(TRIES, start=2):
        assert billing.subscription(member).status == "past_due"
        billing.go_to(day)
        assert len(billing.attempts(member)) == count
    assert billing.subscription(member).status == "canceled"


def test_the_end_is_told(billing: BillingDriver) -> None:
    lapse(billing)
    for day in TRIES:
        billing.go_to(day)
    assert len(mails_of(billing, "subscription_ended")) == 1


def test_an_ended_subscription_is_charged_no_more(billing: BillingDriver) -> None:
    member = lapse(billing)
    for day in (*TRIES, "2026-03-20", "2026-04-30"):
        billing.go_to(day)
    assert len(billing.attempts(member)) == 5


def test_between_its_days_nothing_is_tried(billing: BillingDriver) -> None:
    member = lapse(billing)
    billing.go_to("2026-03-01")
    billing.go_to("2026-03-02")
    assert len(billing.attempts(member)) == 2


def test_a_later_try_that_succeeds_extends_from_the_old_day(billing: BillingDriver) -> None:
    member = lapse(billing)
    billing.take_card(member, "pm_card_visa")
    billing.go_to("2026-03-01")
    found = billing.subscription(member)
    assert (found.status, str(found.current_end)) == ("active", "2026-03-31")


def test_a_card_that_wants_its_owner_is_not_charged_again_without_them(
    billing: BillingDriver,
) -> None:
    member = lapse(billing, WANTS_OWNER)
    for day in TRIES:
        billing.go_to(day)
    assert len(billing.attempts(member)) == 1
    assert billing.subscription(member).status == "canceled"


NEW_CODE = "approve_in_app"


@atomic
def refuse_with_a_new_code(session: Session, transaction_id: str) -> None:
    refused: dict[str, Any] = {"type": "card_error", "code": "card_declined"}
    session.get_one(Transaction, transaction_id).error = refused | {"decline_code": NEW_CODE}


def test_a_code_that_needs_the_buyer_is_not_charged_again_whatever_its_sentences(
    billing: BillingDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DECLINES, NEW_CODE, DeclinePolicy("B5", "S4", needs_buyer=True))
    member = lapse(billing)
    refuse_with_a_new_code(billing.attempts(member)[0].id)
    for day in TRIES:
        billing.go_to(day)
    assert len(billing.attempts(member)) == 1
    assert billing.subscription(member).status == "canceled"


def test_a_card_is_left_alone_for_as_long_as_its_code_says(
    billing: BillingDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = dt.timedelta(days=7)
    policy = DeclinePolicy("B5", "S4", retry_after=week.total_seconds())
    monkeypatch.setitem(DECLINES, "generic_decline", policy)
    member = lapse(billing)
    assert billing.periods(member)[-1].next_try_at == at(RENEWAL) + week


def test_a_card_that_wants_its_owner_brings_a_letter_that_says_so(billing: BillingDriver) -> None:
    lapse(billing, WANTS_OWNER)
    (received,) = mails_of(billing, "dunning")
    assert "Your bank needs you to confirm this payment." in received.text


def test_a_card_that_was_removed_is_not_charged(billing: BillingDriver) -> None:
    member = billing.join()
    card = billing.subscription(member).card
    cards.remove(card.customer_id, card.id)
    billing.go_to(RENEWAL)
    assert (billing.subscription(member).status, billing.attempts(member)) == ("past_due", [])


def test_a_card_that_is_gone_at_stripe_is_charged_once_and_never_again(
    billing: BillingDriver,
) -> None:
    member = billing.join()
    card = billing.subscription(member).card
    billing.sandbox_form(f"/v1/payment_methods/{card.payment_method}/detach")
    billing.go_to(RENEWAL)
    for day in TRIES:
        billing.work_all_waiting()
        billing.go_to(day)
    assert len(billing.attempts(member)) == 1
    assert mails_of(billing, "dunning")


def test_a_try_that_never_reached_stripe_does_not_count(billing: BillingDriver) -> None:
    member = billing.join()
    advance(member, at(RENEWAL))
    (attempt,) = billing.attempts(member)
    billing.age(attempt.id, 16 * 60)
    billing.run_due(at(RENEWAL))
    (period,) = [p for p in billing.periods(member) if p.paid_at is None]
    assert (billing.subscription(member).status, period.failed_at) == ("active", None)
    billing.go_to("2026-03-01")
    assert billing.starts(member) == ["2026-01-31", RENEWAL]


def test_a_try_while_its_owner_is_paying_is_made_later(billing: BillingDriver) -> None:
    member = lapse(billing)
    billing.open_by_owner(member)
    advance(member, at("2026-03-01"))
    period = billing.periods(member)[-1]
    assert (period.step, period.next_try_at > at("2026-03-01")) == (0, True)


def test_a_bill_that_its_owner_failed_to_pay_is_tried_again(billing: BillingDriver) -> None:
    member = lapse(billing)
    billing.open_by_owner(member, "pm_card_visa_chargeDeclined")
    advance(member, at("2026-03-01"))
    billing.run_due(at("2026-03-01"))
    billing.take_card(member, "pm_card_visa")
    billing.go_to("2026-03-02")
    assert billing.subscription(member).status == "active"


def test_a_refusal_that_is_heard_twice_counts_once(billing: BillingDriver) -> None:
    member = lapse(billing)
    billing.run_due(at(RENEWAL))
    assert billing.periods(member)[-1].step == 0
    assert len(billing.messages("notices.dunning")) == 1


def test_nothing_of_a_subscription_that_has_ended_is_due(billing: BillingDriver) -> None:
    member = lapse(billing)
    for day in TRIES:
        billing.go_to(day)
    assert billing.subscription(member).status == "canceled"
    assert member not in due(db.session(), at("2026-05-31"))
