"""import_refunds: keep a payment's refunds as Stripe has them, also those made elsewhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import looks_like_id
from payments_app.core.db.session import atomic
from payments_app.core.jobs import due
from payments_app.core.jobs.command import Later
from payments_app.gateway.ids import clean_id
from payments_app.gateway.refunds import REASONS
from payments_app.gateway.words import describe_unknown, known
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.read_or_later import RETRY_SECONDS
from payments_app.payments.refunds.apply_stripe_state import (
    take,
    tell_of_status,
    was_made_after_all,
)
from payments_app.payments.refunds.client_key import key_of
from payments_app.payments.refunds.models import (
    AT_STRIPE,
    NOT_REFUNDED,
    Refund,
    RefundState,
    lock,
    tell,
)
from payments_app.payments.refunds.refund_mismatch import is_mismatch
from payments_app.payments.refunds.remaining import remaining
from payments_app.payments.transactions.received import is_release
from payments_app.payments.unmatched import mark_matched

OUTSIDE = "Made outside of this application"
BEFORE_RESTORE = "Made here before a backup was restored"
NEVER_PAID_CODE = "never_paid"
NEVER_PAID = "The payment was cancelled before any money was taken: nothing was given back."


@atomic
def import_refunds(
    session: Session, transaction_id: str, bodies: list[dict[str, Any]]
) -> list[str]:
    """Take in the refunds of a payment as Stripe has them; return those that have nothing left to
    refund yet.

    What failed comes first: it frees its amount. Raises Later for a payment that is not complete
    here yet: its own news is on the way.
    """
    transaction = states.lock(session, transaction_id)
    if bodies and transaction.state != State.COMPLETE:
        raise Later(RETRY_SECONDS, f"{transaction_id} is still {transaction.phase}")
    blocked = []
    for body in sorted(bodies, key=lambda body: not _gave_nothing_back(body)):
        mark_matched(session, body["id"])
        known = _known(session, transaction_id, body)
        if known is not None:
            refund = lock(session, known)
            if was_made_after_all(refund, body) and refund.amount > remaining(session, transaction):
                blocked.append(body["id"])
            else:
                take(session, refund, body, actor="stripe")
        elif is_release(body, transaction.amount, transaction.paid) or is_mismatch(
            session, transaction, body
        ):
            continue
        elif _gave_nothing_back(body) or body["amount"] <= remaining(session, transaction):
            _store(session, transaction, body)
        else:
            blocked.append(body["id"])
    if blocked:
        _recheck_own_refunds(session, transaction_id, blocked)
    return blocked


@atomic
def keep_as_failed(session: Session, transaction_id: str, bodies: list[dict[str, Any]]) -> None:
    """Keep the refunds of a payment that ended without money, here and at Stripe: what was given
    back is an authorization that was never captured, and no money."""
    transaction = states.lock(session, transaction_id)
    for body in bodies:
        mark_matched(session, body["id"])
        if transaction.state != State.FAILED or _known(session, transaction_id, body) is not None:
            continue
        if is_mismatch(session, transaction, body):
            continue
        words = f"{NEVER_PAID} {describe_unknown(body.get('reason'))}"
        error = {"code": NEVER_PAID_CODE, "message": words}
        _store(
            session,
            transaction,
            body,
            RefundState.FAILED,
            error=error,
            error_code=NEVER_PAID_CODE,
            error_message=words,
        )
        alerts.raise_alert(
            session,
            "refund_never_paid",
            f"refund_never_paid:{body['id']}",
            f"Stripe's refund {body['id']} is of {transaction_id}, which was never paid. {words}. "
            "Look at both in Stripe's Dashboard",
            transaction_id=transaction_id,
        )


def _known(session: Session, transaction_id: str, body: dict[str, Any]) -> str | None:
    named = clean_id(as_object(body.get("metadata")).get("refund_id"))
    same = Refund.stripe_refund_id == body["id"]
    if named is not None:
        same |= (Refund.id == named) & Refund.stripe_refund_id.is_(None)
    return session.scalar(select(Refund.id).where(Refund.transaction_id == transaction_id, same))


def _gave_nothing_back(body: dict[str, Any]) -> bool:
    return known(body.get("status"), NOT_REFUNDED) is not None


def _store(
    session: Session,
    transaction: Transaction,
    body: dict[str, Any],
    state: str | None = None,
    **more: Any,
) -> None:
    """Keep a refund that was made outside: as Stripe has it, or in `state`. One in a state that we
    do not know is looked up."""
    ours = _our_id(session, body)
    refund = Refund(
        **({"id": ours, "idempotency_key": key_of(session, body)} if ours else {}),
        transaction_id=transaction.id,
        state=state or known(body.get("status"), AT_STRIPE) or RefundState.UNKNOWN,
        amount=body["amount"],
        currency=transaction.currency,
        reason=BEFORE_RESTORE if ours else OUTSIDE,
        stripe_reason=known(body.get("reason"), REASONS),
        requested_by="stripe",
        stripe_refund_id=body["id"],
        stripe_data=body,
        **more,
    )
    session.add(refund)
    session.flush()
    tell(session, refund, actor="stripe", outside=True)
    if refund.unknown_status:
        tell_of_status(session, refund)


def _our_id(session: Session, body: dict[str, Any]) -> str | None:
    """The id that a refund had here before a backup was restored that does not know it."""
    named = clean_id(as_object(body.get("metadata")).get("refund_id")) or ""
    if not looks_like_id(named, "rfd") or session.get(Refund, named) is not None:
        return None
    return named


def _recheck_own_refunds(session: Session, transaction_id: str, blocked: list[str]) -> None:
    """Of our own refunds some can't stand any more: ask Stripe about them now."""
    for refund_id in session.scalars(
        select(Refund.id).where(Refund.transaction_id == transaction_id)
    ):
        due.run_now(session, "refunds.look_up", refund_id)
    alerts.raise_alert(
        session,
        "refund_outside",
        f"refund_outside:{transaction_id}",
        f"{', '.join(blocked)} was made at Stripe while refunds of ours were under way",
        transaction_id=transaction_id,
    )
