"""find: the customer whom an address or an id names."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from payments_app.core.email_addresses import compared
from payments_app.customers.models import Customer


class UnknownCustomerError(LookupError):
    """Nobody of this address or id is here."""


def customer_of(session: Session, named: str) -> Customer:
    """The customer, locked. Raises UnknownCustomerError."""
    found = session.scalar(
        select(Customer)
        .where(or_(Customer.email == compared(named), Customer.id == named))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise UnknownCustomerError(f"There is no customer {named} here.")
    return found
