"""nobody_waits: charges that were asked for without the buyer, by an application, a subscription's
clock or a retry: whoever asked reads what came of it later."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, func, select

from payments_app.core.jobs.outbox import Message
from payments_app.payments.models import Transaction


def is_without_buyer() -> ColumnElement[bool]:
    """Condition on Message: the transaction that it names is charged without its buyer."""
    named = select(Transaction.off_session).where(Transaction.id == Message.subject)
    return func.coalesce(named.correlate(Message).scalar_subquery(), false())
