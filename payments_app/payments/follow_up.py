"""follow_up: what follows a payment that ended in a process which did not know what it pays for.

Each kind of payable has this command in a name of its own, so that the message waits for a process
that knows the kind. There the payment's events are told again, and what its refunds and disputes
have come to meanwhile: what was staged already is there, and only what was not known is added.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Command, Later
from payments_app.core.jobs.outbox import Message
from payments_app.core.money import Money
from payments_app.payments import states
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import CHANGED
from payments_app.payments.follow_up_names import (
    AFTER_PAYMENT,
    AFTER_REFUND,
    FOLLOW_UP_QUEUE,
    command_of,
    follow_up_of,
    follows,
)
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Payable, payable_kinds
from payments_app.payments.phases import State
from payments_app.payments.queries import payable_of
from payments_app.payments.refunds.entitlement import tell_of_part
from payments_app.payments.refunds.models import Refund, RefundState

_PAYMENT_FIRST_SECONDS = 2.0


@atomic
def follow_up(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Stage what follows the end of a transaction and is not staged yet."""
    states.lock(session, transaction_id)
    paid_for = payable_of(session, transaction_id)
    moves = session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.transaction_id == transaction_id, HistoryEntry.kind == "state")
        .order_by(HistoryEntry.id)
    ).all()
    for move in moves:
        if move.data.get("to") in states.FINAL:
            event, version = states.EVENT[move.data["to"]], move.data["version"]
            states.tell(session, transaction_id, event, version)
            if paid_for is not None:
                states.tell_payable(session, paid_for[0], AFTER_PAYMENT, transaction_id, version)
    for refund in session.scalars(select(Refund).where(Refund.transaction_id == transaction_id)):
        told = _tell(session, f"refund.{refund.state}", refund.id)
        if paid_for is None or refund.state != RefundState.SUCCEEDED:
            continue
        if command_of(paid_for[0], AFTER_REFUND) not in told:
            states.tell_payable(session, paid_for[0], AFTER_REFUND, refund.id, refund.version)
    for dispute in session.scalars(select(Dispute).where(Dispute.transaction_id == transaction_id)):
        _tell(session, CHANGED, dispute.id)


def _tell(session: Session, event: str, subject: str) -> set[str]:
    """Store a message for each subscriber that was never told of this subject; those that were."""
    told = set(session.scalars(select(Message.command).where(Message.subject == subject)))
    outbox.publish(session, event, subject, about=f"{subject}:told_later", told=told)
    return told


@atomic
def after_payment(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Have the payable follow the end of its payment itself. Where less was captured than was asked
    for it does not, and a person is told.

    Raises sqlalchemy.exc.NoResultFound where its row is gone: the message dies, with an alert.
    """
    payable, transaction = _locked(session, transaction_id)
    if _is_in_part(transaction):
        tell_of_part(session, transaction, payable.id, transaction.money)
        return
    payable.after_payment(session, transaction)


@atomic
def after_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Have the payable follow a refund itself, once it has followed the payment.

    Raises sqlalchemy.exc.NoResultFound as `after_payment` does, and Later.
    """
    owner = select(Refund.transaction_id).where(Refund.id == refund_id)
    payable, transaction = _locked(session, session.scalars(owner).one())
    kind = payable.payable_type
    before = (follow_up_of(kind), command_of(kind, AFTER_PAYMENT))
    undone = Message.done_at.is_(None), Message.discarded_at.is_(None)  # a dead one may go on yet
    waiting = Message.subject == transaction.id, Message.command.in_(before), *undone
    if session.scalar(select(Message.id).where(*waiting).limit(1)) is not None:
        raise Later(_PAYMENT_FIRST_SECONDS, f"{payable.id} has not followed its payment yet")
    if _is_in_part(transaction):
        return
    made = Refund.transaction_id == transaction.id, Refund.state == RefundState.SUCCEEDED
    total = session.scalar(select(func.sum(Refund.amount)).where(*made))
    payable.after_refund(session, transaction, Money(int(total or 0), transaction.currency))


def _locked(session: Session, transaction_id: str) -> tuple[Payable, Transaction]:
    """What a transaction pays for, locked, and the transaction as it is then."""
    kind, payable_id = payable_of(session, transaction_id) or ("", "")
    known = payable_kinds()[kind]
    payable = session.get_one(known, payable_id, with_for_update={"of": known})
    return payable, session.get_one(Transaction, transaction_id, populate_existing=True)


def _is_in_part(transaction: Transaction) -> bool:
    return transaction.state == State.COMPLETE and transaction.paid < transaction.amount


_FOLLOW_UP = Command(follow_up, FOLLOW_UP_QUEUE)
_METHODS = {
    AFTER_PAYMENT: Command(after_payment, FOLLOW_UP_QUEUE),
    AFTER_REFUND: Command(after_refund, FOLLOW_UP_QUEUE),
}


def commands() -> dict[str, Command]:
    """What this process can do for each kind of payable that it knows: the follow-up, and what the
    kind does itself."""
    kinds = payable_kinds()
    own = {
        command_of(kind, method): command
        for kind in kinds
        for method, command in _METHODS.items()
        if follows(kind, method)
    }
    return {follow_up_of(kind): _FOLLOW_UP for kind in kinds} | own
