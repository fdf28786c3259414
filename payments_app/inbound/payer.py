"""payer: whose a payment is that was made at Stripe."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.email_addresses import MAX_LENGTH, compared
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer, SavedCard
from payments_app.gateway.words import sentence
from payments_app.payments.models import Transaction


def payer_of(
    session: Session, stripe_customer: str | None, email: str | None, account: str | None
) -> Customer | None:
    """The address tells whose payment it is. It proves nothing: neither a merchant's own customer
    becomes that of our customer, nor the one that an unproved buyer's card got for itself. Who
    has an account at Stripe may choose its customers' ids."""
    ours = stripe_customer if account is None else None
    known = _known(session, ours) if ours is not None else None
    if known is None and email is None:
        return None
    customer = known or customer_for(session, email or "")
    if ours is None or customer.stripe_customer_id is not None:
        return customer
    if not _is_unproved(session, ours):
        customer.stripe_customer_id = ours
    return customer


def _is_unproved(session: Session, stripe_customer: str) -> bool:
    """Whether a customer at Stripe was made for the card of an unproved buyer, kept or not yet."""
    kept = select(SavedCard.id).where(
        SavedCard.stripe_customer_id == stripe_customer, SavedCard.joined_at.is_(None)
    )
    to_keep = select(Transaction.id).where(
        Transaction.stripe_customer_id == stripe_customer,
        Transaction.save_card,
        ~Transaction.customer_known,
    )
    return any(session.scalars(found).first() is not None for found in (kept, to_keep))


def _known(session: Session, stripe_customer: str) -> Customer | None:
    """Whose a customer at Stripe is: each card that was joined to an account may have one of its
    own."""
    named: Customer | None = session.scalar(
        select(Customer).where(Customer.stripe_customer_id == stripe_customer)
    )
    if named is not None:
        return named
    return session.scalars(
        select(Customer)
        .join(SavedCard, SavedCard.customer_id == Customer.id)
        .where(SavedCard.stripe_customer_id == stripe_customer, SavedCard.joined_at.is_not(None))
    ).first()


def email_of(intent: dict[str, Any]) -> str | None:
    """The address on the intent, else on its charge."""
    charge = intent.get("latest_charge")
    billing = charge.get("billing_details") if isinstance(charge, dict) else None
    written = billing.get("email") if isinstance(billing, dict) else None
    return clean_email(intent.get("receipt_email")) or clean_email(written)


def clean_email(email: Any) -> str | None:
    """An address as ours are; None for what is none, or holds a card's number."""
    if sentence(email) != email:
        return None
    address = compared(email) if isinstance(email, str) else ""
    return address if "@" in address and len(address) <= MAX_LENGTH else None
