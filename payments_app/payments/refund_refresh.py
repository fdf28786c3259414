"""refund_refresh: read a payment's refunds at Stripe again, and take in those made elsewhere."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from payments_app.core import alerts, outbox
from payments_app.core.database import atomic
from payments_app.core.outbox import Claim, Later
from payments_app.gateway.objects import UnreadableError
from payments_app.gateway.refunds import refunds_of, retrieve_refund
from payments_app.gateway.results import Verdict
from payments_app.payments import states
from payments_app.payments.direct import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.received import is_release
from payments_app.payments.refund import remaining
from payments_app.payments.refund_settle import take
from payments_app.payments.refunds import NOT_REFUNDED, Refund, lock, tell

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
OUTSIDE = "Made outside of this application"


def refresh(subject: str, _claim: Claim) -> None:
    """Bring every refund of one payment to where Stripe has it. `subject` is the id of a refund at
    Stripe (`re_...`) or of a payment intent (`pi_...`).

    Raises Later while Stripe can't be read, and while one that was made outside has no room
    beside those of ours that are not decided yet.
    """
    intent_id = subject if subject.startswith("pi_") else _intent_of(subject)
    owner = _owner(intent_id) if intent_id else None
    if owner is None:
        log.warning("%s is no refund of ours", subject)
        return
    transaction_id, account = owner
    try:
        bodies = refunds_of(intent_id or "", account)
    except UnreadableError as error:
        raise Later(RETRY_SECONDS, str(error)) from error
    blocked = import_refunds(transaction_id, bodies)
    if blocked:
        raise Later(RETRY_SECONDS, f"no room yet for {', '.join(blocked)}")


@atomic
def import_refunds(
    session: Session, transaction_id: str, bodies: list[dict[str, Any]]
) -> list[str]:
    """Take in the refunds of a payment as Stripe has them; return those that have no room yet.

    What failed comes first: it makes room. Raises Later for a payment that is not complete here
    yet: its own news is on the way.
    """
    transaction = states.lock(session, transaction_id)
    if bodies and transaction.state != "complete":
        raise Later(RETRY_SECONDS, f"{transaction_id} is still {transaction.phase}")
    blocked = []
    for body in sorted(bodies, key=lambda body: body["status"] not in NOT_REFUNDED):
        known = _known(session, transaction_id, body)
        if known is not None:
            take(session, lock(session, known), body, actor="stripe")
        elif is_release(body, transaction.amount, transaction.paid):
            continue
        elif body["status"] in NOT_REFUNDED or body["amount"] <= remaining(session, transaction):
            _store(session, transaction, body)
        else:
            blocked.append(body["id"])
    if blocked:
        _make_room(session, transaction_id, blocked)
    return blocked


def _intent_of(stripe_refund_id: str) -> str | None:
    """The intent of a refund; from Stripe where we do not know the refund."""
    intent_id = _intent_here(stripe_refund_id)
    if intent_id is not None:
        return intent_id
    reply = retrieve_refund(stripe_refund_id)
    if reply.body is None and reply.trouble != Verdict.INVALID:
        raise Later(RETRY_SECONDS, f"{stripe_refund_id}: {reply.error_code}")
    found: str | None = (reply.body or {}).get("payment_intent")
    return found


@atomic
def _intent_here(session: Session, stripe_refund_id: str) -> str | None:
    return session.scalar(
        select(Transaction.stripe_payment_id)
        .join(Refund, Refund.transaction_id == Transaction.id)
        .where(Refund.stripe_refund_id == stripe_refund_id)
    )


@atomic
def _owner(session: Session, intent_id: str) -> tuple[str, str | None] | None:
    transaction = session.scalar(
        select(Transaction).where(Transaction.stripe_payment_id == intent_id)
    )
    if transaction is None:
        return None
    return transaction.id, account_of(transaction)


def _known(session: Session, transaction_id: str, body: dict[str, Any]) -> str | None:
    named = (body.get("metadata") or {}).get("refund_id")
    return session.scalar(
        select(Refund.id).where(
            Refund.transaction_id == transaction_id,
            or_(
                Refund.stripe_refund_id == body["id"],
                (Refund.id == named) & Refund.stripe_refund_id.is_(None),
            ),
        )
    )


def _store(session: Session, transaction: Transaction, body: dict[str, Any]) -> None:
    refund = Refund(
        transaction_id=transaction.id,
        state=body["status"],
        amount=body["amount"],
        currency=body["currency"],
        reason=OUTSIDE,
        stripe_reason=body.get("reason"),
        requested_by="stripe",
        stripe_refund_id=body["id"],
        stripe_data=body,
    )
    session.add(refund)
    session.flush()
    tell(session, refund, actor="stripe", outside=True)


def _make_room(session: Session, transaction_id: str, blocked: list[str]) -> None:
    """Of our own refunds some can't stand any more: ask Stripe about them now."""
    for refund_id in session.scalars(
        select(Refund.id).where(Refund.transaction_id == transaction_id)
    ):
        outbox.hasten(session, "refunds.look_up", refund_id)
    alerts.raise_alert(
        session,
        "refund_outside",
        f"refund_outside:{transaction_id}",
        f"{', '.join(blocked)} was made at Stripe while refunds of ours were under way",
        transaction_id=transaction_id,
    )
