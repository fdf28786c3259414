"""Another plan amid a period: its difference goes on the next bill, and nothing is given back
twice."""

from __future__ import annotations

import pytest

from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.perform import perform
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.subscribers import EVENTS
from payments_app.subscriptions import change
from payments_app.subscriptions.change import ChangeRefusedError
from tests.refunds.test_disputes import answer
from tests.subscriptions.billing_driver import BillingDriver, at
from tests.subscriptions.test_billing import fail, give_back
from tests.subscriptions.test_disputed import tell

pytestmark = pytest.mark.portable


def test_a_dearer_plan_puts_the_difference_of_the_days_left_on_the_next_bill(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01", amount=1500)
    change.change_plan(member, billing.plan("plus", 3100), at("2026-03-17"))
    assert billing.subscription(member).balance == 774  # 15 of 31 days: 1500 - 726
    billing.go_to("2026-04-01")
    assert billing.periods(member)[-1].amount == 3100 + 774


def test_a_cheaper_plan_takes_the_difference_off_the_next_bills(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    for day in ("2026-04-01", "2026-05-01", "2026-06-01"):
        billing.go_to(day)
    assert [period.amount for period in billing.periods(member)] == [3100, 0, 0, 900]


def test_what_was_refunded_is_not_given_back_again_by_another_plan(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    give_back(bill.id, 3100)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    assert billing.subscription(member).balance == 1000
    change.change_plan(member, billing.plan("free", 0), at("2026-03-01"))
    assert billing.subscription(member).balance == 0


@pytest.mark.parametrize(("amount", "left"), [(3100, 0), (2000, -1100), (500, -2100)])
def test_a_refund_after_another_plan_gives_nothing_back_twice(
    billing: BillingDriver, amount: int, left: int
) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    assert billing.subscription(member).balance == -2100
    for _ in range(2):
        hear_of(give_back(bill.id, amount // 2))
    assert billing.subscription(member).balance == left


def hear_of(refund: str) -> None:
    perform(Claim(0, "payment_critical", "subscriptions.on_refund", refund, 0, 0, 0))


def test_what_the_bank_took_back_is_not_given_back_by_another_plan(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", card="pm_card_createDispute", amount=3100)
    (bill,) = billing.attempts(member)
    refresh_disputes(bill.stripe_payment_id, Claim(0, "", "", "", 0, 0, 0))
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    assert billing.subscription(member).balance == 1000


def test_what_the_bank_takes_back_after_another_plan_is_given_back_once(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01", card="pm_card_createDispute", amount=3100)
    (bill,) = billing.attempts(member)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    assert billing.subscription(member).balance == -2100
    refresh_disputes(bill.stripe_payment_id, Claim(0, "", "", "", 0, 0, 0))
    billing.work("payment_critical")
    assert billing.subscription(member).balance == 0


def test_a_refund_that_fails_after_all_takes_nothing_off_the_credit(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    refund = give_back(bill.id, 3100)
    hear_of(refund)
    assert billing.subscription(member).balance == 0
    fail(refund)
    for _ in range(2):
        hear_of(refund)
    assert billing.subscription(member).balance == -2100
    for event in ("refund.failed", "refund.canceled"):
        assert "subscriptions.on_refund" in [one.command for one in EVENTS[event]]


@pytest.mark.parametrize(("amount", "day", "left"), [(3100, 1, -2100), (1550, 17, -1016)])
def test_a_refund_before_another_plan_that_fails_after_it_is_given_back_as_credit(
    billing: BillingDriver, amount: int, day: int, left: int
) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    refund = give_back(bill.id, amount)
    hear_of(refund)
    change.change_plan(member, billing.plan("less", 1000), at(f"2026-03-{day:02}"))
    fail(refund)
    for _ in range(2):
        hear_of(refund)
    assert billing.subscription(member).balance == left


def test_a_dispute_before_another_plan_that_is_won_after_it_is_given_back_as_credit(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01", card="pm_card_createDispute", amount=3100)
    (bill,) = billing.attempts(member)
    refresh_disputes(bill.stripe_payment_id, Claim(0, "", "", "", 0, 0, 0))
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    answer(billing, "winning_evidence")
    tell(billing, "2026-03-02")
    assert billing.subscription(member).balance == -2100


def test_a_refund_of_an_earlier_period_is_taken_off_its_own_credit(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    billing.go_to("2026-04-01")
    assert billing.subscription(member).balance == -1100
    hear_of(give_back(bill.id, 3100))
    assert billing.subscription(member).balance == 1000


def test_what_is_left_after_a_refund_is_given_back_to_the_day(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    give_back(bill.id, 1550)
    change.change_plan(member, billing.plan("plus", 6200), at("2026-03-17"))
    assert billing.subscription(member).balance == 3000 - 750  # 15 of 31 days


def test_a_plan_in_another_currency_is_refused(billing: BillingDriver) -> None:
    member = billing.join()
    with pytest.raises(ChangeRefusedError):
        change.change_plan(member, billing.plan("euro", currency="eur"), at("2026-02-10"))
