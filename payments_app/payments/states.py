"""The states of a transaction: the table of legal moves, and the one function that makes a move."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload

from payments_app.core import history, registry
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import note_change
from payments_app.core.jobs import outbox
from payments_app.core.states import Machine
from payments_app.payments.follow_up_names import (
    AFTER_PAYMENT,
    FOLLOW_UP_QUEUE,
    command_of,
    follow_up_of,
    follows,
    may_follow_elsewhere,
)
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.note_changes import attempts_of
from payments_app.payments.payable import payable_kinds
from payments_app.payments.phases import Phase, State

PUBLIC_STATE: dict[str, State] = {
    Phase.CREATED: State.PENDING,
    Phase.PROCESSING: State.PENDING,
    Phase.REQUIRES_ACTION: State.PENDING,
    Phase.AWAITING_BANK: State.PENDING,
    Phase.UNKNOWN: State.PENDING,
    Phase.COMPLETE: State.COMPLETE,
    Phase.FAILED: State.FAILED,
    Phase.CANCELED: State.FAILED,
}
FINAL = frozenset({Phase.COMPLETE, Phase.FAILED, Phase.CANCELED})
EVENT: dict[str, str] = {
    Phase.PROCESSING: "payment.processing",
    Phase.REQUIRES_ACTION: "payment.requires_action",
    Phase.AWAITING_BANK: "payment.awaiting_bank",
    Phase.UNKNOWN: "payment.unknown",
    Phase.COMPLETE: "payment.completed",
    Phase.FAILED: "payment.failed",
    Phase.CANCELED: "payment.canceled",
}
_SENT = frozenset({Phase.REQUIRES_ACTION, Phase.AWAITING_BANK, Phase.UNKNOWN, *FINAL})
MACHINE = Machine(
    "transaction",
    {
        Phase.CREATED: frozenset({Phase.PROCESSING, Phase.CANCELED}),
        Phase.PROCESSING: _SENT,
        Phase.REQUIRES_ACTION: _SENT - {Phase.REQUIRES_ACTION},
        Phase.AWAITING_BANK: _SENT - {Phase.AWAITING_BANK},
        Phase.UNKNOWN: _SENT - {Phase.UNKNOWN},
        Phase.COMPLETE: frozenset(),
        Phase.FAILED: frozenset(),
        Phase.CANCELED: frozenset(),
    },
)
# The only way out of a final state, after a fresh read at Stripe, with an alert.
CORRECTIONS = Machine(
    "ended transaction",
    {
        **{phase: frozenset[str]() for phase in PUBLIC_STATE},
        Phase.FAILED: frozenset({Phase.COMPLETE}),
        Phase.CANCELED: frozenset({Phase.COMPLETE}),
    },
)
CORRECTED = "corrected_to_match_stripe"


def lock(session: Session, transaction_id: str) -> Transaction:
    """The transaction, locked until the end of the caller's database transaction.

    Raises sqlalchemy.exc.NoResultFound for an unknown id.
    """
    transaction: Transaction = lock_with(session, transaction_id)[0]
    return transaction


def lock_with(
    session: Session, transaction_id: str, *columns: ColumnElement[Any]
) -> tuple[Any, ...]:
    """The same with its records, and what else is asked of it, read by the same statement."""
    once = [select(column).scalar_subquery() for column in columns]  # not for each record
    found = (
        session.execute(
            select(Transaction, *once)
            .where(Transaction.id == transaction_id)
            .options(joinedload(Transaction.records))
            .with_for_update(of=Transaction)
            .execution_options(populate_existing=True)
        )
        .unique()
        .one()
    )
    return tuple(found)


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
    with session.no_autoflush:  # all is sent at once, by the flush that raises the version
        kind = _keep_active(transaction)
        history.record(
            session,
            "state",
            CORRECTED if correction else EVENT[phase],
            actor=actor,
            transaction_id=transaction.id,
            **{"from": old, "to": phase, "version": transaction.version + 1, **data},
        )
    session.flush()
    tell(session, transaction.id, EVENT[phase], transaction.version)
    if phase not in FINAL or kind is None:
        return
    if kind in payable_kinds():
        tell_payable(session, kind, AFTER_PAYMENT, transaction.id, transaction.version)
    else:
        # Who follows it may be known only where it is: see follow_up.
        command, key = follow_up_of(kind), f"{transaction.id}:v{transaction.version}"
        outbox.stage(
            session, command, transaction.id, key=f"{command}:{key}", queue=FOLLOW_UP_QUEUE
        )


def tell(session: Session, transaction_id: str, event: str, version: int) -> None:
    """Store one message for each subscriber of an event, unless it is there already."""
    outbox.publish(session, event, transaction_id, about=f"{transaction_id}:v{version}")


def tell_payable(session: Session, kind: str, method: str, subject: str, version: int) -> None:
    """Store the message by which this method of what was paid for is called, where its kind has
    it: here, or as another process does. `subject` is a transaction or a refund."""
    command = command_of(kind, method)
    if follows(kind, method) or (
        may_follow_elsewhere(kind) and registry.is_declared(session, command)
    ):
        key = f"{command}:{subject}:v{version}"
        outbox.stage(session, command, subject, key=key, queue=FOLLOW_UP_QUEUE)


def stop_holding(session: Session, transaction_id: str) -> None:
    """A complete transaction took less than the price, and all of it was given back: what it was
    to pay for may be paid anew."""
    session.execute(
        update(PaymentRecord)
        .where(PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == Role.PAYS_FOR)
        .values(active=False)
    )
    note_change(session, attempts_of(transaction_id))


def _keep_active(transaction: Transaction) -> str | None:
    """A payable has one active transaction at most; after one that failed the next may be active.
    Returns the type of the payable, where there is one."""
    for record in transaction.records:
        record.active = transaction.state != State.FAILED
    paid_for = (row.payable_type for row in transaction.records if row.role == Role.PAYS_FOR)
    return next(paid_for, None)
