"""settle: when a payment's movements become lines: after its end, and after each posting."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.ledger.post import CAPTURE
from payments_app.ledger.post_connect import FEE, TRANSFER
from payments_app.ledger.post_fee import charge_kept
from payments_app.payments import states
from payments_app.payments.connect.account import is_destination_charge
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import Refund
from payments_app.settlement.lines import add_lines
from payments_app.settlement.movements import postings

LEDGER_SECONDS = 30  # by then the ledger has posted what followed the same event
FEE_GRACE_SECONDS = 60  # after that a payment's line is made without the fees not known yet


@atomic
def settle_capture(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a completed payment, FEE_GRACE_SECONDS later; a payment of nothing has no line.

    Raises LookupError for a transaction that is not complete, Later for one that the ledger does
    not have yet.
    """
    transaction = _complete(session, transaction_id)
    if not add_lines(session, transaction) and transaction.paid:
        keys = {posting.key for posting in postings(session, transaction_id)}
        if f"{CAPTURE}_{transaction_id}" not in keys:
            raise Later(LEDGER_SECONDS, f"{transaction_id} is not in the ledger yet")


@atomic
def settle_posted(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a posting beside the capture: a line for what the ledger has and no line does;
    none while the fees of the payment itself are still to come."""
    transaction = _complete(session, transaction_id)
    if _has_its_fees(session, transaction):
        add_lines(session, transaction)


@atomic
def settle_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Runs after a refund's end, LEDGER_SECONDS later."""
    _settle(session, session.get_one(Refund, refund_id).transaction_id)


@atomic
def settle_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """Runs after a dispute's change, LEDGER_SECONDS later."""
    _settle(session, session.get_one(Dispute, dispute_id).transaction_id)


@atomic
def settle_missing(session: Session, transaction_id: str, _claim: Claim) -> None:
    """The command of a fix: lines for all that the ledger has and no line does."""
    _settle(session, transaction_id)


def _settle(session: Session, transaction_id: str) -> None:
    add_lines(session, states.lock(session, transaction_id))


def _complete(session: Session, transaction_id: str) -> Transaction:
    transaction = states.lock(session, transaction_id)
    if transaction.state != State.COMPLETE or transaction.ended_at is None:
        raise LookupError(f"{transaction_id} is {transaction.phase}: nothing to settle")
    return transaction


def _has_its_fees(session: Session, transaction: Transaction) -> bool:
    """Whether all that a payment's own line is made of is posted, or is settled already."""
    found = postings(session, transaction.id)
    posted = {posting.key for posting in found}
    if f"{CAPTURE}_{transaction.id}" not in posted:
        return False
    if any(posting.settled for posting in found):
        return True
    if any(f"{share}_{transaction.id}" not in posted for share in _shares(transaction)):
        return False
    # Of a destination charge Stripe's fee is ours, and no part of the merchant's line.
    return is_destination_charge(transaction) or charge_kept(session, transaction.id)


def _shares(transaction: Transaction) -> tuple[str, ...]:
    """What a merchant's sale is posted as beside its capture."""
    if transaction.connected_account_id is None:
        return ()
    return (TRANSFER, FEE) if transaction.platform_fee else (TRANSFER,)
