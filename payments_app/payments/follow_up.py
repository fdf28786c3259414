"""follow_up: what follows a payment that ended in a process which did not know what it pays for.

Each kind of payable has this command in a name of its own, so that the message waits for a process
that knows the kind. There the payment's events are told again, and what its refunds and disputes
have come to meanwhile: what was staged already is there, and only what was not known is added.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Command
from payments_app.core.jobs.outbox import Message
from payments_app.payments import states
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import CHANGED
from payments_app.payments.payable import FOLLOW_UP_QUEUE, follow_up_of, payable_kinds
from payments_app.payments.refunds.models import Refund


@atomic
def follow_up(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Stage what follows the end of a transaction and is not staged yet."""
    states.lock(session, transaction_id)
    moves = session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.transaction_id == transaction_id, HistoryEntry.kind == "state")
        .order_by(HistoryEntry.id)
    ).all()
    for move in moves:
        if move.data.get("to") in states.FINAL:
            event = states.EVENT[move.data["to"]]
            states.tell(session, transaction_id, event, move.data["version"])
    for refund in session.scalars(select(Refund).where(Refund.transaction_id == transaction_id)):
        _tell(session, f"refund.{refund.state}", refund.id)
    for dispute in session.scalars(select(Dispute).where(Dispute.transaction_id == transaction_id)):
        _tell(session, CHANGED, dispute.id)


def _tell(session: Session, event: str, subject: str) -> None:
    """Store a message for each subscriber that was never told of this subject."""
    told = set(session.scalars(select(Message.command).where(Message.subject == subject)))
    outbox.publish(session, event, subject, about=f"{subject}:told_later", told=told)


_COMMAND = Command(follow_up, FOLLOW_UP_QUEUE)


def commands() -> dict[str, Command]:
    """The follow-ups that this process can do: one of each kind of payable that it knows."""
    return {follow_up_of(kind): _COMMAND for kind in payable_kinds()}
