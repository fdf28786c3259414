"""readers: in which language a buyer's mail is written, and in which zone."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.email_addresses import compared
from payments_app.core.language import Reader
from payments_app.customers.models import Customer
from payments_app.payments.models import Transaction


def reader_at(session: Session, email: str) -> Reader:
    """Of an address: as its customer reads, where it is one's."""
    found = session.scalar(select(Customer).where(Customer.email == compared(email)))
    return found.reader if found else Reader()


def reader_of(session: Session, payment: Transaction) -> Reader:
    """Of a payment: as it was made. One that was made without its buyer: as they read."""
    theirs = reader_at(session, payment.email)
    return Reader(payment.language or theirs.language, payment.zone or theirs.zone)
