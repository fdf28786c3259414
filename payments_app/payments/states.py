"""The states of a transaction: the table of legal moves, and the one function that makes a move."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.jobs import outbox
from payments_app.core.states import Machine
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import FOLLOW_UP_QUEUE, follow_up_of, payable_kinds

PUBLIC_STATE = {
    "created": "pending",
    "processing": "pending",
    "requires_action": "pending",
    "awaiting_bank": "pending",
    "unknown": "pending",
    "complete": "complete",
    "failed": "failed",
    "canceled": "failed",
}
FINAL = frozenset({"complete", "failed", "canceled"})
EVENT = {
    "processing": "payment.processing",
    "requires_action": "payment.requires_action",
    "awaiting_bank": "payment.awaiting_bank",
    "unknown": "payment.unknown",
    "complete": "payment.completed",
    "failed": "payment.failed",
    "canceled": "payment.canceled",
}
_SENT = frozenset({"requires_action", "awaiting_bank", "unknown", *FINAL})
MACHINE = Machine(
    "transaction",
    {
        "created": frozenset({"processing", "canceled"}),
        "processing": _SENT,
        "requires_action": _SENT - {"requires_action"},
        "awaiting_bank": _SENT - {"awaiting_bank"},
        "unknown": _SENT - {"unknown"},
        "complete": frozenset(),
        "failed": frozenset(),
        "canceled": frozenset(),
    },
)
# The only way out of a final state, after a fresh read at Stripe, with an alert.
CORRECTIONS = Machine(
    "ended transaction",
    {
        **{phase: frozenset[str]() for phase in PUBLIC_STATE},
        "failed": frozenset({"complete"}),
        "canceled": frozenset({"complete"}),
    },
)
CORRECTED = "corrected_to_match_stripe"


def lock(session: Session, transaction_id: str) -> Transaction:
    """The transaction, locked until the end of the caller's database transaction.

    Raises sqlalchemy.exc.NoResultFound for an unknown id.
    """
    return session.scalars(
        select(Transaction)
        .where(Transaction.id == transaction_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def move(
    session: Session,
    transaction: Transaction,
    phase: str,
    *,
    actor: str = history.SYSTEM,
    correction: bool = False,
    **data: Any,
) -> None:
    """Move a locked transaction to `phase`, write history, and store one message for each
    subscriber of the event, all in the caller's database transaction.

    Raises IllegalMoveError when the table does not allow it.
    """
    old = transaction.phase
    (CORRECTIONS if correction else MACHINE).check(old, phase)
    transaction.phase = phase
    transaction.state = PUBLIC_STATE[phase]
    transaction.phase_at = database_now()
    if phase in FINAL:
        transaction.client_secret = None
        transaction.ended_at = database_now()
    kind = _keep_active(session, transaction)
    session.flush()
    history.record(
        session,
        "state",
        CORRECTED if correction else EVENT[phase],
        actor=actor,
        transaction_id=transaction.id,
        **{"from": old, "to": phase, "version": transaction.version, **data},
    )
    tell(session, transaction.id, EVENT[phase], transaction.version)
    if phase in FINAL and kind is not None and kind not in payable_kinds():
        # Who follows it may be known only where it is: see follow_up.
        command, key = follow_up_of(kind), f"{transaction.id}:v{transaction.version}"
        outbox.stage(
            session, command, transaction.id, key=f"{command}:{key}", queue=FOLLOW_UP_QUEUE
        )


def tell(session: Session, transaction_id: str, event: str, version: int) -> None:
    """Store one message for each subscriber of an event, unless it is there already."""
    outbox.publish(session, event, transaction_id, about=f"{transaction_id}:v{version}")


def stop_holding(session: Session, transaction_id: str) -> None:
    """A complete transaction took less than the price, and all of it was given back: what it was
    to pay for may be paid anew."""
    session.execute(
        update(PaymentRecord)
        .where(PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == Role.PAYS_FOR)
        .values(active=False)
    )


def _keep_active(session: Session, transaction: Transaction) -> str | None:
    """A payable has one active transaction at most; after one that failed the next may be active.
    Returns the type of the payable, where there is one."""
    rows = session.execute(
        update(PaymentRecord)
        .where(PaymentRecord.transaction_id == transaction.id)
        .values(active=transaction.state != "failed")
        .returning(PaymentRecord.role, PaymentRecord.payable_type)
    )
    return next((row.payable_type for row in rows if row.role == Role.PAYS_FOR), None)
