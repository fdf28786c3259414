"""All that a shop knows of its payments and of what followed them, as plain data to compare."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.downloads.models import DigitalPurchase
from payments_app.ledger.models import Entry
from payments_app.orders.models import Order
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.queries import payable_of
from payments_app.payments.refunds.models import Refund
from payments_app.settlement.models import Line
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from tests.bystanders import own

Known = dict[str, Any]


def world(session: Session) -> dict[str, Known]:
    return {**money(session), **sold(session)}


def money(session: Session) -> dict[str, Known]:
    """What was taken, what went back, and how that is in the books."""
    return {
        "payments": {row.id: _payment(session, row) for row in _all(session, Transaction)},
        "refunds": {
            row.id: (row.transaction_id, row.amount, row.state, row.stripe_refund_id)
            for row in _all(session, Refund)
        },
        "disputes": {
            row.stripe_dispute_id: (row.transaction_id, row.amount, row.state, row.funds)
            for row in _all(session, Dispute)
        },
        "ledger": _sums(session, Entry, Entry.entry_type, Entry.account, Entry.side),
        "settled": _sums(session, Line),
    }


def sold(session: Session) -> dict[str, Known]:
    """What was paid for."""
    return {
        "orders": {
            row.id: (
                row.number,
                row.status,
                row.total,
                [(line.name, line.quantity, line.amount) for line in row.lines],
            )
            for row in _all(session, Order)
        },
        "downloads": {
            row.id: (row.product_id, row.status, row.amount)
            for row in _all(session, DigitalPurchase)
        },
        "periods": {
            row.id: (row.subscription_id, row.start, row.end, row.amount, row.paid_at is not None)
            for row in _all(session, Period)
        },
        "subscriptions": {
            row.id: (
                *(row.status, row.plan_id, row.anchor_day, row.billed_until),
                *(row.current_start, row.current_end, row.balance),
                row.card.payment_method if row.card else None,
            )
            for row in _all(session, Subscription)
        },
    }


def _payment(session: Session, row: Transaction) -> tuple[Any, ...]:
    return (
        *(row.phase, row.amount, row.paid, row.currency, row.email, row.description),
        *(row.attempt, row.idempotency_key, row.stripe_payment_id, row.error_code),
        *(row.off_session, row.save_card, row.customer_known, row.stripe_customer_id),
        *(row.connected_account_id, row.charge_type, row.platform_fee),
        payable_of(session, row.id),
        # The shop's own merchant is named by whoever looks first.
        sorted(
            (record.role, record.payable_id, record.active)
            for record in row.records
            if record.role != "merchant" or row.connected_account_id
        ),
    )


def _sums(session: Session, model: Any, *columns: Any) -> Known:
    """What each payment moved, in each currency."""
    told_apart = (model.transaction_id, model.currency, *columns)
    rows = session.execute(
        select(*told_apart, func.sum(model.amount)).where(own(model)).group_by(*told_apart)
    )
    return {" ".join(map(str, row[:-1])): int(row[-1]) for row in rows}


def _all(session: Session, model: Any) -> Any:
    session.rollback()
    query = select(model).where(own(model)).execution_options(populate_existing=True)
    return session.scalars(query).unique().all()
