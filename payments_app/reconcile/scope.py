"""scope: which payments a comparison of our own tables looks at."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, and_, select, union
from sqlalchemy.orm import InstrumentedAttribute

from payments_app.ledger.models import Journal
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding

_INSIDE = [name for name, kind in KINDS.items() if kind.inside]


def in_scope(
    payment: InstrumentedAttribute[str], since: dt.datetime, until: dt.datetime
) -> ColumnElement[bool]:
    """The condition that the column `payment` names a payment that began in [since, until), one of
    which something was posted, refunded or disputed then, or one with an open finding."""

    def within(column: Any) -> ColumnElement[bool]:
        return and_(column >= since, column < until)

    touched: Any = union(
        select(Transaction.id).where(within(Transaction.created_at)),
        select(Journal.transaction_id).where(within(Journal.posted_at)),
        select(Refund.transaction_id).where(within(Refund.state_at)),
        select(Dispute.transaction_id).where(within(Dispute.updated_at)),
        select(Finding.transaction_id).where(
            Finding.resolved_at.is_(None),
            Finding.transaction_id.is_not(None),
            Finding.kind.in_(_INSIDE),
        ),
    )
    return payment.in_(touched)
