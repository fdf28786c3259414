"""look_again: have a saved card, or its customer, read at Stripe after a payment was refused."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.jobs import outbox
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase

READ_CARD, READ_CUSTOMER = "customers.read_card", "customers.read_customer"
_CARD_CODES = ("resource_missing", "payment_method_unexpected_state", None)


def look_again(session: Session, paid: Transaction) -> None:
    """Where Stripe refused a payment for the sake of a saved card or its customer, have that read
    there, in the caller's transaction."""
    error = as_object(paid.error)
    if paid.phase != Phase.FAILED or error.get("type") != "invalid_request_error":
        return
    code, param = error.get("code"), error.get("param")
    if code == "resource_missing" and param == "customer" and paid.stripe_customer_id:
        stage_read(session, READ_CUSTOMER, paid.stripe_customer_id, paid.id)
    elif code in _CARD_CODES and paid.payment_method and paid.stripe_customer_id:
        stage_read(session, READ_CARD, paid.payment_method, paid.id)


def stage_read(session: Session, command: str, subject: str, why: str) -> None:
    """Have a command of `gone_at_stripe.py` read this card or customer; once for each `why`."""
    outbox.stage(session, command, subject, key=f"{command}:{subject}:{why}")
