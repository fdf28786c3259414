"""earlier: what became of every attempt that Stripe may know of, before the next one is charged."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Later
from payments_app.gateway import charges
from payments_app.gateway.results import Answer, Verdict
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.queries import attempts, payable_of
from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state, note
from payments_app.payments.transactions.charge_snapshot import UNSENT_SECONDS
from payments_app.payments.transactions.find import find
from payments_app.payments.transactions.supersede import ALREADY_PAID

RETRY_SECONDS = 5.0
_UNDECIDED = "The bank hasn't decided on an earlier attempt. Nothing was charged."
_NO_ANSWER = "Stripe couldn't confirm the outcome of an earlier attempt. Nothing was charged."


@dataclass(frozen=True)
class Earlier:
    """An attempt that Stripe may know of."""

    transaction_id: str
    intent_id: str | None
    account: str | None
    created_at: dt.datetime
    sets_up: bool
    searched_to: str | None


@atomic
def earlier_attempts(session: Session, transaction_id: str) -> list[Earlier]:
    """Every attempt to pay for what this transaction pays for, itself among them, of which
    anything was sent, oldest first."""
    payable = payable_of(session, transaction_id)
    tried = attempts(*payable) if payable else select(Transaction).filter_by(id=transaction_id)
    sent = tried.where(Transaction.create_sent_at.is_not(None))
    return [
        Earlier(
            row.id,
            row.stripe_payment_id,
            account_of(row),
            row.created_at,
            row.sets_up,
            row.searched_to,
        )
        for row in session.scalars(sent.order_by(Transaction.created_at, Transaction.id))
    ]


def ask(earlier: Earlier, asked_at: dt.datetime) -> str | None:
    """Why nothing may be charged, because of this attempt; None where it stands in no way.

    Raises Later while Stripe does not answer, for 15 minutes.
    """
    answer = _read(earlier)
    if answer.verdict == Verdict.CANCELED and answer.body is None:
        return None  # there never was an intent
    if not answer.was_read:
        note(earlier.transaction_id, answer)
        if (utcnow() - asked_at).total_seconds() > UNSENT_SECONDS:
            return _NO_ANSWER
        raise Later(RETRY_SECONDS, f"asking about {earlier.transaction_id}: {answer.error_code}")
    if answer.verdict == Verdict.SUCCEEDED:
        try:
            apply_stripe_state(earlier.transaction_id, answer, fresh=True)
        except IntegrityError:  # the buyer began another one: its charge, or Stripe's event, tells
            note(earlier.transaction_id, answer)
        return str(ALREADY_PAID["message"])
    note(earlier.transaction_id, answer)
    return _UNDECIDED if answer.verdict in (Verdict.PROCESSING, Verdict.UNKNOWN) else None


def _read(earlier: Earlier) -> Answer:
    if earlier.intent_id is None:
        return find(
            earlier.transaction_id,
            earlier.created_at,
            earlier.account,
            setup=earlier.sets_up,
            searched_to=earlier.searched_to,
        )
    return charges.retrieve_intent(earlier.intent_id, earlier.account)
