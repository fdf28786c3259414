"""Whose account a payment was made on: ours, or (direct charges) a merchant's.

Source: https://docs.stripe.com/connect/charges
"""

from __future__ import annotations

from payments_app.payments.models import Transaction


def is_destination_charge(transaction: Transaction) -> bool:
    """Whether the payment is ours and a part of it was transferred to a merchant."""
    return "transfer_data" in ((transaction.parameters or {}).get("create") or {})


def account_of(transaction: Transaction) -> str | None:
    """The merchant's account that a direct charge lives on; None for our own."""
    return None if is_destination_charge(transaction) else transaction.connected_account_id
