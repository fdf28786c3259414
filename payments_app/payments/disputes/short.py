"""short: a dispute was won, and less came back than was taken for it, or nothing yet after a week.
The payment says what is missing; staff are told once of each sum, and when it is back the alert
closes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.core.history import SYSTEM, HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.money import Money
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.taken import not_back
from payments_app.payments.unmatched import subject_of

COMMAND = "disputes.look_for_money"
KIND = "dispute_short"
# Stripe gives back what was withdrawn within days of a decision.
WAIT_DAYS = 7
_TOLD = "dispute.short_told"
_WAITS = (Dispute.state == "won", Dispute.funds == "withdrawn")


def tell_of_short(session: Session, dispute: Dispute) -> None:
    """Raise the alert about one that was just read, or close it; its payment is locked."""
    is_short = (dispute.state, dispute.funds) == ("won", "reinstated") and not_back(dispute) > 0
    if is_short:
        _tell(session, dispute, "less came back than was taken")
    elif (dispute.state, dispute.funds) != ("won", "withdrawn"):
        alerts.acknowledge(session, _key(dispute), SYSTEM)


def look_for_money() -> None:
    """Read again each that was won WAIT_DAYS ago and of which nothing came back, once a day, and
    tell of it. What came back is seen then, whether or not Stripe's event arrived."""
    for dispute_id in _late():
        _look(dispute_id)


@atomic
def _late(session: Session) -> list[str]:
    late = select(Dispute.id).where(
        *_WAITS, Dispute.updated_at < database_now(-WAIT_DAYS * 24 * 3600)
    )
    return list(session.scalars(late.order_by(Dispute.id)))


@atomic
def _look(session: Session, dispute_id: str) -> None:
    transaction = states.lock(session, session.get_one(Dispute, dispute_id).transaction_id)
    dispute = session.scalar(
        select(Dispute)
        .where(Dispute.id == dispute_id, *_WAITS)
        .execution_options(populate_existing=True)
    )
    if dispute is None:
        return
    if not_back(dispute) >= dispute.amount:  # else it is told of once it was read again
        _tell(session, dispute, f"nothing came back in {WAIT_DAYS} days")
    subject = subject_of(dispute.stripe_dispute_id, account_of(transaction))
    day = f"{utcnow():%Y-%m-%d}"
    outbox.stage(session, "disputes.refresh", subject, key=f"disputes.refresh:{dispute.id}:{day}")


def _tell(session: Session, dispute: Dispute, what: str) -> None:
    """Once of each sum that is missing, however often it is read, and whoever closed the alert."""
    missing = not_back(dispute)
    told = select(HistoryEntry.data).where(
        HistoryEntry.subject == dispute.id, HistoryEntry.what == _TOLD
    )
    if any(data.get("missing") == missing for data in session.scalars(told)):
        return
    money = Money(missing, dispute.currency)
    alerts.raise_alert(
        session,
        KIND,
        _key(dispute),
        f"{reference(dispute.transaction_id)}: its dispute ({dispute.money}) was won, and {what}: "
        f"{money} is missing",
        transaction_id=dispute.transaction_id,
    )
    history.record(
        session,
        "system",
        _TOLD,
        transaction_id=dispute.transaction_id,
        subject=dispute.id,
        missing=missing,
        currency=dispute.currency,
    )


def _key(dispute: Dispute) -> str:
    return f"{KIND}:{dispute.id}"
