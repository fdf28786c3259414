"""charge: the job of a retry. It charges nothing when an earlier attempt turns out to be
paid, or when Stripe can't say what became of one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.results import Answer, Verdict
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.payable import NotPayableError, find_payable, payable_kinds
from payments_app.payments.retries.request import (
    CHARGE,
    REQUESTED,
    payable_record,
    requests,
    verdict_on,
)
from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state, note
from payments_app.payments.transactions.charge_snapshot import UNSENT_SECONDS
from payments_app.payments.transactions.open import LivePaymentError, Means, open_transaction
from payments_app.payments.transactions.supersede import ALREADY_PAID

RETRY_SECONDS = 5.0
UNKNOWN_KIND_SECONDS = 30.0  # another worker may know it
_UNDECIDED = "The bank hasn't decided on an earlier attempt. Nothing was charged."
_NO_ANSWER = "Stripe couldn't confirm the outcome of an earlier attempt. Nothing was charged."


@dataclass(frozen=True)
class _Earlier:
    """An attempt that Stripe may know of."""

    transaction_id: str
    intent_id: str | None
    account: str | None
    created_at: dt.datetime
    sets_up: bool


def retry(transaction_id: str, _claim: Claim) -> None:
    """Ask Stripe about every earlier attempt; if no money moved or may move by any of them, open
    the next attempt with the saved card.

    Raises Later while Stripe does not answer; after 15 minutes of that, gives the retry up.
    """
    asked_at = _asked_at(transaction_id)
    if asked_at is None:
        return
    if unknown := _unknown_kind(transaction_id):
        if (utcnow() - asked_at).total_seconds() > UNSENT_SECONDS:
            _refuse(transaction_id, f"Nothing was charged: no process knew what a {unknown} is.")
            return
        raise Later(UNKNOWN_KIND_SECONDS, f"this process knows no payable {unknown!r}")
    for earlier in _earlier(transaction_id):
        refusal = _ask(earlier, asked_at)
        if refusal:
            _refuse(transaction_id, refusal)
            return
    try:
        _open_next(transaction_id)
    except (LivePaymentError, NotPayableError) as error:
        _refuse(transaction_id, f"Nothing was charged: {error}")


def _ask(earlier: _Earlier, asked_at: dt.datetime) -> str | None:
    """Why nothing may be charged, because of this attempt; None where it stands in no way."""
    answer = _read(earlier)
    if answer.verdict == Verdict.CANCELED and answer.body is None:
        return None  # there never was an intent
    if answer.body is None or answer.http_status != 200:
        note(earlier.transaction_id, answer)
        if (utcnow() - asked_at).total_seconds() > UNSENT_SECONDS:
            return _NO_ANSWER
        raise Later(RETRY_SECONDS, f"asking about {earlier.transaction_id}: {answer.error_code}")
    if answer.verdict == Verdict.SUCCEEDED:
        apply_stripe_state(earlier.transaction_id, answer, fresh=True)
        return str(ALREADY_PAID["message"])
    note(earlier.transaction_id, answer)
    return _UNDECIDED if answer.verdict in (Verdict.PROCESSING, Verdict.UNKNOWN) else None


def _read(earlier: _Earlier) -> Answer:
    if earlier.intent_id is None:
        return charges.find_intent(
            earlier.transaction_id, earlier.created_at, earlier.account, setup=earlier.sets_up
        )
    return charges.retrieve_intent(earlier.intent_id, earlier.account)


@atomic
def _asked_at(session: Session, transaction_id: str) -> dt.datetime | None:
    """When the retry that is under way was asked for; None where it was answered already."""
    states.lock(session, transaction_id)
    asked = _unanswered(session, transaction_id)
    return asked.at if asked else None


@atomic
def _unknown_kind(session: Session, transaction_id: str) -> str | None:
    """The kind of what is to be paid, where this process does not know it."""
    payable = payable_record(session, transaction_id)
    if payable is None or payable.payable_type in payable_kinds():
        return None
    return payable.payable_type


@atomic
def _earlier(session: Session, transaction_id: str) -> list[_Earlier]:
    payable = payable_record(session, transaction_id)
    attempts = select(Transaction).where(Transaction.id == transaction_id)
    if payable is not None:
        attempts = (
            select(Transaction)
            .join(PaymentRecord)
            .where(
                PaymentRecord.payable_type == payable.payable_type,
                PaymentRecord.payable_id == payable.payable_id,
                PaymentRecord.role == "pays_for",
            )
        )
    sent = attempts.where(Transaction.create_sent_at.is_not(None))
    return [
        _Earlier(row.id, row.stripe_payment_id, account_of(row), row.created_at, row.sets_up)
        for row in session.scalars(sent)
    ]


@atomic
def _open_next(session: Session, transaction_id: str) -> None:
    """Open the next attempt, unless a copy of this job did: decided with the row locked."""
    transaction = states.lock(session, transaction_id)
    asked = _unanswered(session, transaction_id)
    if asked is None:
        return
    verdict = verdict_on(session, transaction, under_way=True)
    if verdict.how != CHARGE:
        _record(session, transaction_id, "retry.refused", message=verdict.sentence)
        return
    customer = session.scalars(
        select(PaymentRecord.payable_id).where(
            PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == "customer"
        )
    ).one()
    payable = payable_record(session, transaction_id)
    found = find_payable(session, payable.payable_id, lock=True) if payable else None
    if found is None:  # it was there when the verdict was given
        raise LookupError(f"{transaction_id} pays for nothing that can be found")
    opened = open_transaction(
        session,
        found,
        customer_id=customer,
        email=transaction.email,
        means=Means(
            payment_method=transaction.payment_method,
            stripe_customer_id=transaction.stripe_customer_id,
            off_session=True,
        ),
        money=transaction.money,
        description=transaction.description,
        idempotency_key=f"retry-{transaction_id}-{requests(session, transaction_id)}",
        actor=asked.actor,
    )
    _record(session, transaction_id, "retry.opened", opened=opened.id, attempt=opened.attempt)


@atomic
def _refuse(session: Session, transaction_id: str, sentence: str) -> None:
    states.lock(session, transaction_id)
    if _unanswered(session, transaction_id) is not None:
        _record(session, transaction_id, "retry.refused", message=sentence)


def _unanswered(session: Session, transaction_id: str) -> HistoryEntry | None:
    """The request of the retry that is under way."""
    last = session.scalars(
        select(HistoryEntry)
        .where(
            HistoryEntry.transaction_id == transaction_id,
            HistoryEntry.what.in_((REQUESTED, "retry.opened", "retry.refused")),
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    ).first()
    return last if last is not None and last.what == REQUESTED else None


def _record(session: Session, transaction_id: str, what: str, **data: Any) -> None:
    history.record(session, "system", what, transaction_id=transaction_id, **data)
    session.flush()
