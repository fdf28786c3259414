"""Connect's records: what a merchant's sale left on both sides, on our account and on theirs.

Stripe writes them, we copy them: each is an object of Stripe's, kept once by its id.
Source: https://docs.stripe.com/connect/charges
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.db.session import insert_once
from payments_app.core.extensions import Base
from payments_app.core.jobs import outbox
from payments_app.core.money import Money

PLATFORM, MERCHANT = "platform", "merchant"
CHARGE, REFUND = "charge", "refund"
TRANSFER, TRANSFER_REVERSAL = "transfer", "transfer_reversal"
FEE, FEE_REFUND = "application_fee", "application_fee_refund"
# On a merchant's account, what a transfer of ours became, and what a reversal took from it.
PAYMENT, PAYMENT_REFUND = "payment", "payment_refund"
KINDS = (CHARGE, REFUND, TRANSFER, TRANSFER_REVERSAL, FEE, FEE_REFUND, PAYMENT, PAYMENT_REFUND)
RECORDED = "connect.recorded"
READ = "connect.read"  # the command that copies them


class ConnectRecord(Base):
    """One object of Stripe's, on one `side`. `amount` in minor units of `currency`, never
    negative: the kind says which way the money went.

    `account` is the account that it lives on, None for ours. `fee` and `net` are those of its
    balance transaction there, in minor units of `balance_currency`, where Stripe has written it:
    `net` is what the balance grew by. `refund_id` is the refund of ours that took it back, where
    Stripe names it.
    """

    __tablename__ = "pay_connect_records"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"))
    refund_id: Mapped[str | None] = mapped_column(ForeignKey("pay_refunds.id"))
    side: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(24))
    account: Mapped[str | None] = mapped_column(Key(255))
    stripe_id: Mapped[str] = mapped_column(Key(255), unique=True)
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    fee: Mapped[int | None] = mapped_column(BIGINT)
    net: Mapped[int | None] = mapped_column(BIGINT)
    balance_currency: Mapped[str | None] = mapped_column(String(3))
    made_at: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("side IN ('platform', 'merchant')", name="side"),
        CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", name="kind"),
        Index("pay_connect_records_transaction_id_idx", "transaction_id", "id"),
    )

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)


def keep(session: Session, record: ConnectRecord) -> bool:
    """Store a record that is not there yet, with one message for each subscriber of
    `connect.recorded` (their subject is the record's id); return whether it was new.

    What is known already only learns of its balance transaction, if that came later.
    """
    columns = {
        column.key: getattr(record, column.key)
        for column in ConnectRecord.__table__.columns
        if column.key not in ("id", "created_at")
    }
    fresh = insert_once(session, ConnectRecord, **columns)
    known = session.scalars(
        select(ConnectRecord).where(ConnectRecord.stripe_id == record.stripe_id)
    ).one()
    if not fresh:
        known.refund_id = known.refund_id or record.refund_id
        if known.net is None:
            known.fee, known.net = record.fee, record.net
            known.balance_currency = record.balance_currency
        return False
    outbox.publish(session, RECORDED, str(known.id))
    return True
