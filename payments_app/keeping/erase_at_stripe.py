"""erase_at_stripe: delete the customer that we made at Stripe for somebody who was erased.

Stripe takes address and cards off it; the payments stay there as its own records. A customer that
somebody else made there, such as for their own subscriptions, is left to them.
Source: https://docs.stripe.com/api/customers/delete
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.customers.models import Customer
from payments_app.gateway.customers import delete_customer, retrieve_customer
from payments_app.gateway.results import Verdict
from payments_app.keeping.models import Erasure
from payments_app.payments.models import PaymentRecord, Role

ERASE_AT_STRIPE = "keeping.erase_at_stripe"
RETRY_SECONDS = 60.0


def erase_at_stripe(stripe_customer_id: str, _claim: Claim) -> None:
    """The job of an erasure. Raises Later while Stripe does not answer."""
    found = retrieve_customer(stripe_customer_id)
    if found.body is None and found.verdict != Verdict.INVALID:
        raise Later(found.retry_after or RETRY_SECONDS, f"read: {found.error_code}")
    body = found.body or {"deleted": True}
    if body.get("deleted") is True or not _was_made_for_erased(as_object(body.get("metadata"))):
        return
    answer = delete_customer(stripe_customer_id)
    if answer.body is None and answer.verdict != Verdict.INVALID:
        raise Later(answer.retry_after or RETRY_SECONDS, f"delete: {answer.error_code}")


@atomic
def _was_made_for_erased(session: Session, metadata: dict[str, Any]) -> bool:
    """By what we say of each customer that we make: whose it is, or of which attempt."""
    paid_by = select(PaymentRecord.payable_id).where(
        PaymentRecord.transaction_id == str(metadata.get("transaction_id")),
        PaymentRecord.payable_type == Customer.payable_type,
        PaymentRecord.role == Role.CUSTOMER,
    )
    customer_id = metadata.get("customer_id") or session.scalar(paid_by)
    erased = select(Erasure.id).where(
        Erasure.customer_id == str(customer_id), Erasure.done_at.is_not(None)
    )
    return session.scalar(erased.limit(1)) is not None
