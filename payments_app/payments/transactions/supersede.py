"""supersede: before a payable is charged again, close what earlier attempts left open.

An intent that was declined stays open at Stripe. It is cancelled there before its successor is
created, so that it can never succeed late and charge the buyer twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.results import Answer, Verdict
from payments_app.payments import states
from payments_app.payments.connect.account import DIRECT_ACCOUNT
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.queries import attempts_like
from payments_app.payments.transactions.apply_stripe_state import (
    apply_in_session,
    end,
    mark_closed,
    note,
)
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot

RETRY_SECONDS = 5.0
ALREADY_PAID = {
    "type": "already_paid",
    "code": "already_paid",
    "message": "An earlier payment succeeded. You were not charged again.",
}
_CLOSED = ("canceled", "succeeded")


@dataclass(frozen=True)
class _Open:
    transaction_id: str
    intent_id: str
    account: str | None


def earlier_open(transaction_id: str) -> ColumnElement[bool]:
    """Whether there is something to close."""
    return exists(_earlier(transaction_id).with_only_columns(Transaction.id).correlate(None))


def cancel_at_stripe(snapshot: ChargeSnapshot, _claim: Claim) -> bool:
    """Close every earlier attempt at Stripe; False where one of them turned out to be paid (this
    transaction is ended then, without a charge).

    Raises Later while Stripe does not answer.
    """
    for earlier in _still_open(snapshot.transaction_id):
        answer = charges.cancel_intent(earlier.intent_id, earlier.account)
        if answer.verdict == Verdict.MOVED_ON:
            note(earlier.transaction_id, answer)
            answer = charges.retrieve_intent(earlier.intent_id, earlier.account)
        if answer.verdict == Verdict.SUCCEEDED:
            _end_in_favour_of_earlier(snapshot.transaction_id, earlier.transaction_id, answer)
            return False
        if answer.verdict != Verdict.CANCELED:
            note(earlier.transaction_id, answer)
            raise Later(RETRY_SECONDS, f"closing {earlier.intent_id}: {answer.error_code}")
        _mark_closed(earlier.transaction_id, answer)
    return True


@atomic
def _end_in_favour_of_earlier(
    session: Session, transaction_id: str, earlier_id: str, answer: Answer
) -> None:
    """Both in one transaction: whoever died between the two would leave the earlier one failed,
    though Stripe took its money, and nothing would come back to it."""
    # First end the new one: a payable has one active transaction at most.
    end(session, transaction_id, Phase.CANCELED, ALREADY_PAID)
    apply_in_session(session, earlier_id, answer, fresh=True)


@atomic
def _mark_closed(session: Session, transaction_id: str, answer: Answer) -> None:
    mark_closed(session, states.lock(session, transaction_id), answer)


@atomic
def _still_open(session: Session, transaction_id: str) -> list[_Open]:
    rows = session.execute(
        _earlier(transaction_id).with_only_columns(
            Transaction.id, Transaction.stripe_payment_id, DIRECT_ACCOUNT.label("account")
        )
    ).all()
    return [_Open(row.id, row.stripe_payment_id or "", row.account) for row in rows]


def _earlier(transaction_id: str) -> Select[Transaction]:
    return attempts_like(transaction_id).where(
        Transaction.id != transaction_id,
        Transaction.stripe_payment_id.is_not(None),
        Transaction.stripe_status.not_in(_CLOSED),
    )
