"""What a customer paid and got back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from payments_app.customers.models import Customer
from payments_app.keeping.customer_data.place import Place
from payments_app.keeping.cuts import (
    ERASED,
    erased_address,
    nothing,
    text_without_addresses,
    without_persons,
)
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.refunds.models import Refund


def paid_by(customer_id: str) -> Any:
    """The ids of a customer's transactions, as a subquery."""
    return select(PaymentRecord.transaction_id).where(
        PaymentRecord.payable_type == Customer.payable_type,
        PaymentRecord.payable_id == customer_id,
        PaymentRecord.role == Role.CUSTOMER,
    )


def payments(customer: Customer) -> tuple[Place, ...]:
    """Transactions and refunds."""
    paid = paid_by(customer.id)
    return (
        Place(
            Transaction,
            Transaction.id.in_(paid),
            (
                *("id", "state", "amount", "amount_received", "currency", "email", "description"),
                *("card_brand", "card_last4", "receipt_url", "error_message", "stripe_data"),
                *("statement_descriptor", "language", "zone", "created_at", "ended_at"),
            ),
            {
                "email": lambda _old: erased_address(customer.id),
                "buyer": nothing,
                "language": nothing,
                "zone": nothing,
                "stripe_customer_id": nothing,
                "client_secret": nothing,
                "parameters": without_persons,
                "stripe_data": without_persons,
                "error": without_persons,
                "error_message": text_without_addresses,
                "card_last4": nothing,
                "card_fingerprint": nothing,
                "receipt_url": nothing,
            },
            counted=True,
        ),
        Place(
            Refund,
            Refund.transaction_id.in_(paid),
            ("id", "transaction_id", "state", "amount", "currency", "reason", "created_at"),
            {
                "reason": lambda _old: ERASED,
                "parameters": without_persons,
                "stripe_data": without_persons,
                "error": without_persons,
                "error_message": text_without_addresses,
            },
            counted=True,
        ),
    )
