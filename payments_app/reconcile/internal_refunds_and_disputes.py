"""internal_refunds_and_disputes: refunds and disputes against the ledger, without Stripe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, and_, exists, literal, or_, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.ledger.models import Journal
from payments_app.ledger.post import REFUND, REFUND_FAILED
from payments_app.ledger.post_dispute import REINSTATED, WITHDRAWN
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import NOT_REFUNDED, UNCLEAR, Refund, RefundState
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.scope import in_scope
from payments_app.reconcile.values import money

_Rows = Select[str, dt.datetime, str, str, int, str]
NEXT_STEPS = ("refunds.send", "refunds.look_up")


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of the refunds and disputes of payments in scope of [since, until); of those
    that are stuck, whenever they began."""
    for kind, ours, theirs, query in (
        ("refund_not_in_ledger", "refund", "ledger", _refunds_not_posted(since, until)),
        ("dispute_not_in_ledger", "dispute", "ledger", _disputes_astray(since, until)),
        ("stuck_refund", "refund", "scheduled", stuck()),
    ):
        for row in session.execute(query):
            about = {ours: f"{money(row.amount, row.currency)}, {row.state}", theirs: "nothing"}
            if theirs == "ledger":
                about[theirs] = "nothing of that"  # it may have what went before
            yield Difference(kind, row[0], row[1], row[2], about)


def stuck() -> _Rows:
    """Refunds that are open, and for which no message waits that would take them further."""
    step_waits = exists().where(
        Message.subject == Refund.id, Message.command.in_(NEXT_STEPS), *OPEN
    )
    return _refunds(
        Refund.state.in_((RefundState.REQUESTED, RefundState.PROCESSING, *UNCLEAR)),
        Refund.state_at < database_now(-internal_payments.STUCK_SECONDS),
        ~step_waits,
    )


def _refunds_not_posted(since: dt.datetime, until: dt.datetime) -> _Rows:
    """Succeeded and not posted, or failed after that and not reversed."""
    posted = exists().where(Journal.key == literal(f"{REFUND}_") + Refund.id)
    reversed_ = exists().where(Journal.key == literal(f"{REFUND_FAILED}_") + Refund.id + "_failed")
    return _refunds(
        in_scope(Refund.transaction_id, since, until),
        Refund.state_at < database_now(-internal_payments.POSTED_WITHIN_SECONDS),
        or_(
            and_(Refund.state == RefundState.SUCCEEDED, ~posted),
            and_(Refund.state.in_(NOT_REFUNDED), posted, ~reversed_),
        ),
    )


def _disputes_astray(since: dt.datetime, until: dt.datetime) -> _Rows:
    def has(entry_type: str) -> ColumnElement[bool]:
        return exists().where(
            Journal.transaction_id == Dispute.transaction_id, Journal.entry_type == entry_type
        )

    return select(
        Dispute.id,
        Dispute.opened_at,
        Dispute.transaction_id,
        Dispute.state,
        Dispute.amount,
        Dispute.currency,
    ).where(
        in_scope(Dispute.transaction_id, since, until),
        Dispute.updated_at < database_now(-internal_payments.POSTED_WITHIN_SECONDS),
        or_(
            and_(Dispute.funds != "none", ~has(WITHDRAWN)),
            and_(Dispute.funds == "reinstated", ~has(REINSTATED)),
        ),
    )


def _refunds(*conditions: ColumnElement[bool]) -> _Rows:
    return select(
        Refund.id,
        Refund.created_at,
        Refund.transaction_id,
        Refund.state,
        Refund.amount,
        Refund.currency,
    ).where(*conditions)
