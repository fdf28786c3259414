"""Whose account a payment was made on: ours, or (direct charges) a merchant's.

A destination charge is made on ours and names the merchant's account in `transfer_data`; a direct
one is made on the merchant's, named in the Stripe-Account header. Never both.
Source: https://docs.stripe.com/connect/charges
"""

from __future__ import annotations

from sqlalchemy import case, func

from payments_app.merchants.models import DESTINATION, DIRECT
from payments_app.payments.models import Transaction

# `account_of` in SQL.
DIRECT_ACCOUNT = case(
    (func.coalesce(Transaction.charge_type, DIRECT) == DIRECT, Transaction.connected_account_id)
)


def is_destination_charge(transaction: Transaction) -> bool:
    """Whether the payment is ours and a part of it is transferred to a merchant."""
    return transaction.charge_type == DESTINATION


def account_of(transaction: Transaction) -> str | None:
    """The merchant's account that a direct charge lives on; None for our own."""
    return None if is_destination_charge(transaction) else transaction.connected_account_id
