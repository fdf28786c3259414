"""Whose account a payment was made on: ours, or (direct charges) a merchant's.

A destination charge is made on ours and names the merchant's account in `transfer_data`; a direct
one is made on the merchant's, named in the Stripe-Account header. Never both.
Source: https://docs.stripe.com/connect/charges
"""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.gateway.ids import id_of
from payments_app.merchants.models import DESTINATION, DIRECT, ConnectedAccount
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State

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


def our_application(session: Session) -> str | None:
    """The Connect application that we are, as Stripe names it in a payment that we made on a
    merchant's own account; None before the first."""
    made = (
        select(Transaction.stripe_data)
        .join(PaymentRecord)
        .join(ConnectedAccount, ConnectedAccount.merchant_id == PaymentRecord.payable_id)
        .where(
            PaymentRecord.payable_type == Role.MERCHANT,
            PaymentRecord.role == Role.MERCHANT,
            ConnectedAccount.charge_type == DIRECT,
            Transaction.charge_type == DIRECT,
            Transaction.create_sent_at.is_not(None),
            Transaction.state == State.COMPLETE,
        )
    )
    return id_of(as_object(session.scalar(made.limit(1))).get("application"))
