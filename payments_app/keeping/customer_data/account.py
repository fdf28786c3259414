"""Who a customer is: their row and the cards that they keep."""

from __future__ import annotations

import hashlib

from payments_app.customers.models import Customer, SavedCard
from payments_app.keeping.customer_data.place import Place
from payments_app.keeping.cuts import ERASED, ended, erased_address, nothing


def _nobodys_card(old: str) -> str:
    """The column is unique, and never empty."""
    return f"erased:{hashlib.sha256(old.encode()).hexdigest()[:32]}"


def account(customer: Customer) -> tuple[Place, ...]:
    """Their row, and their cards."""
    address = erased_address(customer.id)
    return (
        Place(
            Customer,
            Customer.id == customer.id,
            ("id", "email", "name", "language", "zone", "created_at"),
            {
                "email": lambda _old: address,
                "name": nothing,
                "language": nothing,
                "zone": nothing,
                "stripe_customer_id": nothing,
                "stripe_customer_gone_at": nothing,
                "default_payment_method_id": nothing,
            },
            counted=True,
        ),
        Place(
            SavedCard,
            SavedCard.customer_id == customer.id,
            ("brand", "last4", "exp_month", "exp_year", "created_at", "removed_at"),
            {
                "payment_method": _nobodys_card,
                "stripe_customer_id": lambda _old: ERASED,
                "last4": lambda _old: "",
                "exp_month": nothing,
                "exp_year": nothing,
                "fingerprint": nothing,
                "removed_at": ended,
                "detached_at": ended,
            },
        ),
    )
