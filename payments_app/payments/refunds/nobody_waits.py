"""nobody_waits: refunds that no member of staff asked for, but an application or the shop's own
rules: any number at once, and nobody looks on."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from payments_app.core.jobs.outbox import Message
from payments_app.payments.refunds.models import Refund

SEND = "refunds.send"


def is_of_no_member() -> ColumnElement[bool]:
    """Condition on Message: it sends a refund that no member of staff asked for."""
    by_others = exists().where(
        Refund.id == Message.subject, Refund.requested_by.not_like("stf\\_%", escape="\\")
    )
    return and_(Message.command == SEND, by_others.correlate(Message))
