"""charge: the job of a retry. It charges nothing when an earlier attempt turns out to be
paid, or when Stripe can't say what became of one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.payments import states
from payments_app.payments.models import Role, Transaction
from payments_app.payments.payable import NotPayableError, Payable, find_payable, payable_kinds
from payments_app.payments.queries import joined, payable_of
from payments_app.payments.retries.earlier import ask, earlier_attempts
from payments_app.payments.retries.request import requests
from payments_app.payments.retries.under_way import OPENED, REFUSED, answer, refuse, unanswered
from payments_app.payments.retries.verdict import CHARGE, verdict_on
from payments_app.payments.transactions.charge_snapshot import UNSENT_SECONDS
from payments_app.payments.transactions.leave import pass_on
from payments_app.payments.transactions.open import (
    ActivePaymentError,
    PaymentSource,
    open_transaction,
)


def retry(transaction_id: str, _claim: Claim) -> None:
    """Ask Stripe about every earlier attempt; if no money moved or may move by any of them, open
    the next attempt with the saved card.

    Raises Later while Stripe does not answer, or this process does not know what is to be paid;
    after 15 minutes of that, gives the retry up.
    """
    asked_at = _asked_at(transaction_id)
    if asked_at is None:
        return
    refusal = _unknown_kind(transaction_id, asked_at) or _earlier(transaction_id, asked_at)
    if refusal:
        refuse(transaction_id, refusal)
        return
    try:
        _open_next(transaction_id)
    except (ActivePaymentError, NotPayableError) as error:
        refuse(transaction_id, f"Nothing was charged: {error}")


def _unknown_kind(transaction_id: str, asked_at: dt.datetime) -> str | None:
    payable = _payable(transaction_id)
    if payable is None or payable[0] in payable_kinds():
        return None
    waited = (utcnow() - asked_at).total_seconds()
    if waited > UNSENT_SECONDS:
        return f"Nothing was charged: no process knew what a {payable[0]} is."
    raise pass_on(payable[0], waited)


def _earlier(transaction_id: str, asked_at: dt.datetime) -> str | None:
    """The first refusal, without asking about the attempts that come after it."""
    refusals = (ask(earlier, asked_at) for earlier in earlier_attempts(transaction_id))
    return next(filter(None, refusals), None)


@atomic
def _asked_at(session: Session, transaction_id: str) -> dt.datetime | None:
    """When the retry that is under way was asked for; None where it was answered already."""
    states.lock(session, transaction_id)
    asked = unanswered(session, transaction_id)
    return asked.at if asked else None


@atomic
def _payable(session: Session, transaction_id: str) -> tuple[str, str] | None:
    return payable_of(session, transaction_id)


@atomic
def _open_next(session: Session, transaction_id: str) -> None:
    """Open the next attempt, unless a copy of this job did: decided with the row locked."""
    transaction = states.lock(session, transaction_id)
    asked = unanswered(session, transaction_id)
    if asked is None:
        return
    verdict = verdict_on(session, transaction, under_way=True)
    if verdict.how != CHARGE:
        answer(session, transaction_id, REFUSED, message=verdict.sentence)
        return
    opened = open_transaction(
        session,
        _to_pay(session, transaction),
        customer_id=session.scalars(joined(transaction_id, Role.CUSTOMER)).one(),
        email=transaction.email,
        source=PaymentSource(
            payment_method=transaction.payment_method,
            stripe_customer_id=transaction.stripe_customer_id,
            off_session=True,
        ),
        money=transaction.money,
        description=transaction.description,
        idempotency_key=f"retry-{transaction_id}-{requests(session, transaction_id)}",
        actor=asked.actor,
    )
    answer(session, transaction_id, OPENED, opened=opened.id, attempt=opened.attempt)


def _to_pay(session: Session, transaction: Transaction) -> Payable:
    """What the transaction pays for, locked. Raises LookupError where it is gone: it was there
    when the verdict was given."""
    payable = payable_of(session, transaction.id)
    found = find_payable(session, payable[1], lock=True) if payable else None
    if found is None:
        raise LookupError(f"{transaction.id} pays for nothing that can be found")
    return found
