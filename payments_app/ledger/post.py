"""post: write down a movement of money, once."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic, insert_once
from payments_app.core.jobs.command import Claim
from payments_app.core.money import Money
from payments_app.ledger.models import SALES, STRIPE_BALANCE, Entry, Journal
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase

log = logging.getLogger(__name__)

CAPTURE, REFUND, REFUND_FAILED = "capture", "refund", "refund_failed"
# What moved the money by itself; every other journal is of a part or a consequence of one of these.
PRINCIPAL = frozenset({CAPTURE, REFUND, REFUND_FAILED, "dispute", "dispute_reinstated"})


@atomic
def post_capture(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Post what a completed payment brought in; a payment of nothing posts nothing.

    Raises LookupError for a transaction that is not complete: nothing was captured by it.
    """
    transaction = states.lock(session, transaction_id)
    if transaction.phase != Phase.COMPLETE:
        raise LookupError(f"{transaction_id} is {transaction.phase}: there is no capture to post")
    _post_capture(session, transaction)


def ensure_capture(session: Session, transaction: Transaction) -> None:
    """The same for a locked, complete transaction, in the caller's own, where it is not posted."""
    if not is_posted(session, f"{CAPTURE}_{transaction.id}"):
        _post_capture(session, transaction)


def is_posted(session: Session, key: str) -> bool:
    """Whether the journal of this key is there."""
    return session.scalar(select(Journal.id).where(Journal.key == key)) is not None


def _post_capture(session: Session, transaction: Transaction) -> None:
    post(
        session,
        CAPTURE,
        transaction.id,
        transaction.money_paid,
        debit=STRIPE_BALANCE,
        credit=SALES,
        about=transaction.id,
    )


def post(
    session: Session,
    entry_type: str,
    transaction_id: str,
    money: Money,
    *,
    debit: str,
    credit: str,
    about: str,
) -> bool:
    """Post one journal of two entries in the caller's transaction; False where it is there already.

    `about` names what moved the money (a transaction, a refund), and is unique among movements of
    a type: whoever comes second waits for the first at the constraint and then ends.
    """
    if money.amount == 0:
        return False
    key = f"{entry_type}_{about}"
    fresh = insert_once(
        session,
        Journal,
        key=key,
        entry_type=entry_type,
        transaction_id=transaction_id,
        currency=money.currency,
    )
    if not fresh:
        log.info("ledger: %s is posted already, nothing to do", key)
        return False
    journal_id = session.scalars(select(Journal.id).where(Journal.key == key)).one()
    named = about if entry_type in PRINCIPAL else key
    session.add_all(
        Entry(
            key=f"ledger_{side}_{named}",
            journal_id=journal_id,
            transaction_id=transaction_id,
            entry_type=entry_type,
            account=account,
            side=side,
            amount=money.amount,
            currency=money.currency,
        )
        for side, account in (("debit", debit), ("credit", credit))
    )
    session.flush()
    return True
