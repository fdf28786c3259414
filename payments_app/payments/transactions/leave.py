"""leave: whether a payment may still be taken without its owner, as things are now.

A payment may wait for Stripe, and its owner may remove the card or end what is paid for meanwhile.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.payments.models import Role, Transaction
from payments_app.payments.payable import NotPayableError, Payable, find_payable, payable_kinds
from payments_app.payments.queries import joined, payable_of

# By its name: the customers' package is above this one.
_CARDS = table("pay_saved_cards", column("payment_method"), column("removed_at"))
_CARD_LEFT = "This card isn't charged any more. No payment was made."


def why_not_charged(session: Session, transaction: Transaction) -> dict[str, Any] | None:
    """The error that a transaction ends with where it was to be charged without its owner, and
    may not be any more; None where it may. It only asks, and changes nothing."""
    if not transaction.off_session:
        return None
    paid_for = session.scalar(joined(transaction.id, Role.PAYS_FOR))
    payable = find_payable(session, paid_for) if paid_for else None
    if was_removed(session, transaction) or (
        payable is not None and payable.card_again(transaction.payment_method or "") is None
    ):
        return {"type": "withdrawn", "code": "card_removed", "message": _CARD_LEFT}
    return _refusal(session, payable, transaction.id) if payable is not None else None


def unknown_kind(session: Session, transaction: Transaction) -> str | None:
    """What a payment without its owner is for, where this process can't ask that whether it still
    may be taken; a person is told. None where it can."""
    paid_for = payable_of(session, transaction.id) if transaction.off_session else None
    if paid_for is None or paid_for[0] in payable_kinds():
        return None
    kind = paid_for[0]
    alerts.raise_alert(
        session,
        "unknown_kind",
        f"unknown_kind:{kind}",
        f"{transaction.id} is for a {kind}, which this process does not know: it is not charged. "
        "Start a worker of charges from the release or application that knows it",
        severity="critical",
        transaction_id=transaction.id,
    )
    return kind


def was_removed(session: Session, transaction: Transaction) -> bool:
    """Whether the card's owner took back the leave to charge it."""
    removed = select(_CARDS.c.removed_at).where(
        _CARDS.c.payment_method == transaction.payment_method, _CARDS.c.removed_at.is_not(None)
    )
    return session.scalar(removed) is not None


def _refusal(session: Session, payable: Payable, transaction_id: str) -> dict[str, Any] | None:
    customer_id = session.scalars(joined(transaction_id, Role.CUSTOMER)).one()
    asked = session.begin_nested()
    try:
        payable.before_payment(session, customer_id)
        payable.reserve(session)
    except NotPayableError as error:
        return {
            "type": "withdrawn",
            "code": error.code,
            "message": f"{error.message} No payment was made.",
        }
    finally:
        asked.rollback()
    return None
