"""balance_transactions: keep what Stripe wrote of a balance, and post its fee."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.db.session import insert_once
from payments_app.core.money import Money
from payments_app.gateway.balance import stripes_fee
from payments_app.gateway.ids import id_of
from payments_app.gateway.words import word
from payments_app.ledger.models import (
    CONNECTED_BALANCES,
    STRIPE_BALANCE,
    STRIPE_FEES,
    BalanceTransaction,
)
from payments_app.ledger.post import post

RETURNED = "_returned"  # of a fee's entry type: Stripe gave it back


def keep(
    session: Session, transaction_id: str, movement: dict[str, Any], account: str | None
) -> bool:
    """Store a balance transaction of `account` (None: ours) in the caller's transaction; False
    where it is kept already."""
    return insert_once(
        session,
        BalanceTransaction,
        id=movement["id"],
        transaction_id=transaction_id,
        source=id_of(movement.get("source")) or "",
        account=account,
        type=word(movement.get("type"), 60) or "",
        amount=movement["amount"],
        fee=movement["fee"],
        net=movement["net"],
        currency=movement["currency"],
        stripe_data=movement,
    )


def post_fee_of(
    session: Session,
    entry_type: str,
    transaction_id: str,
    movement: dict[str, Any],
    account: str | None,
    *,
    about: str,
) -> bool:
    """Post Stripe's fee of a balance transaction, in the currency of that balance, once; False
    where it is there already or Stripe took nothing."""
    fee = stripes_fee(movement)
    holder = CONNECTED_BALANCES if account else STRIPE_BALANCE
    return post(
        session,
        entry_type if fee > 0 else entry_type + RETURNED,
        transaction_id,
        Money(abs(fee), movement["currency"]),
        debit=STRIPE_FEES if fee > 0 else holder,
        credit=holder if fee > 0 else STRIPE_FEES,
        about=about,
    )
