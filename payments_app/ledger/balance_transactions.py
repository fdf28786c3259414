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


def keep_and_post_fee(
    session: Session,
    transaction_id: str,
    movement: dict[str, Any],
    account: str | None,
    *,
    fee_type: str,
    about: str,
) -> None:
    """Keep a balance transaction of `account` (None: ours), and post its fee as `fee_type` in the
    currency of that balance, each once, in the caller's transaction. `about` names what the fee is
    for; one that Stripe gave back comes back to the balance."""
    columns = _columns(movement)
    insert_once(
        session, BalanceTransaction, transaction_id=transaction_id, account=account, **columns
    )
    fee = stripes_fee(movement)
    taken, balance = fee > 0, CONNECTED_BALANCES if account else STRIPE_BALANCE
    post(
        session,
        fee_type if taken else fee_type + RETURNED,
        transaction_id,
        Money(abs(fee), movement["currency"]),
        debit=STRIPE_FEES if taken else balance,
        credit=balance if taken else STRIPE_FEES,
        about=about,
    )


def _columns(movement: dict[str, Any]) -> dict[str, Any]:
    as_it_is = ("id", "amount", "fee", "net")
    return {
        **{name: movement[name] for name in as_it_is},
        "currency": movement["currency"].lower(),
        "source": id_of(movement.get("source")) or "",
        "type": word(movement.get("type"), 60) or "",
        "stripe_data": movement,
    }
