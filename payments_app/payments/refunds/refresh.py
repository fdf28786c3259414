"""refresh: read a payment's refunds at Stripe again, and take in those made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.ids import clean_id
from payments_app.gateway.refunds import REASONS, refunds_of, refunds_of_charge, retrieve_refund
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.gateway.words import known, says
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import payment_of
from payments_app.payments.refunds.apply_stripe_state import take, tell_of_status
from payments_app.payments.refunds.models import AT_STRIPE, NOT_REFUNDED, Refund, lock, tell
from payments_app.payments.refunds.request import remaining
from payments_app.payments.transactions.received import is_release
from payments_app.payments.unmatched import mark_matched, read_subject, set_aside

RETRY_SECONDS = 30.0
OUTSIDE = "Made outside of this application"
NEVER_PAID_CODE = "never_paid"
NEVER_PAID = "The payment was cancelled before any money was taken: nothing was given back."


def refresh(subject: str, _claim: Claim) -> None:
    """Move every refund of one payment to Stripe's state. `subject` is the id of a refund at
    Stripe (`re_...`), of a payment intent (`pi_...`) or of a charge (`ch_...`); it may name the
    account that it is on (`re_...@acct_...`). Refunds of a payment that is not known here are set
    aside.

    Those of a payment that ended without money are kept as failed. Raises Later while Stripe can't
    be read, and while one that was made outside finds nothing left to refund beside those of ours
    that are not decided yet.
    """
    stripe_id, account = read_subject(subject)
    owner = _owner_here(stripe_id)
    account = owner.account if owner else account
    named = [] if owner and owner.intent_id == stripe_id else _read(stripe_id, account)
    owner = owner or _owner_of(named)
    if owner is None:
        _set_aside(named, account)
        return
    # One that names its charge alone is not in the list of the intent.
    found = {body["id"]: body for body in [*named, *_read(owner.intent_id, owner.account)]}
    if found and _never_paid(owner):
        keep_as_failed(owner.transaction_id, list(found.values()))
        return
    blocked = import_refunds(owner.transaction_id, list(found.values()))
    if blocked:
        raise Later(RETRY_SECONDS, f"nothing left to refund yet for {', '.join(blocked)}")


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
    if bodies and transaction.state != "complete":
        raise Later(RETRY_SECONDS, f"{transaction_id} is still {transaction.phase}")
    blocked = []
    for body in sorted(bodies, key=lambda body: not _gave_nothing_back(body)):
        mark_matched(session, body["id"])
        known = _known(session, transaction_id, body)
        if known is not None:
            take(session, lock(session, known), body, actor="stripe")
        elif is_release(body, transaction.amount, transaction.paid):
            continue
        elif _gave_nothing_back(body) or body["amount"] <= remaining(session, transaction):
            _store(session, transaction, body)
        else:
            blocked.append(body["id"])
    if blocked:
        _make_room(session, transaction_id, blocked)
    return blocked


@atomic
def keep_as_failed(session: Session, transaction_id: str, bodies: list[dict[str, Any]]) -> None:
    """Keep the refunds of a payment that ended without money, here and at Stripe: what was given
    back is an authorization that was never captured, and no money."""
    transaction = states.lock(session, transaction_id)
    for body in bodies:
        mark_matched(session, body["id"])
        if transaction.state != "failed" or _known(session, transaction_id, body) is not None:
            continue
        words = f"{NEVER_PAID} {says(body.get('reason'))}"
        error = {"code": NEVER_PAID_CODE, "message": words}
        _store(
            session,
            transaction,
            body,
            "failed",
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


def _never_paid(owner: _Owner) -> bool:
    """Whether the payment ended here without money, and Stripe says so too.

    Raises Later while Stripe can't be read.
    """
    if not owner.failed:
        return False
    answer = charges.retrieve_intent(owner.intent_id, owner.account)
    if answer.body is None:
        raise Later(RETRY_SECONDS, f"{owner.intent_id}: {answer.error_code}")
    unpaid = answer.verdict in (Verdict.CANCELED, Verdict.DECLINED, Verdict.OPEN)
    return unpaid and not answer.body.get("amount_received")


@dataclass(frozen=True)
class _Owner:
    """The payment whose refunds are read."""

    transaction_id: str
    intent_id: str
    account: str | None
    failed: bool


def _read(stripe_id: str, account: str | None) -> list[dict[str, Any]]:
    """The refunds at Stripe of an intent or of a charge, or the one of this id; none where Stripe
    knows no such thing."""
    try:
        if stripe_id.startswith("pi_"):
            return refunds_of(stripe_id, account)
        if stripe_id.startswith(("ch_", "py_")):
            return refunds_of_charge(stripe_id, account)
    except UnreadableError as error:
        if error.verdict == Verdict.INVALID:
            return []
        raise Later(RETRY_SECONDS, str(error)) from error
    answer = retrieve_refund(stripe_id, account)
    if answer.body is None and answer.verdict != Verdict.INVALID:
        raise Later(RETRY_SECONDS, f"{stripe_id}: {answer.error_code}")
    return [answer.body] if answer.body is not None else []


@atomic
def _owner_here(session: Session, stripe_id: str) -> _Owner | None:
    """The payment that this id of Stripe's names, by what we know ourselves."""
    if stripe_id.startswith(("pi_", "ch_", "py_")):
        kind = "payment_intent" if stripe_id.startswith("pi_") else "charge"
        return _as_owner(payment_of(session, {kind: stripe_id}))
    owner = select(Refund.transaction_id).where(Refund.stripe_refund_id == stripe_id)
    return _as_owner(
        session.scalar(select(Transaction).where(Transaction.id == owner.scalar_subquery()))
    )


@atomic
def _owner_of(session: Session, bodies: list[dict[str, Any]]) -> _Owner | None:
    """The payment that refunds at Stripe are about: all of one."""
    return _as_owner(payment_of(session, bodies[0])) if bodies else None


def _as_owner(found: Transaction | None) -> _Owner | None:
    if found is None or found.stripe_payment_id is None:
        return None
    return _Owner(found.id, found.stripe_payment_id, account_of(found), found.state == "failed")


@atomic
def _set_aside(session: Session, bodies: list[dict[str, Any]], account: str | None) -> None:
    for body in bodies:
        set_aside(session, body, account)


def _known(session: Session, transaction_id: str, body: dict[str, Any]) -> str | None:
    named = clean_id((body.get("metadata") or {}).get("refund_id"))
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
    refund = Refund(
        transaction_id=transaction.id,
        state=state or known(body.get("status"), AT_STRIPE) or "unknown",
        amount=body["amount"],
        currency=body["currency"],
        reason=OUTSIDE,
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


def _make_room(session: Session, transaction_id: str, blocked: list[str]) -> None:
    """Of our own refunds some can't stand any more: ask Stripe about them now."""
    for refund_id in session.scalars(
        select(Refund.id).where(Refund.transaction_id == transaction_id)
    ):
        outbox.run_now(session, "refunds.look_up", refund_id)
    alerts.raise_alert(
        session,
        "refund_outside",
        f"refund_outside:{transaction_id}",
        f"{', '.join(blocked)} was made at Stripe while refunds of ours were under way",
        transaction_id=transaction_id,
    )
