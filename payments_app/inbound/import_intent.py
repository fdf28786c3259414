"""import_intent: a payment that was made at Stripe without us becomes a transaction of ours.

Every attempt is recorded, wherever it was made: by hand in Stripe's dashboard, by a payment link,
or by us before a backup was restored.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer, SavedCard
from payments_app.gateway.customers import email_of_customer
from payments_app.gateway.ids import id_of
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import sentence
from payments_app.merchants.accounts import account_at_stripe
from payments_app.merchants.models import DESTINATION, DIRECT
from payments_app.payments.connect.account import our_application
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.received import fee_of

# Only an attempt that came to something is worth a row.
IMPORTED_ON = frozenset({Verdict.SUCCEEDED, Verdict.DECLINED})
_MAX_EMAIL = 254


@atomic
def is_their_own(session: Session, intent: dict[str, Any], account: str | None) -> bool:
    """Whether a merchant took this payment on their own account without us: Stripe names the
    application that made a payment there, none or another platform's. It is no sale of ours,
    whoever hears of it.

    Source: https://docs.stripe.com/api/payment_intents/object#payment_intent_object-application
    """
    if account is None:
        return False
    application = id_of(intent.get("application"))
    return application is None or application != (our_application(session) or application)


def import_intent(answer: Answer, account: str | None) -> str:
    """Store a transaction for an intent that we do not know; return its id. The caller applies
    Stripe's state.

    It is linked to the customer of its Stripe customer id, else of its e-mail address, and to the
    merchant whom it pays. Raises UnreadableError while Stripe does not tell the customer's address.
    """
    intent = answer.expect_body()
    stripe_customer = id_of(intent.get("customer"))
    email = _email(intent)
    if email is None and stripe_customer is not None:
        email = _clean(email_of_customer(stripe_customer, account))
    try:
        return _import(intent, account, stripe_customer, email)
    except IntegrityError:
        # Another event about the same intent was quicker: now it is found.
        return _import(intent, account, stripe_customer, email)


@atomic
def _import(
    session: Session,
    intent: dict[str, Any],
    account: str | None,
    stripe_customer: str | None,
    email: str | None,
) -> str:
    imported = session.scalar(
        select(Transaction.id).where(Transaction.stripe_payment_id == intent["id"])
    )
    if imported is not None:
        return imported
    customer = _customer(session, stripe_customer, email, account)
    seller = account or destination_of(intent)
    transaction = Transaction(
        phase=Phase.PROCESSING,
        amount=intent["amount"],
        currency=intent["currency"].lower(),
        email=email or (customer.email if customer else ""),
        description=(sentence(intent.get("description")) or "Payment made at Stripe")[:500],
        stripe_payment_id=intent["id"],
        stripe_customer_id=stripe_customer,
        connected_account_id=seller,
        charge_type=(DIRECT if account else DESTINATION) if seller else None,
        platform_fee=fee_of(intent) if seller else None,
    )
    session.add(transaction)
    session.flush()
    if customer is not None:
        _join(session, transaction, Customer.payable_type, customer.id, Role.CUSTOMER)
    merchant = account_at_stripe(session, seller) if seller else None
    if merchant is not None:
        _join(session, transaction, Role.MERCHANT, merchant.merchant_id, Role.MERCHANT)
    history.record(
        session,
        "state",
        "payment.imported",
        actor="webhook",
        transaction_id=transaction.id,
        subject=intent["id"],
    )
    return transaction.id


def destination_of(intent: dict[str, Any]) -> str | None:
    """The connected account that a payment on ours is transferred to."""
    return id_of(as_object(intent.get("transfer_data")).get("destination"))


def _join(session: Session, transaction: Transaction, kind: str, id_: str, role: Role) -> None:
    session.add(
        PaymentRecord(transaction_id=transaction.id, payable_type=kind, payable_id=id_, role=role)
    )


def _customer(
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


def _email(intent: dict[str, Any]) -> str | None:
    """The address on the intent, else on its charge."""
    charge = intent.get("latest_charge")
    billing = charge.get("billing_details") if isinstance(charge, dict) else None
    written = billing.get("email") if isinstance(billing, dict) else None
    return _clean(intent.get("receipt_email")) or _clean(written)


def _clean(email: Any) -> str | None:
    """An address as ours are; None for what is none, or holds a card's number."""
    if sentence(email) != email:
        return None
    address = email.strip().lower() if isinstance(email, str) else ""
    return address if "@" in address and len(address) <= _MAX_EMAIL else None
