"""internal_shares: what a merchant's sale left on both sides, against the ledger and the fee that
the payment says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.ledger.models import CONNECTED_BALANCES, Journal
from payments_app.ledger.post import REFUND
from payments_app.ledger.post_connect import entry_type_of, key_of
from payments_app.payments.connect import records
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.internal_ledger import amounts
from payments_app.reconcile.scope import in_scope
from payments_app.reconcile.values import money, total


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of the records of the sales in scope of [since, until)."""
    rows = session.execute(
        select(ConnectRecord, Transaction)
        .join(Transaction, Transaction.id == ConnectRecord.transaction_id)
        .where(
            in_scope(ConnectRecord.transaction_id, since, until),
            ConnectRecord.created_at < database_now(-internal_payments.POSTED_WITHIN_SECONDS),
            Transaction.state == State.COMPLETE,
        )
    ).all()
    posted = amounts(session, CONNECTED_BALANCES, [key_of(record) for record, _ in rows])
    for record, transaction in rows:
        yield from _fee(record, transaction)
        if entry_type_of(record) is not None and record.amount:
            yield from _posted(session, record, transaction, posted.get(key_of(record)))


def _fee(record: ConnectRecord, transaction: Transaction) -> Iterator[Difference]:
    taken = transaction.fee_taken or 0
    if (record.side, record.kind) == (records.PLATFORM, records.FEE) and record.amount != taken:
        about = {
            "at_stripe": str(record.money),
            "here": money(taken, transaction.currency),
            "fee": record.stripe_id,
        }
        yield Difference(
            "platform_fee_differs", transaction.id, transaction.created_at, transaction.id, about
        )


def _posted(
    session: Session, record: ConnectRecord, transaction: Transaction, moved: int | None
) -> Iterator[Difference]:
    """`moved` is by how much its journal changed what merchants' accounts hold."""
    amount = None if moved is None else abs(moved)
    if amount == record.amount or (amount is None and _not_yet(session, record)):
        return
    about = {
        "record": str(record.id),
        "object": record.stripe_id,
        "at_stripe": str(record.money),
        "ledger": total(amount, record.currency),
    }
    kind = "share_not_in_ledger" if amount is None else "ledger_share_differs"
    yield Difference(kind, record.stripe_id, record.made_at, transaction.id, about)


def _not_yet(session: Session, record: ConnectRecord) -> bool:
    """Of a refund on the merchant's side: nothing is posted before, or without, the refund."""
    if (record.side, record.kind) != (records.MERCHANT, records.REFUND) or not record.refund_id:
        return False
    posted = select(Journal.id).where(Journal.key == f"{REFUND}_{record.refund_id}")
    return session.scalar(posted) is None
