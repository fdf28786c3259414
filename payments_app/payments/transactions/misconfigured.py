"""misconfigured: tell people that Stripe refuses requests by our mistake, and how many it hits.

One refusal is a warning in Stripe's words. Where BUYERS different buyers were refused and nobody's
payment succeeded between, no payment goes through: that is critical.
"""

from __future__ import annotations

from sqlalchemy import Index, Select, func, or_, select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.gateway.results import Answer
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase

BUYERS = 3
_REFUSED = Transaction.misconfigured_at.is_not(None)
Index(
    "pay_transactions_misconfigured_at_idx",
    Transaction.misconfigured_at,
    postgresql_where=_REFUSED,
    sqlite_where=_REFUSED,
)
_WINDOW_SECONDS = 24 * 3600
_LATEST = 100  # begun last: the last success is among them, and an index finds them


def tell(session: Session, transaction: Transaction, answer: Answer) -> None:
    """Alert of a refusal that is our mistake, in the transaction that puts the payment off."""
    alerts.raise_alert(
        session,
        "stripe_misconfigured",
        f"stripe:refused:{answer.call}:{answer.error_code}",
        "Payments wait, for fifteen minutes at most. "
        f"Stripe refuses our request ({answer.call}): {answer.words}",
        transaction_id=transaction.id,
    )
    _count(session, transaction, answer)


@atomic
def count(session: Session, transaction_id: str, answer: Answer) -> None:
    """Count a refusal that one buyer alone may have caused: it is told where others have it too."""
    _count(session, states.lock(session, transaction_id), answer)


def _count(session: Session, transaction: Transaction, answer: Answer) -> None:
    transaction.misconfigured_at = database_now()
    session.flush()
    buyers = session.scalar(_buyers_refused_since_a_success()) or 0
    if buyers >= BUYERS:
        alerts.raise_alert(
            session,
            "stripe_misconfigured",
            "stripe:refuses_everybody",
            f"Stripe refused the payments of {buyers} buyers, and none succeeded between: "
            f"{answer.words}",
            severity="critical",
        )


def _buyers_refused_since_a_success() -> Select[int]:
    lately = (
        select(Transaction.ended_at)
        .where(Transaction.phase == Phase.COMPLETE, Transaction.stripe_payment_id.is_not(None))
        .order_by(Transaction.created_at.desc(), Transaction.id.desc())
        .limit(_LATEST)
        .subquery()
    )
    last = select(func.max(lately.c.ended_at)).scalar_subquery()
    return select(func.count(func.distinct(func.lower(Transaction.email)))).where(
        Transaction.misconfigured_at > database_now(-_WINDOW_SECONDS),
        or_(last.is_(None), Transaction.misconfigured_at > last),
    )
