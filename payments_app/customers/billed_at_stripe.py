"""billed_at_stripe: subscriptions that Stripe bills itself, linked to their customer here.

Nothing is charged or extended for them: Stripe does that. What is known of them here is for those
who look at the customer. The events themselves are in the history already.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.customers.models import Customer

SUBSCRIBED, INVOICE_FAILED = "customers.subscribed_at_stripe", "customers.invoice_failed_at_stripe"


def subscribed(stripe_customer_id: str, _claim: Claim) -> None:
    """The command of `customer.subscription.created`."""
    _link(stripe_customer_id, "customer.subscribed_at_stripe", None)


def invoice_failed(stripe_customer_id: str, _claim: Claim) -> None:
    """The command of `invoice.payment_failed`: the customer's payment status says so."""
    _link(stripe_customer_id, "customer.invoice_failed_at_stripe", "payment_failed")


@atomic
def _link(session: Session, stripe_customer_id: str, what: str, status: str | None) -> None:
    """Do nothing for a customer whom only Stripe knows."""
    customer = session.scalars(
        select(Customer)
        .where(Customer.stripe_customer_id == stripe_customer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if customer is None:
        return
    customer.payment_status = status or customer.payment_status
    history.record(
        session, "webhook", what, actor="stripe", subject=customer.id, customer=stripe_customer_id
    )
