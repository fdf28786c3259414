"""request: ask for money to be given back. A job sends it; no page waits for Stripe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.free_text import as_kept, free_text
from payments_app.core.jobs import outbox
from payments_app.core.money import THREE_DECIMAL, WHOLE_UNITS, Money
from payments_app.gateway.refunds import REASONS
from payments_app.payments import states
from payments_app.payments.closed_actions import REFUND_CLOSED, refund_closed
from payments_app.payments.disputes.standing import is_withdrawn
from payments_app.payments.models import Transaction
from payments_app.payments.refunds import items as paid_items
from payments_app.payments.refunds.client_key import is_of
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.remaining import refundable

MAX_REASON = 500
RECENT_SECONDS = 600


class RefundRefusedError(Exception):
    """This refund can't be asked for; the message is a sentence for staff."""


class KeyUsedError(RefundRefusedError):
    """This key asked for another refund."""


class RemainingChangedError(RefundRefusedError):
    """Another refund came between the review of this one and its confirmation."""


@atomic
def request_refund(
    session: Session,
    transaction_id: str,
    amount: int | None,
    *,
    reason: str,
    actor: str,
    stripe_reason: str | None = None,
    idempotency_key: str | None = None,
    left: int | None = None,
    items: Mapping[int, int] | None = None,
) -> str:
    """Store a refund of `amount` (minor units; None: of all that is left) with the message that
    sends it; return its id.

    `reason` is staff's own words and stays ours; `stripe_reason` is one of Stripe's three
    (`fraudulent` blocks the card and the e-mail address there). A repeated `idempotency_key`
    answers the first refund. `left` is what could be given back (minor units) when the refund was
    reviewed. `items` are so many of each line of what was bought, and must come to `amount`.
    Safe from two staff at once: the transaction is locked.

    Raises RefundRefusedError, KeyUsedError, RemainingChangedError where `left` is no longer so,
    and sqlalchemy.exc.NoResultFound for an unknown transaction.
    """
    transaction = states.lock(session, transaction_id)
    if idempotency_key:
        known = _made_before(session, idempotency_key, transaction_id, amount, reason)
        if known:
            return known
    left_now = refundable(session, transaction)
    if left is not None and left != left_now:
        raise RemainingChangedError("What can be refunded has changed meanwhile. Look again.")
    amount = left_now if amount is None else amount
    refusal = why_not(session, transaction, amount, reason, stripe_reason)
    if refusal:
        raise RefundRefusedError(refusal)
    try:
        kept = paid_items.checked(session, transaction, amount, items or {})
    except paid_items.ItemsError as error:
        raise RefundRefusedError(str(error)) from error
    return store_refund(
        session,
        transaction,
        amount,
        reason=reason,
        actor=actor,
        stripe_reason=stripe_reason,
        idempotency_key=idempotency_key,
        items=kept,
    )


def store_refund(
    session: Session,
    transaction: Transaction,
    amount: int,
    *,
    reason: str,
    actor: str,
    stripe_reason: str | None = None,
    idempotency_key: str | None = None,
    kind: str = "staff",
    items: dict[str, Any] | None = None,
) -> str:
    """Store what `why_not` refused nothing of, of a locked transaction, in the caller's database
    transaction; `kind` is that of its history, `items` what it gives back."""
    refund = Refund(
        transaction_id=transaction.id,
        amount=amount,
        currency=transaction.currency,
        reason=reason_in_words(reason),
        stripe_reason=stripe_reason,
        requested_by=actor,
        idempotency_key=idempotency_key,
        items=items,
    )
    session.add(refund)
    session.flush()
    history.record(
        session,
        kind,
        "refund.requested",
        actor=actor,
        transaction_id=transaction.id,
        subject=refund.id,
        amount=amount,
        currency=transaction.currency,
        reason=refund.reason,
        stripe_reason=stripe_reason,
        items=paid_items.in_words(items) or None,
    )
    outbox.stage(session, "refunds.send", refund.id)
    return refund.id


def reason_in_words(typed: str) -> str:
    """Staff's own reason as it is kept. Raises ValueError with a sentence where it can't be."""
    if_empty = "Enter a reason for the refund."
    return free_text(typed, what="The reason", most=MAX_REASON, if_empty=if_empty)


def recent_refunds(session: Session, transaction_id: str) -> list[Refund]:
    """Refunds of a payment that people asked for in the last RECENT_SECONDS, the newest first:
    whoever asks for the next one has to know of them."""
    return list(
        session.scalars(
            select(Refund)
            .where(
                Refund.transaction_id == transaction_id,
                Refund.requested_by.like("stf\\_%", escape="\\"),
                Refund.created_at > database_now(-RECENT_SECONDS),
            )
            .order_by(Refund.created_at.desc(), Refund.id)
        )
    )


def why_not(
    session: Session,
    transaction: Transaction,
    amount: int,
    reason: str,
    stripe_reason: str | None = None,
) -> str | None:
    """Why this refund can't be asked for, in a sentence; None where it can."""
    left = refundable(session, transaction)
    closed = refund_closed(
        transaction.state,
        transaction.paid,
        left,
        withdrawn=is_withdrawn(session, transaction.id),
    )
    if closed:
        return REFUND_CLOSED[closed]
    if amount <= 0:
        return "Enter an amount greater than zero."
    try:
        reason_in_words(reason)
    except ValueError as error:
        return str(error)
    if stripe_reason is not None and stripe_reason not in REASONS:
        return f"Stripe knows only these reasons: {', '.join(REASONS)}."
    if transaction.currency in THREE_DECIMAL and amount % 10:
        return "The last digit of an amount with three decimals must be 0."
    if transaction.currency in WHOLE_UNITS and amount % 100:
        return "Only whole units of this currency can be refunded."
    if amount > left:
        return f"You can refund at most {Money(left, transaction.currency)} of this payment."
    return None


def _made_before(
    session: Session, key: str, transaction_id: str, amount: int | None, reason: str
) -> str | None:
    """The refund that this key asked for. Raises KeyUsedError where it was another one."""
    made = session.scalar(select(Refund).where(Refund.idempotency_key == key))
    if made is None:
        return None
    same = made.transaction_id == transaction_id and amount in (None, made.amount)
    if not same or not is_of(made, as_kept(reason)):
        raise KeyUsedError("This form was sent before, for another refund. Open it again.")
    return made.id
