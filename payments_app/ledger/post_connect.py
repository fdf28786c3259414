"""post_connect: the other side of a merchant's sale, from Stripe's own records of it.

Of a destination charge the transfer leaves our balance for the merchant's, and our fee comes back
from it; refunds take both back in part. A direct charge lies on the merchant's account from the
start: what the capture put into our balance passes on to theirs.
Source: https://docs.stripe.com/connect/charges
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.ledger.models import CONNECTED_BALANCES, STRIPE_BALANCE
from payments_app.ledger.post import REFUND, ensure_capture, is_posted, post
from payments_app.ledger.post_fee import tell
from payments_app.payments import states
from payments_app.payments.connect import records
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.look_ups import next_look_up
from payments_app.payments.phases import Phase
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund

TRANSFER, TRANSFER_REVERSAL = "transfer", "transfer_reversal"
FEE, FEE_REFUND = "application_fee", "application_fee_refund"
SOON, SOON_FOR = 5.0, 600.0  # seconds: the refund's own answer is on its way; then as look-ups

# What a record on a side is posted as. The others tell of the same money on its other side.
_ENTRY_TYPES = {
    (records.PLATFORM, records.TRANSFER): TRANSFER,
    (records.PLATFORM, records.TRANSFER_REVERSAL): TRANSFER_REVERSAL,
    (records.PLATFORM, records.FEE): FEE,
    (records.PLATFORM, records.FEE_REFUND): FEE_REFUND,
    (records.MERCHANT, records.CHARGE): TRANSFER,
    (records.MERCHANT, records.REFUND): TRANSFER_REVERSAL,
}
_TO_MERCHANT = (TRANSFER, FEE_REFUND)


@atomic
def post_connect(session: Session, record_id: str, _claim: Claim) -> None:
    """Runs after a new record of Connect's: post it once.

    Raises LookupError for a transaction that is not complete, Later while the refund that a record
    is about is not posted.
    """
    record = session.get_one(ConnectRecord, int(record_id), populate_existing=True)
    transaction = states.lock(session, record.transaction_id)
    if transaction.phase != Phase.COMPLETE:
        raise LookupError(f"{transaction.id} is {transaction.phase}: nothing was shared")
    entry_type = entry_type_of(record)
    if entry_type is None or _gave_nothing_back(session, record):
        return
    ensure_capture(session, transaction)
    post(
        session,
        entry_type,
        transaction.id,
        record.money,
        debit=CONNECTED_BALANCES if entry_type in _TO_MERCHANT else STRIPE_BALANCE,
        credit=STRIPE_BALANCE if entry_type in _TO_MERCHANT else CONNECTED_BALANCES,
        about=_about(record),
    )
    tell(session, transaction.id, f"{transaction.id}:{record.id}")


def entry_type_of(record: ConnectRecord) -> str | None:
    """What a record is posted as; None where another tells of the same money."""
    return _ENTRY_TYPES.get((record.side, record.kind))


def key_of(record: ConnectRecord) -> str:
    """The key of the journal that a record is posted as."""
    return f"{entry_type_of(record)}_{_about(record)}"


def _about(record: ConnectRecord) -> str:
    if entry_type_of(record) in (TRANSFER, FEE):
        return record.transaction_id
    return record.refund_id or record.stripe_id


def _gave_nothing_back(session: Session, record: ConnectRecord) -> bool:
    """Whether a record on the merchant's side is about a refund of ours that failed before it was
    posted. Raises Later while the refund is neither."""
    if (record.side, record.kind) != (records.MERCHANT, records.REFUND) or not record.refund_id:
        return False
    refund = session.get_one(Refund, record.refund_id, populate_existing=True)
    if is_posted(session, f"{REFUND}_{refund.id}"):
        return False
    if refund.state in NOT_REFUNDED:
        return True
    age = (utcnow() - record.created_at).total_seconds()
    raise Later(
        SOON if age < SOON_FOR else next_look_up(age),
        f"{refund.id} is {refund.state}, and not posted yet",
    )
