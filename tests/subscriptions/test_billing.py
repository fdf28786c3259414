"""Every period is billed once, and what is paid extends the subscription."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.simulate import simulate
from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.perform import perform
from payments_app.payments.models import Transaction
from payments_app.payments.payable import NotPayableError
from payments_app.payments.refunds.models import Refund
from payments_app.subscribers import EVENTS
from payments_app.subscriptions import change
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import advance, stage_due
from tests.reconcile.books import compare_last_hours
from tests.reconcile.books import found as found_in_books
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable


def test_the_first_payment_makes_it_active(billing: BillingDriver) -> None:
    member = billing.subscription(billing.join("2026-01-31"))
    assert (member.status, str(member.current_end)) == ("active", "2026-02-28")
    assert member.card.words == "Visa ending in 4242"


def test_a_payment_is_described_by_its_plan(billing: BillingDriver) -> None:
    billing.join()
    assert billing.intents()[0]["description"] == "Monthly subscription - Club"


def test_a_first_payment_that_fails_begins_nothing(billing: BillingDriver) -> None:
    member = billing.join(card="pm_card_visa_chargeDeclined")
    billing.go_to("2026-03-01")
    assert (billing.subscription(member).status, billing.starts(member)) == ("incomplete", [])


def test_it_is_renewed_on_the_calendars_days(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    for day in ("2026-02-27", "2026-02-28", "2026-03-30", "2026-03-31", "2026-04-30"):
        billing.go_to(day)
    assert billing.starts(member) == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


def test_a_renewal_is_charged_without_the_customer(billing: BillingDriver) -> None:
    member = billing.join()
    billing.go_to("2026-02-28")
    assert [attempt.off_session for attempt in billing.attempts(member)] == [True]


def test_what_was_slept_through_is_billed_period_by_period(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    for _ in range(4):
        billing.go_to("2026-04-15")
    assert billing.starts(member) == ["2026-01-31", "2026-02-28", "2026-03-31"]


def test_a_renewal_run_by_many_at_once_is_billed_once(app: Flask, billing: BillingDriver) -> None:
    member = billing.join()

    def run() -> None:
        with app.app_context():
            advance(member, at("2026-02-28"))
            db.session.remove()

    workers = [threading.Thread(target=run) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    billing.run_due(at("2026-02-28"))
    assert [intent["status"] for intent in billing.intents()] == ["succeeded"] * 2


def test_a_worker_that_died_after_the_charge_bills_nothing_twice(billing: BillingDriver) -> None:
    member = billing.join()
    advance(member, at("2026-02-28"))
    billing.fail_stripe("drop_after", "/confirm")
    billing.run_due(at("2026-02-28"))
    billing.work_all_waiting()
    billing.go_to("2026-02-28")
    assert billing.starts(member) == ["2026-01-31", "2026-02-28"]
    assert [intent["status"] for intent in billing.intents()] == ["succeeded"] * 2


def test_a_trial_is_free_until_its_end_and_begins_the_days_of_billing(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-01-01", trial_days=14)
    found = billing.subscription(member)
    assert (found.status, str(found.current_end), found.anchor_day) == (
        "trialing",
        "2026-01-15",
        15,
    )
    assert billing.intents() == []


def test_the_end_of_a_trial_without_a_card_asks_for_one(billing: BillingDriver) -> None:
    member = billing.join("2026-01-01", trial_days=14)
    billing.remove_card(member)
    billing.go_to("2026-01-15")
    assert billing.subscription(member).status == "past_due"
    assert len(billing.messages("notices.dunning")) == 1


def test_a_trials_end_is_announced_once(billing: BillingDriver) -> None:
    billing.join("2026-01-01", trial_days=14)
    for day in ("2026-01-11", "2026-01-12", "2026-01-13"):
        stage_due(at(day))
    assert len(billing.messages("notices.trial_ending")) == 1


def test_cancelled_at_the_periods_end_it_is_not_renewed(billing: BillingDriver) -> None:
    member = billing.join()
    change.cancel(member, at("2026-02-10"), at_once=False)
    assert billing.subscription(member).status == "active"
    billing.go_to("2026-02-28")
    assert (billing.subscription(member).status, billing.starts(member)) == (
        "canceled",
        ["2026-01-31"],
    )


def test_kept_after_all_it_is_renewed(billing: BillingDriver) -> None:
    member = billing.join()
    change.cancel(member, at("2026-02-10"), at_once=False)
    change.resume(member, at("2026-02-10"))
    billing.go_to("2026-02-28")
    assert billing.starts(member) == ["2026-01-31", "2026-02-28"]


def test_cancelled_now_it_ends_now(billing: BillingDriver) -> None:
    member = billing.join()
    change.cancel(member, at("2026-02-10"), at_once=True)
    billing.go_to("2026-02-28")
    assert (billing.subscription(member).status, billing.starts(member)) == (
        "canceled",
        ["2026-01-31"],
    )


def test_a_period_of_an_ended_subscription_can_not_be_paid(billing: BillingDriver) -> None:
    member = billing.join(card="pm_card_visa_chargeDeclined")
    change.cancel(member, at("2026-02-01"), at_once=True)
    with pytest.raises(NotPayableError):
        _check(billing.periods(member)[0].id)


def test_following_a_payment_twice_extends_once(billing: BillingDriver) -> None:
    member = billing.join()
    transaction = billing.attempts(member)[0].id
    perform(Claim(0, "payment_standard", "subscriptions.on_payment", transaction, 0, 0, 0))
    assert str(billing.subscription(member).current_end) == "2026-02-28"


def test_ten_members_are_billed_each_month_of_half_a_year_once(billing: BillingDriver) -> None:
    counted = simulate(10, 6, dt.date(2027, 12, 26))  # they begin on the days about a month's end
    assert (counted.doubles, counted.missed, counted.problems) == (0, 0, [])
    assert counted.billed >= 10 * 7


@atomic
def _check(session: Session, period_id: str) -> None:
    session.get_one(Period, period_id).before_payment(session, "")


def test_a_bill_of_which_a_part_was_captured_extends_nothing(billing: BillingDriver) -> None:
    other = billing.join(plan=billing.plan("letter", 500))
    member = billing.join()
    billing.start_renewal(member, "2026-02-28")
    billing.start_renewal(other, "2026-02-28")
    billing.work("charges")
    (bill,) = billing.attempts(member)
    capture_in_part(bill.id)
    billing.run_due(at("2026-02-28"))
    assert billing.starts(member) == ["2026-01-31"]
    assert billing.starts(other) == ["2026-01-31", "2026-02-28"]
    (told,) = db.session.scalars(select(Alert).where(Alert.kind == "paid_in_part"))
    assert "$1.00 of $15.00 captured" in told.message


def bill_in_part(billing: BillingDriver) -> tuple[str, str]:
    """A member of whose renewal $1.00 of $15.00 was captured, and that payment."""
    member = billing.join()
    billing.start_renewal(member, "2026-02-28")
    billing.work("charges")
    (bill,) = billing.attempts(member)
    capture_in_part(bill.id)
    billing.run_due(at("2026-02-28"))
    return member, bill.id


def test_a_bill_of_which_a_part_was_captured_is_not_shown_as_paid(billing: BillingDriver) -> None:
    member, _ = bill_in_part(billing)
    billing.go_to("2026-03-31")
    assert billing.subscription(member).status == "past_due"
    assert len(billing.attempts(member)) == 1


def test_a_bill_that_was_captured_in_part_and_given_back_is_charged_again(
    billing: BillingDriver,
) -> None:
    member, bill = bill_in_part(billing)
    give_back(bill)
    billing.run_due(at("2026-02-28"))
    period = billing.periods(member)[-1]
    assert (billing.subscription(member).status, period.paid_at) == ("past_due", None)
    compare_last_hours()
    assert "orphan_active_record" not in {kind for kind, _ in found_in_books()}
    billing.go_to("2026-03-01")
    found = billing.subscription(member)
    assert (found.status, str(found.current_end)) == ("active", "2026-03-31")


def test_a_refund_of_what_was_captured_in_part_is_heard(billing: BillingDriver) -> None:
    member, bill = bill_in_part(billing)
    refund = give_back(bill)
    perform(Claim(0, "payment_critical", "subscriptions.on_refund", refund, 0, 0, 0))
    assert billing.periods(member)[-1].next_try_at is not None
    assert "subscriptions.on_refund" in [one.command for one in EVENTS["refund.succeeded"]]


def test_a_part_of_it_that_is_given_back_leads_to_no_charge(billing: BillingDriver) -> None:
    member, bill = bill_in_part(billing)
    give_back(bill, 40)
    billing.go_to("2026-03-01")
    assert len(billing.attempts(member)) == 1


@atomic
def give_back(session: Session, transaction_id: str, amount: int = 100) -> str:
    made = Refund(
        transaction_id=transaction_id,
        amount=amount,
        currency="usd",
        reason="Captured in part",
        requested_by="ada",
        state="succeeded",
    )
    session.add(made)
    session.flush()
    return made.id


@atomic
def capture_in_part(session: Session, transaction_id: str) -> None:
    session.get_one(Transaction, transaction_id).amount_received = 100


@atomic
def fail(session: Session, refund_id: str) -> None:
    session.get_one(Refund, refund_id).state = "failed"
