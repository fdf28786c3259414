"""shares: what a refund of a merchant's sale takes back from them, and gives back of our fee.

Stripe does both in proportion, from what the transfer and the fee are and still hold: a part may
have gone back by hand, and a payment made at Stripe may share less than all of it.
Source: https://docs.stripe.com/connect/destination-charges#issue-refunds
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.money import Money
from payments_app.gateway.numbers import whole
from payments_app.payments.connect import records
from payments_app.payments.connect.account import is_destination_charge
from payments_app.payments.connect.records import PLATFORM, ConnectRecord
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund


def from_merchant(session: Session, transaction: Transaction, amount: int) -> Money | None:
    """What a refund of `amount` takes from the merchant: of a transfer, its reversal. None where
    the shop itself sold."""
    if transaction.connected_account_id is None:
        return None
    if not is_destination_charge(transaction):
        return Money(amount, transaction.currency)
    told = as_object(as_object(transaction.stripe_data).get("transfer_data"))
    asked = whole(told.get("amount"), 1, transaction.paid) or transaction.paid
    kinds = (records.TRANSFER, records.TRANSFER_REVERSAL)
    return _share_back(session, transaction, amount, asked, kinds)


def of_fee(session: Session, transaction: Transaction, amount: int) -> Money | None:
    """What Stripe gives back of our fee with a refund of `amount`. None where we took none."""
    fee = transaction.fee_taken
    if not fee or not transaction.paid:
        return None
    kinds = (records.FEE, records.FEE_REFUND)
    return _share_back(session, transaction, amount, fee, kinds)


def _share_back(
    session: Session, transaction: Transaction, amount: int, asked: int, kinds: tuple[str, str]
) -> Money:
    """In proportion, rounded half up; with the last refund whatever is left. `kinds` name the
    records of what was shared and of what came back; it is `asked` until Stripe's is read."""
    recorded = _recorded(session, transaction, kinds)
    made = session.scalars(
        select(Refund.amount).where(
            Refund.transaction_id == transaction.id, Refund.state.not_in(NOT_REFUNDED)
        )
    ).all()
    shared, paid = recorded.get(kinds[0], asked), transaction.paid
    gone = max(recorded.get(kinds[1], 0), sum(_share(shared, part, paid) for part in made))
    left, last = max(0, shared - gone), sum(made) + amount == paid
    back = left if last else min(left, _share(shared, amount, paid))
    return Money(back, transaction.currency)


def _recorded(session: Session, transaction: Transaction, kinds: tuple[str, str]) -> dict[str, int]:
    """Minor units by kind, as Stripe has it on our account, in the payment's currency."""
    rows = session.execute(
        select(ConnectRecord.kind, func.sum(ConnectRecord.amount))
        .where(
            ConnectRecord.transaction_id == transaction.id,
            ConnectRecord.side == PLATFORM,
            ConnectRecord.kind.in_(kinds),
            ConnectRecord.currency == transaction.currency,
        )
        .group_by(ConnectRecord.kind)
    )
    return {row[0]: int(row[1]) for row in rows}


def _share(shared: int, amount: int, paid: int) -> int:
    return (2 * shared * amount + paid) // (2 * paid)
