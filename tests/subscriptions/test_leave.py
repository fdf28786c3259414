"""A renewal that waits for Stripe is not charged, once its owner took back the leave to do so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.models import Customer
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.charge_snapshot import UNSENT_SECONDS
from payments_app.payments.transactions.leave import UNKNOWN_KIND_SECONDS
from payments_app.subscriptions import change
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable

RENEWAL = "2026-02-28"
CALLS = ["/v1/payment_intents", "/confirm"]


def wait_for_stripe(billing: BillingDriver, call: str) -> str:
    """A member whose renewal does not get through to Stripe."""
    member = billing.join()
    billing.start_renewal(member, RENEWAL)
    billing.fail_stripe("rate_limit", call, times=None)
    billing.work("charges")
    assert billing.attempts(member)[0].phase == "processing"
    return member


def let_through(billing: BillingDriver) -> None:
    billing.mend_stripe()
    billing.close_breaker_time()
    billing.work_all_waiting()


def remove_the_card(billing: BillingDriver, member: str) -> None:
    billing.remove_card(member)


def end_it(_billing: BillingDriver, member: str) -> None:
    change.cancel(member, at(RENEWAL), at_once=True)


def take_no_card(billing: BillingDriver, member: str) -> None:
    leave_the_card(member)


@atomic
def leave_the_card(session: Session, member: str) -> None:
    session.get_one(change.Subscription, member).card_id = None


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("step", [remove_the_card, end_it, take_no_card])
def test_what_may_not_be_charged_any_more_is_not(
    billing: BillingDriver, step: Callable[[BillingDriver, str], None], call: str
) -> None:
    member = wait_for_stripe(billing, call)
    step(billing, member)
    let_through(billing)
    assert billing.attempts(member)[0].phase == "canceled"
    assert billing.succeeded() == 1


@pytest.mark.parametrize("call", CALLS)
def test_what_may_be_charged_still_is(billing: BillingDriver, call: str) -> None:
    member = wait_for_stripe(billing, call)
    let_through(billing)
    assert billing.attempts(member)[0].phase == "complete"
    assert billing.succeeded() == 2


def test_an_unreachable_stripe_charges_no_card_that_was_removed_meanwhile(
    billing: BillingDriver,
) -> None:
    member = billing.join()
    billing.fail_stripe("drop_before", times=None)
    billing.start_renewal(member, RENEWAL)
    billing.work("charges")
    billing.remove_card(member)
    let_through(billing)
    billing.work_all_waiting()
    assert billing.succeeded() == 1


def test_a_card_that_was_removed_is_not_charged_for_its_customer_alone(
    billing: BillingDriver,
) -> None:
    member = billing.join()
    opened = charge_customer(billing.subscription(member).customer_id)
    billing.remove_card(member)
    billing.work_all_waiting()
    found = billing.read(opened)
    assert (found.phase, found.error_code) == ("canceled", "card_removed")
    assert billing.succeeded() == 1


@atomic
def charge_customer(session: Session, customer_id: str) -> str:
    charged: Transaction = session.get_one(Customer, customer_id).charge(500)
    return charged.id


def unknown_here(billing: BillingDriver) -> tuple[str, str]:
    """A member whose renewal waits, in a process that does not know what it pays for."""
    member = wait_for_stripe(billing, "/confirm")
    renewal = billing.attempts(member)[0].id
    billing.pay_for_instead(renewal, "membership", billing.periods(member)[-1].id)
    billing.age(renewal, UNKNOWN_KIND_SECONDS + 1)
    let_through(billing)
    return member, renewal


def test_what_nobody_here_can_be_asked_for_waits_and_is_told(billing: BillingDriver) -> None:
    _, renewal = unknown_here(billing)
    assert billing.read(renewal).phase == "processing"
    (told,) = db.session.scalars(select(Alert).where(Alert.kind == "unknown_kind"))
    assert (told.key, told.severity) == ("unknown_kind:membership", "critical")
    billing.age(renewal, UNSENT_SECONDS + 1)
    billing.work_all_waiting()
    assert billing.read(renewal).phase == "canceled"
    assert billing.succeeded() == 1


def test_it_is_charged_where_it_is_known(billing: BillingDriver) -> None:
    member, renewal = unknown_here(billing)
    billing.pay_for_instead(renewal, "subscription", billing.periods(member)[-1].id)
    billing.work_all_waiting()
    assert billing.read(renewal).phase == "complete"
