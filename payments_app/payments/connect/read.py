"""read: copy what a merchant's sale left at Stripe, on our account and on theirs.

It is read after the sale, after each refund, and when Stripe tells of a transfer or a fee. Safe in
any order and twice, because each object is kept once by its id.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway.results import UnreadableError
from payments_app.merchants.models import DESTINATION
from payments_app.payments.connect import records
from payments_app.payments.connect.records import READ, ConnectRecord
from payments_app.payments.connect.stripe_records import (
    Sale,
    of_destination_charge,
    of_direct_charge,
)
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_of
from payments_app.payments.refunds.models import Refund

READ_BY_CHARGE, READ_BY_REFUND = "connect.read_by_charge", "connect.read_by_refund"
RETRY_SECONDS = 30.0


def read_records(transaction_id: str, _claim: Claim) -> None:
    """Copy the records of one transaction; do nothing to one that is no merchant's sale.

    Raises Later while Stripe can't be read, or has not named its charge.
    """
    sale = _sale(transaction_id)
    if sale is None:
        return
    read = of_destination_charge if sale.destination else of_direct_charge
    try:
        found = list(read(sale))
    except UnreadableError as error:
        raise Later(RETRY_SECONDS, str(error)) from error
    _keep(found)


def read_records_of_charge(charge_id: str, claim: Claim) -> None:
    """The same for the sale that a charge at Stripe belongs to. One that is not known yet is read
    whole by the sale's own message, later than this news."""
    transaction_id = _transaction_of(charge_id)
    if transaction_id is not None:
        read_records(transaction_id, claim)


@atomic
def read_records_of_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Stage the reading for a refund's transaction, where it is a merchant's sale."""
    refund = session.get_one(Refund, refund_id, populate_existing=True)
    transaction = session.get_one(Transaction, refund.transaction_id)
    if transaction.connected_account_id is not None:
        key = f"{READ}:{refund_id}:v{refund.version}"
        outbox.stage(session, READ, transaction.id, key=key)


@atomic
def _transaction_of(session: Session, charge_id: str) -> str | None:
    return session.scalar(
        select(ConnectRecord.transaction_id).where(ConnectRecord.stripe_id == charge_id)
    )


@atomic
def _sale(session: Session, transaction_id: str) -> Sale | None:
    row = session.get(Transaction, transaction_id, populate_existing=True)
    if row is None or row.paid == 0 or row.connected_account_id is None:
        return None
    charge_id = charge_of(row)
    if charge_id is None:
        raise Later(RETRY_SECONDS, f"{transaction_id} names no charge yet")
    destination = row.charge_type == DESTINATION
    return Sale(row.id, charge_id, row.connected_account_id, destination)


@atomic
def _keep(session: Session, found: list[ConnectRecord]) -> None:
    """Refunds of the same payment that we know are named by our own id; others have none yet."""
    named = {record.refund_id for record in found if record.refund_id}
    sales = {record.transaction_id for record in found}
    known = select(Refund.stripe_refund_id, Refund.id).where(
        Refund.stripe_refund_id.in_(named), Refund.transaction_id.in_(sales)
    )
    ours = {row.stripe_refund_id: row.id for row in session.execute(known)}
    for record in found:
        record.refund_id = ours.get(record.refund_id)
        records.keep(session, record)
