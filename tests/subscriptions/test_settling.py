"""However a subscription ends, its credit goes back to the card and its debt is charged."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.subscriptions import change
from payments_app.subscriptions.final_bill import FinalBill
from payments_app.subscriptions.models import Subscription
from tests.bystanders import own
from tests.refunds.test_disputes import answer
from tests.subscriptions.billing_driver import BillingDriver, at
from tests.subscriptions.test_billing import capture_in_part, give_back
from tests.subscriptions.test_disputed import tell
from tests.subscriptions.test_plan_changes import hear_of

pytestmark = pytest.mark.portable


def refunds() -> list[tuple[int, str]]:
    """Each refund of this test: amount and state, the largest first."""
    db.session.rollback()
    rows = select(Refund.amount, Refund.state).where(own(Refund)).order_by(Refund.amount.desc())
    return [(amount, state) for amount, state in db.session.execute(rows)]


def final_bills() -> list[tuple[int, list[str]]]:
    """Each final bill's amount, and the states of its attempts."""
    db.session.rollback()
    bills = db.session.scalars(select(FinalBill).order_by(FinalBill.created_at)).all()
    return [(one.amount, [attempt.state for attempt in one.transactions]) for one in bills]


def with_credit(billing: BillingDriver, day: str = "2026-03-01") -> str:
    """From $31.00 to $10.00 on the first day: $21.00 off the next bill."""
    member = billing.join(day, amount=3100)
    change.change_plan(member, billing.plan("less", 1000), at(day))
    assert billing.subscription(member).balance == -2100
    return member


def with_debt(billing: BillingDriver, amount: int = 6000) -> str:
    """From $15.00 to a dearer plan on day 2 of 31."""
    member = billing.join("2026-03-01", amount=1500)
    change.change_plan(member, billing.plan("plus", amount), at("2026-03-02"))
    return member


def test_credit_goes_back_to_the_card_where_it_ends_now(billing: BillingDriver) -> None:
    member = with_credit(billing)
    change.cancel(member, at("2026-03-02"), at_once=True)
    billing.work("payment_critical")
    assert refunds() == [(2100, "succeeded")]
    assert billing.subscription(member).balance == 0


def test_credit_goes_back_where_it_ends_at_the_periods_end(billing: BillingDriver) -> None:
    member = with_credit(billing)
    change.cancel(member, at("2026-03-02"), at_once=False)
    assert refunds() == []
    billing.go_to("2026-04-01")
    billing.work("payment_critical")
    assert (billing.subscription(member).status, refunds()) == ("canceled", [(2100, "succeeded")])


def test_ending_it_twice_gives_back_once(billing: BillingDriver) -> None:
    member = with_credit(billing)
    for _ in range(2):
        change.cancel(member, at("2026-03-02"), at_once=True)
        billing.work("payment_critical")
    assert refunds() == [(2100, "succeeded")]


def test_the_refund_of_a_credit_takes_nothing_off_again(billing: BillingDriver) -> None:
    member = with_credit(billing)
    change.cancel(member, at("2026-03-02"), at_once=True)
    billing.work("payment_critical")
    for refund in db.session.scalars(select(Refund.id).where(own(Refund))).all():
        hear_of(refund)
    assert billing.subscription(member).balance == 0


def test_credit_that_the_last_payment_is_too_small_for_goes_back_by_the_one_before(
    billing: BillingDriver,
) -> None:
    member = with_credit(billing)
    billing.go_to("2026-04-01")  # 10.00 less 21.00: nothing, and 11.00 are left
    change.cancel(member, at("2026-04-02"), at_once=True)
    billing.work("payment_critical")
    assert refunds() == [(1100, "succeeded")]


def test_debt_is_charged_to_the_card_where_it_ends_now(billing: BillingDriver) -> None:
    member = with_debt(billing)
    owed = billing.subscription(member).balance
    assert owed == 4354  # 30 of 31 days: 58.06 - 14.52
    change.cancel(member, at("2026-03-02"), at_once=True)
    billing.work("charges")
    assert final_bills() == [(owed, ["complete"])]
    assert billing.subscription(member).balance == 0
    attempt = db.session.scalars(
        select(Transaction).join(PaymentRecord).where(PaymentRecord.payable_type == "final_bill")
    ).one()
    assert (attempt.off_session, attempt.description) == (True, "Final bill - Plus")


@pytest.mark.parametrize("whole", [True, False])
def test_a_final_bill_of_which_a_part_was_captured_is_told_to_a_person(
    billing: BillingDriver,
    *,
    whole: bool,
) -> None:
    change.cancel(with_debt(billing), at("2026-03-02"), at_once=True)
    billing.work("charges")
    bill = db.session.scalars(
        select(PaymentRecord.transaction_id).where(PaymentRecord.payable_type == "final_bill")
    ).one()
    if not whole:
        capture_in_part(bill)
    billing.work("payment_standard")
    db.session.rollback()
    told = db.session.scalars(select(Alert.message).where(Alert.kind == "paid_in_part")).all()
    assert [(bill in words, "$1.00 of $43.54 captured" in words) for words in told] == (
        [] if whole else [(True, True)]
    )


def test_debt_is_charged_where_it_ends_at_the_periods_end(billing: BillingDriver) -> None:
    member = with_debt(billing)
    change.cancel(member, at("2026-03-02"), at_once=False)
    assert final_bills() == []
    billing.go_to("2026-04-01")
    assert final_bills() == [(4354, ["complete"])]


def test_debt_under_the_least_that_can_be_charged_is_waived(billing: BillingDriver) -> None:
    member = with_debt(billing, amount=1540)
    assert 0 < billing.subscription(member).balance < 50
    change.cancel(member, at("2026-03-02"), at_once=True)
    assert final_bills() == []
    assert billing.subscription(member).balance == 0


def test_debt_without_a_card_is_a_bill_that_its_owner_pays(billing: BillingDriver) -> None:
    member = with_debt(billing)
    billing.remove_card(member)
    change.cancel(member, at("2026-03-02"), at_once=True)
    billing.work("charges")
    assert final_bills() == [(4354, [])]


def test_what_an_unpaid_bill_took_of_a_credit_goes_back_where_it_ends(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01", amount=3100)
    change.change_plan(member, billing.plan("less", 2800), at("2026-03-01"))
    assert billing.subscription(member).balance == -300
    billing.take_card(member, "pm_card_chargeCustomerFail")
    for day in ("2026-04-01", "2026-04-02", "2026-04-04", "2026-04-06", "2026-04-08"):
        billing.go_to(day)
    assert billing.periods(member)[-1].amount == 2500
    billing.work("payment_critical")
    assert (billing.subscription(member).status, refunds()) == ("canceled", [(300, "succeeded")])


def test_what_an_unpaid_bill_took_of_a_debt_is_not_tried_on_the_card_again(
    billing: BillingDriver,
) -> None:
    member = with_debt(billing)
    billing.take_card(member, "pm_card_chargeCustomerFail")
    billing.go_to("2026-04-01")
    change.cancel(member, at("2026-04-01"), at_once=True)
    assert final_bills() == [(4354, [])]


def test_after_a_lost_dispute_nothing_is_charged(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", card="pm_card_createDispute", amount=1500)
    change.change_plan(member, billing.plan("plus", 6000), at("2026-03-02"))
    answer(billing, "losing_evidence")
    tell(billing, "2026-03-03")
    assert billing.subscription(member).status == "canceled"
    assert final_bills() == []


def test_credit_that_comes_after_the_end_goes_back_as_well(billing: BillingDriver) -> None:
    member = with_credit(billing)
    change.cancel(member, at("2026-03-02"), at_once=True)
    billing.work("payment_critical")
    owe(member, 200)
    hear_of(db.session.scalars(select(Refund.id).where(own(Refund))).one())
    billing.work("payment_critical")
    assert refunds() == [(2100, "succeeded"), (200, "succeeded")]


def owe(member: str, amount: int) -> None:
    """A refund came to nothing meanwhile: so much is credit again."""
    db.session.rollback()
    db.session.get_one(Subscription, member).balance = -amount
    db.session.commit()


def test_credit_that_no_payment_can_be_refunded_for_is_told_to_a_person(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    give_back(bill.id, 3100)
    owe(member, 500)
    change.cancel(member, at("2026-03-02"), at_once=True)
    db.session.rollback()
    assert "credit_not_refunded" in db.session.scalars(select(Alert.kind).where(own(Alert))).all()
    assert billing.subscription(member).balance == -500
