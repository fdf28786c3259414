"""payment_of: the payment that an object of Stripe's is about, by its intent or else its charge.

A refund or a dispute names both as a rule; of a charge that was made without an intent, the charge
alone. What names neither is about no payment that is known here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import Key, as_object
from payments_app.gateway.ids import id_of
from payments_app.payments.models import Transaction

# The charge in what Stripe answered. Written as in its index (staff/indexes.py).
charge_id: ColumnElement[str] = literal_column(
    f"(({Transaction.__tablename__}.stripe_data -> 'latest_charge') ->> 'id')", Key()
)


def names_of(body: dict[str, Any]) -> tuple[str | None, str | None]:
    """The ids of the intent and of the charge that an object of Stripe's names, or is."""
    charge = body if body.get("object") == "charge" else body.get("charge")
    return id_of(body.get("payment_intent")), id_of(charge)


def payment_of(session: Session, body: dict[str, Any]) -> Transaction | None:
    """The transaction that a refund, a dispute or a charge of Stripe's is about, if it is known."""
    intent, charge = names_of(body)
    if intent is not None:
        found = select(Transaction).where(Transaction.stripe_payment_id == intent)
    elif charge is not None:
        found = select(Transaction).where(charge_id == charge)
    else:
        return None
    return session.scalars(found).first()


def charge_of(transaction: Transaction) -> str | None:
    """The id of a transaction's charge at Stripe, as far as Stripe answered with one."""
    return id_of(as_object(transaction.stripe_data).get("latest_charge"))


def is_about(transaction: Transaction, body: dict[str, Any]) -> bool:
    """Whether an object of Stripe's names this transaction's intent or, naming none, its charge."""
    intent, charge = names_of(body)
    if intent is not None:
        return intent == transaction.stripe_payment_id
    return charge is not None and charge == charge_of(transaction)


def gave_its_intent_away(transaction: Transaction) -> bool:
    """Whether a later attempt has this one's intent: it was made elsewhere, and tried with another
    card (see inbound/earlier_attempts.py)."""
    kept = as_object(transaction.stripe_data)
    return transaction.stripe_payment_id is None and "latest_charge" in kept
