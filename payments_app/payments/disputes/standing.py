"""standing: whether a payment is disputed now, and what a dispute has taken for good."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from payments_app.payments.disputes.models import CLOSED, Dispute
from payments_app.payments.disputes.taken import taken_of
from payments_app.payments.models import Transaction


def is_open() -> ColumnElement[bool]:
    """Condition on Dispute: it is not over, as `is_over` says of one."""
    return or_(
        Dispute.state.not_in(CLOSED),
        and_(Dispute.state == "won", Dispute.funds == "withdrawn"),
    )


def is_over(state: str, funds: str) -> bool:
    """Whether a dispute is decided, and the money where it stays: Stripe gives back what was
    withdrawn after one is won, which is lost to nobody until then. A status that we do not know is
    not decided. Source: https://docs.stripe.com/api/events/types (charge.dispute.funds_reinstated).
    """
    return state in CLOSED and (state, funds) != ("won", "withdrawn")


def is_disputed(session: Session, transaction_id: str) -> bool:
    """Whether a dispute or an inquiry about this payment is open."""
    found = select(Dispute.id).where(Dispute.transaction_id == transaction_id, is_open())
    return session.scalar(found.limit(1)) is not None


def is_withdrawn(session: Session, transaction_id: str) -> bool:
    """Whether the bank has money of this payment because it is disputed, decided or not."""
    found = select(Dispute.id).where(
        Dispute.transaction_id == transaction_id, Dispute.funds == "withdrawn"
    )
    return session.scalar(found.limit(1)) is not None


def lost(session: Session, transaction_id: str) -> int:
    """What decided disputes took of a payment and did not give back, in minor units."""
    return _taken(session, transaction_id, ~is_open())


def taken_back(session: Session, transaction_id: str) -> int:
    """What the bank has taken back of a payment because it is disputed, decided or not, in minor
    units."""
    return _taken(session, transaction_id)


def _taken(session: Session, transaction_id: str, *which: ColumnElement[bool]) -> int:
    rows = session.execute(
        select(Dispute, Transaction.currency, Transaction.paid)
        .join(Transaction, Transaction.id == Dispute.transaction_id)
        .where(Dispute.transaction_id == transaction_id, Dispute.funds != "none", *which)
        .execution_options(populate_existing=True)
    )
    return sum(taken_of(dispute, currency, int(paid)) for dispute, currency, paid in rows)
