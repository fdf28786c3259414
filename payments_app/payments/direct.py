"""Whose account a payment was made on: ours, or (direct charges) a merchant's.

Source: https://docs.stripe.com/connect/charges
"""

from __future__ import annotations

from sqlalchemy import case

from payments_app.payments.models import Transaction

_TRANSFER = Transaction.parameters[("create", "transfer_data")].as_string()
# `account_of` in SQL.
DIRECT_ACCOUNT = case((_TRANSFER.is_(None), Transaction.connected_account_id))


def is_destination_charge(transaction: Transaction) -> bool:
    """Whether the payment is ours and a part of it was transferred to a merchant."""
    return "transfer_data" in ((transaction.parameters or {}).get("create") or {})


def account_of(transaction: Transaction) -> str | None:
    """The merchant's account that a direct charge lives on; None for our own."""
    return None if is_destination_charge(transaction) else transaction.connected_account_id
