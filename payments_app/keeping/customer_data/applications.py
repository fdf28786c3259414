"""What other applications know of a customer through us."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from payments_app.customers.models import Customer, SavedCard
from payments_app.keeping.customer_data.place import Place
from payments_app.keeping.cuts import ended, erased_address, nothing
from payments_app.payment_requests.customer_models import ApplicationCustomer, CardConsent


def _called_by_applications(customer: Customer) -> ColumnElement[bool]:
    """Condition on ApplicationCustomer: an application says that they have this address."""
    return func.lower(ApplicationCustomer.email) == customer.email


def of_applications(customer: Customer) -> tuple[Place, ...]:
    """Their row at each application, and what they agreed to there."""
    cards = select(SavedCard.id).where(SavedCard.customer_id == customer.id)
    return (
        Place(
            ApplicationCustomer,
            _called_by_applications(customer),
            ("reference", "email", "name", "created_at"),
            {"email": lambda _old: erased_address(customer.id), "name": nothing},
        ),
        Place(
            CardConsent,
            CardConsent.card_id.in_(cards),
            ("card_id", "words", "version", "given_at", "withdrawn_at", "ended_why"),
            {"withdrawn_at": ended},
        ),
    )
