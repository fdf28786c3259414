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
    session: Session,
    transaction_id: str,
    movement: dict[str, Any],
    account: str | None,
    *,
    fee_type: str,
    about: str,
) -> None:
    """Keep a balance transaction of `account` (None: ours), and post its fee as `fee_type`, each
    once, in the caller's transaction. `about` names what the fee is for."""
    insert_once(
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
    _post_fee(session, transaction_id, movement, account, fee_type=fee_type, about=about)


def _post_fee(
    session: Session,
    transaction_id: str,
    movement: dict[str, Any],
    account: str | None,
    *,
    fee_type: str,
    about: str,
) -> None:
    """In the currency of the balance that it was taken from; a negative one came back to it."""
    fee = stripes_fee(movement)
    balance = CONNECTED_BALANCES if account else STRIPE_BALANCE
    taken = fee > 0
    post(
        session,
        fee_type if taken else fee_type + RETURNED,
        transaction_id,
        Money(abs(fee), movement["currency"]),
        debit=STRIPE_FEES if taken else balance,
        credit=balance if taken else STRIPE_FEES,
        about=about,
    )
