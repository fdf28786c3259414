"""A subscription whose payment is disputed is not billed: not while it is open, not after it was
lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.on_dispute import apply_dispute
from payments_app.subscriptions.renew import due
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.refunds.test_disputes import answer, their_dispute
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable


def disputed(billing: BillingDriver) -> str:
    """A member whose first payment was disputed at once."""
    subscription = billing.join("2026-01-15", card="pm_card_createDispute")
    tell(billing, "2026-01-16")
    assert db.session.scalars(select(Dispute.state).where(own(Dispute))).all() == ["needs_response"]
    return subscription


def tell(billing: BillingDriver, day: str) -> None:
    """What Stripe has of the dispute is taken in on this day."""
    theirs = their_dispute(billing)
    refresh(theirs, claim(theirs))
    apply_dispute(db.session.scalars(select(Dispute.id).where(own(Dispute))).one(), at(day))


def tell_all(billing: BillingDriver, day: str) -> None:
    for theirs in billing.sandbox("GET", "/v1/disputes")["data"]:
        refresh(theirs["id"], claim(theirs["id"]))
    for kept in db.session.scalars(select(Dispute.id).where(own(Dispute))).all():
        apply_dispute(kept, at(day))


def status(subscription: str) -> str:
    db.session.rollback()
    return db.session.get_one(Subscription, subscription, populate_existing=True).status


def test_nothing_is_billed_while_a_dispute_is_open(billing: BillingDriver) -> None:
    subscription = disputed(billing)
    billing.go_to("2026-02-15")
    billing.go_to("2026-03-15")
    assert billing.succeeded() == 1
    assert status(subscription) == "active"


def test_billing_goes_on_after_a_dispute_was_won(billing: BillingDriver) -> None:
    disputed(billing)
    billing.go_to("2026-02-15")
    answer(billing, "winning_evidence")
    tell(billing, "2026-04-20")
    billing.go_to("2026-04-20")
    billing.go_to("2026-04-21")
    assert billing.succeeded() == 2


def test_a_dispute_of_somebody_elses_holds_nobody_up(billing: BillingDriver) -> None:
    for name in ("letter", "paper"):
        plan = billing.plan(name, 900)
        billing.join("2026-01-15", plan=plan, card="pm_card_createDispute")
    tell_all(billing, "2026-01-16")
    billing.go_to("2026-02-15")
    answer(billing, "winning_evidence")  # of one of both
    tell_all(billing, "2026-04-20")
    billing.go_to("2026-04-20")
    billing.go_to("2026-04-21")
    assert billing.succeeded() == 3


def test_a_subscription_ends_with_a_dispute_that_was_lost(billing: BillingDriver) -> None:
    subscription = disputed(billing)
    answer(billing, "losing_evidence")
    tell(billing, "2026-02-01")
    assert status(subscription) == "canceled"
    billing.go_to("2026-02-15")
    assert billing.succeeded() == 1


def test_one_that_ended_is_never_due_again(billing: BillingDriver) -> None:
    subscription = billing.join("2026-01-15", card="pm_card_createDispute")
    assert subscription in due(db.session(), at("2026-03-15"))
    answer(billing, "losing_evidence")
    tell(billing, "2026-02-01")
    assert subscription not in due(db.session(), at("2026-03-15"))


def test_another_member_is_billed_meanwhile(billing: BillingDriver) -> None:
    disputed(billing)
    plan = billing.plan("letter", 900)
    billing.join("2026-01-15", plan=plan)
    billing.go_to("2026-02-15")
    assert billing.succeeded() == 3
