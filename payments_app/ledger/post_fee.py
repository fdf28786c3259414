"""post_fee: what Stripe took for a payment, as it wrote it, never as we would reckon it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway.balance import is_movement, retrieve_charge
from payments_app.gateway.record_call import record_call
from payments_app.gateway.results import Answer, Verdict
from payments_app.ledger.balance_transactions import keep_and_post_fee
from payments_app.ledger.models import BalanceTransaction
from payments_app.ledger.post import ensure_capture
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.look_ups import next_look_up
from payments_app.payments.payment_of import charge_of
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.read_charge import read_charge

STRIPE_FEE = "stripe_fee"
POSTED = "ledger.posted"
CHARGES = ("charge", "payment")


@dataclass(frozen=True)
class _Charge:
    """A charge whose fee is not known yet, and for how many seconds it has been made."""

    id: str | None  # None while Stripe has not named it
    account: str | None
    age: float


def post_fee(transaction_id: str, _claim: Claim) -> None:
    """Runs after a completed payment: read what its charge did to the balance, keep
    it, post the fee. A payment of nothing has none.

    Raises Later while Stripe has not written it or can't be read, and LookupError for a
    transaction that is not complete.
    """
    charge = _unknown(transaction_id)
    if charge is None:
        return
    if charge.id is None:
        read_charge(transaction_id)
        raise Later(next_look_up(charge.age), "its charge has just been asked for")
    # A fee can wait: when calls queue up, charges go first.
    answer = retrieve_charge(charge.id, charge.account, max_wait=0.0)
    movement = (answer.body or {}).get("balance_transaction")
    if not isinstance(movement, dict) or not is_movement(movement):
        if answer.verdict != Verdict.LATER:
            _note(transaction_id, answer)
        wait = max(next_look_up(charge.age), answer.retry_after or 0)
        raise Later(wait, f"{charge.id}: {answer.error_code or 'no balance transaction yet'}")
    _keep(transaction_id, charge.account, movement, answer)


def charge_kept(session: Session, transaction_id: str) -> bool:
    """Whether what the payment's charge did to the balance is kept."""
    kept = select(BalanceTransaction.id).where(
        BalanceTransaction.transaction_id == transaction_id, BalanceTransaction.type.in_(CHARGES)
    )
    return session.scalar(kept.limit(1)) is not None


def tell(session: Session, transaction_id: str, about: str) -> None:
    """Stage the subscribers of a posting beside the capture, in the caller's transaction; `about`
    names the posting."""
    outbox.publish(session, POSTED, transaction_id, about=about)


@atomic
def _unknown(session: Session, transaction_id: str) -> _Charge | None:
    transaction = states.lock(session, transaction_id)
    if transaction.phase != Phase.COMPLETE or transaction.ended_at is None:
        raise LookupError(f"{transaction_id} is {transaction.phase}: it has no fee")
    if transaction.paid == 0 or charge_kept(session, transaction_id):
        return None
    age = (utcnow() - transaction.ended_at).total_seconds()
    return _Charge(charge_of(transaction), account_of(transaction), age)


@atomic
def _keep(
    session: Session,
    transaction_id: str,
    account: str | None,
    movement: dict[str, Any],
    answer: Answer,
) -> None:
    transaction = states.lock(session, transaction_id)
    record_call(session, answer, transaction_id=transaction_id)
    # Whoever applies the payment's state after this finds both.
    ensure_capture(session, transaction)
    keep_and_post_fee(
        session, transaction_id, movement, account, fee_type=STRIPE_FEE, about=transaction_id
    )
    tell(session, transaction_id, f"{transaction_id}:{STRIPE_FEE}")


@atomic
def _note(session: Session, transaction_id: str, answer: Answer) -> None:
    record_call(session, answer, transaction_id=transaction_id)
