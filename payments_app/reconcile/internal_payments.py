"""internal_payments: what our own tables say against each other, without Stripe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.ledger.models import STRIPE_BALANCE, Entry, Journal
from payments_app.ledger.post import CAPTURE
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.scope import in_scope
from payments_app.reconcile.values import money, total

POSTED_WITHIN_SECONDS = 120  # bookkeeping follows a payment within seconds; this is long past that
STUCK_SECONDS = 60
NEXT_STEPS = ("charge", "look_up", "expire_action")


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of payments and captures in scope of [since, until); of those that are
    stuck, whenever they began."""
    window = in_scope(Transaction.id, since, until)
    for kind, query in (
        ("missing_ledger_entry", _missing(window)),
        ("ledger_without_payment", _without_payment(window)),
        ("ledger_amount_differs", _other_amount(window)),
        ("orphan_active_record", _orphans(window)),
        ("stuck_pending", stuck()),
    ):
        for row in session.execute(query):
            about = {"phase": row.phase, **_BOTH.get(kind, lambda _: {})(row)}
            yield Difference(kind, row.id, row.created_at, row.id, about)


def _captured(row: Any) -> dict[str, str]:
    return {"paid": money(row.paid, row.currency), "ledger": total(row.captured, row.currency)}


# What each side says, beside the phase.
_BOTH: dict[str, Callable[[Any], dict[str, str]]] = {
    "missing_ledger_entry": _captured,
    "ledger_without_payment": _captured,
    "ledger_amount_differs": _captured,
    "stuck_pending": lambda _: {"scheduled": "nothing"},
    "orphan_active_record": lambda row: {"holds_its_order": "no" if row.lets_go else "yes"},
}


def stuck() -> Select[Any]:
    """Payments that are pending, and for which no message waits that would take them further."""
    step_waits = exists().where(
        Message.subject == Transaction.id, Message.command.in_(NEXT_STEPS), *OPEN
    )
    return _payments(
        Transaction.state == State.PENDING,
        Transaction.phase_at < database_now(-STUCK_SECONDS),
        ~step_waits,
    )


def _missing(window: ColumnElement[bool]) -> Select[Any]:
    posted = exists().where(Journal.transaction_id == Transaction.id, Journal.entry_type == CAPTURE)
    return _payments(
        window,
        Transaction.paid > 0,
        Transaction.ended_at < database_now(-POSTED_WITHIN_SECONDS),
        ~posted,
    )


def _without_payment(window: ColumnElement[bool]) -> Select[Any]:
    return _payments(window, Transaction.state != State.COMPLETE).join(
        Journal, and_(Journal.transaction_id == Transaction.id, Journal.entry_type == CAPTURE)
    )


_CAPTURED = (
    select(func.sum(Entry.amount))
    .where(
        Entry.transaction_id == Transaction.id,
        Entry.entry_type == CAPTURE,
        Entry.account == STRIPE_BALANCE,
        Entry.side == "debit",
        Entry.currency == Transaction.currency,
    )
    .scalar_subquery()
)


def _other_amount(window: ColumnElement[bool]) -> Select[Any]:
    other = func.coalesce(_CAPTURED, 0) != Transaction.paid
    return _payments(window, Transaction.state == State.COMPLETE, other).join(
        Journal, and_(Journal.transaction_id == Transaction.id, Journal.entry_type == CAPTURE)
    )


def _orphans(window: ColumnElement[bool]) -> Select[Any]:
    """One that was captured in part holds its order no more, once it was given back."""
    returned = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .where(Refund.transaction_id == Transaction.id, Refund.state == RefundState.SUCCEEDED)
        .scalar_subquery()
    )
    let_go = and_(Transaction.paid < Transaction.amount, returned >= Transaction.paid)
    orphans = _payments(
        window,
        PaymentRecord.role == Role.PAYS_FOR,
        or_(
            and_(PaymentRecord.active, Transaction.state == State.FAILED),
            and_(
                ~PaymentRecord.active,
                or_(
                    Transaction.state == State.PENDING,
                    and_(Transaction.state == State.COMPLETE, ~let_go),
                ),
            ),
        ),
    ).join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
    return orphans.add_columns((~PaymentRecord.active).label("lets_go"))


def _payments(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(
        Transaction.id,
        Transaction.created_at,
        Transaction.phase,
        Transaction.paid.label("paid"),
        Transaction.currency,
        _CAPTURED.label("captured"),
    ).where(*conditions)
