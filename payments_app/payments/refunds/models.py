"""Refunds: the table, the states of their own, and the one function that moves one.

A refund never changes the state of its transaction: what was paid stays paid.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base
from payments_app.core.jobs import outbox
from payments_app.core.states import Machine
from payments_app.payments import states
from payments_app.payments.follow_up_names import AFTER_REFUND
from payments_app.payments.queries import payable_of
from payments_app.payments.refund_or_dispute import RefundOrDispute


class RefundState(StrEnum):
    """Where a refund stands: our own states, and Stripe's.

    Source: https://docs.stripe.com/api/refunds/object#refund_object-status
    """

    REQUESTED = "requested"  # stored, with the message that will send it
    PROCESSING = "processing"  # it may have been sent
    UNKNOWN = "unknown"  # sent, and the answer was lost: Stripe is asked
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


# Stripe's own.
AT_STRIPE = frozenset(
    {
        RefundState.PENDING,
        RefundState.REQUIRES_ACTION,
        RefundState.SUCCEEDED,
        RefundState.FAILED,
        RefundState.CANCELED,
    }
)
MACHINE = Machine(
    "refund",
    {
        RefundState.REQUESTED: frozenset(
            {RefundState.PROCESSING, RefundState.FAILED, RefundState.CANCELED}
        ),
        RefundState.PROCESSING: AT_STRIPE | {RefundState.UNKNOWN},
        RefundState.UNKNOWN: AT_STRIPE,
        RefundState.PENDING: AT_STRIPE - {RefundState.PENDING},
        RefundState.REQUIRES_ACTION: AT_STRIPE - {RefundState.REQUIRES_ACTION},
        # A bank may send it back after all: it fails after it succeeded.
        RefundState.SUCCEEDED: frozenset({RefundState.FAILED, RefundState.CANCELED}),
        RefundState.FAILED: frozenset(),
        RefundState.CANCELED: frozenset(),
    },
)
# These give nothing back, and allow another.
NOT_REFUNDED = (RefundState.FAILED, RefundState.CANCELED)
# The only way out of a failure, with an alert: Stripe made it, and never said that it failed.
CORRECTIONS = Machine(
    "ended refund",
    {
        **{state: frozenset[str]() for state in MACHINE.moves},
        RefundState.FAILED: AT_STRIPE.difference(NOT_REFUNDED),
    },
)
UNCLEAR = (RefundState.UNKNOWN, RefundState.PENDING, RefundState.REQUIRES_ACTION)


class Refund(RefundOrDispute, Base):
    """Money given back, or asked to be. `amount` in minor units, of the transaction's currency.

    The refunds of a transaction that did not fail never exceed what was captured: the request
    checks it with the transaction locked, and a trigger of the database on its own. `stripe_reason`
    is one of the three that Stripe lets us give; what it says of a refund made there is in
    `stripe_data`.
    """

    __tablename__ = "pay_refunds"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("rfd"))
    state: Mapped[str] = mapped_column(String(16), default=RefundState.REQUESTED)
    version: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(String(500))
    stripe_reason: Mapped[str | None] = mapped_column(String(40))
    requested_by: Mapped[str] = mapped_column(String(80))
    # What it gives back, item by item, as refunds/items.py keeps it; NULL: an amount.
    items: Mapped[dict[str, Any] | None]
    idempotency_key: Mapped[str | None] = mapped_column(Key(255), unique=True)

    parameters: Mapped[dict[str, Any] | None]
    sent_at: Mapped[dt.datetime | None]
    stripe_refund_id: Mapped[str | None] = mapped_column(Key(255), unique=True)
    error: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None] = mapped_column(String(100))
    error_message: Mapped[str | None] = mapped_column(Text)

    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    updated_at: Mapped[dt.datetime] = mapped_column(
        server_default=database_now(), onupdate=database_now()
    )
    state_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        CheckConstraint(
            f"state IN ({', '.join(repr(state.value) for state in RefundState)})", name="state"
        ),
        CheckConstraint(
            "stripe_reason IN ('duplicate', 'fraudulent', 'requested_by_customer')",
            name="stripe_reason",
        ),
        Index("pay_refunds_transaction_id_idx", "transaction_id", "created_at"),
        Index("pay_refunds_created_at_id_idx", "created_at", "id"),
    )
    STATUSES = AT_STRIPE
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


def lock(session: Session, refund_id: str) -> Refund:
    """The refund, locked, its transaction first: every writer locks in this order.

    Raises sqlalchemy.exc.NoResultFound for an unknown id.
    """
    owner = select(Refund.transaction_id).where(Refund.id == refund_id)
    states.lock(session, session.scalars(owner).one())
    return session.scalars(
        select(Refund)
        .where(Refund.id == refund_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def move(
    session: Session,
    refund: Refund,
    state: str,
    *,
    actor: str = history.SYSTEM,
    correction: bool = False,
    **data: Any,
) -> None:
    """Move a locked refund, write history, store one message for each subscriber of the event.

    Raises IllegalMoveError when the table does not allow it.
    """
    old = refund.state
    (CORRECTIONS if correction else MACHINE).check(old, state)
    refund.state = state
    refund.state_at = database_now()
    session.flush()
    tell(session, refund, actor=actor, **{"from": old, **data})


def tell(session: Session, refund: Refund, *, actor: str, **data: Any) -> None:
    """Write that a refund is in its state now, and store the messages of its subscribers. What was
    paid for follows it where the money went back, or came here again."""
    event = f"refund.{refund.state}"
    history.record(
        session,
        "state",
        event,
        actor=actor,
        transaction_id=refund.transaction_id,
        subject=refund.id,
        amount=refund.amount,
        currency=refund.currency,
        version=refund.version,
        **data,
    )
    outbox.publish(session, event, refund.id, about=f"{refund.id}:v{refund.version}")
    if RefundState.SUCCEEDED not in (refund.state, data.get("from")):
        return
    if paid_for := payable_of(session, refund.transaction_id):
        states.tell_payable(session, paid_for[0], AFTER_REFUND, refund.id, refund.version)
