"""search_pages: the pages of things with an id of their own, which are no payments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.api_keys import ApiKey
from payments_app.accounts.models import Staff
from payments_app.customers.models import Customer
from payments_app.merchants.models import ConnectedAccount, Endpoint, Merchant
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.disputes.models import Dispute
from payments_app.reconcile.models import Payout, PayoutLine
from payments_app.settlement.models import Batch
from payments_app.subscriptions.models import Subscription


@dataclass(frozen=True)
class Place:
    """A page of staff's that is about an id: of what, its endpoint, and its address."""

    what: str
    id: str
    endpoint: str
    url: str


_DISPUTE = ("Dispute", "staff.dispute", "dispute_id", Dispute.id, Dispute.stripe_dispute_id)
# By prefix: what it is, its page, the argument of that, what stands there, and what was typed.
_PAGES: dict[str, tuple[str, str, str | None, Any, Any]] = {
    "po": ("Payout", "staff.payout", "payout_id", Payout.id, Payout.id),
    "txn": ("Payout with it", "staff.payout", "payout_id", PayoutLine.payout_id, PayoutLine.id),
    "stl": ("Settlement", "settlement.show", "batch_id", Batch.id, Batch.id),
    "cust": ("Customer", "staff.customer", "customer_id", Customer.id, Customer.id),
    "cus": ("Customer", "staff.customer", "customer_id", Customer.id, Customer.stripe_customer_id),
    "subs": (
        "Subscription",
        "staff.subscription",
        "subscription_id",
        Subscription.id,
        Subscription.id,
    ),
    "prq": (
        "Payment link",
        "staff.payment_link",
        "request_id",
        PaymentRequest.id,
        PaymentRequest.id,
    ),
    "dsp": ("Dispute", "staff.dispute", "dispute_id", Dispute.id, Dispute.id),
    **dict.fromkeys(("dp", "du", "pdp"), _DISPUTE),
    "mrc": ("Merchant", "staff.merchant_list", None, Merchant.id, Merchant.id),
    "acct": (
        "Merchant",
        "staff.merchant_list",
        None,
        ConnectedAccount.merchant_id,
        ConnectedAccount.stripe_account_id,
    ),
    "whe": (
        "Merchant of the endpoint",
        "staff.merchant_list",
        None,
        Endpoint.merchant_id,
        Endpoint.id,
    ),
    "key": ("API key", "staff.api_key_list", None, ApiKey.id, ApiKey.id),
    "stf": ("Member of staff", "staff.members", None, Staff.id, Staff.id),
}


def pages_of(session: Session, typed: str) -> Iterator[Place]:
    """The page about this very id, where there is one."""
    found = _PAGES.get(typed.partition("_")[0])
    if found is None:
        return
    what, endpoint, argument, shown, column = found
    for id_ in session.scalars(select(shown).where(column == typed)):
        yield Place(
            what,
            typed,
            endpoint,
            url_for(endpoint, back=None, **({argument: id_} if argument else {})),
        )
