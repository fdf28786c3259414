"""internal_settlement: the fees, and the settlement lines against the ledger, without Stripe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select, union
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.ledger.models import BalanceTransaction, Entry, Journal
from payments_app.ledger.post_fee import CHARGES
from payments_app.payments.connect.payee import MERCHANT
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.models import Finding
from payments_app.reconcile.scope import in_scope
from payments_app.reconcile.values import total
from payments_app.settlement.models import Batch, Line, Part
from payments_app.settlement.movements import MOVED, moved_in
from payments_app.settlement.settle import FEE_GRACE_SECONDS

FEE_SECONDS = 3600  # Stripe writes a balance transaction within minutes
SETTLED_SECONDS = FEE_GRACE_SECONDS + 240


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of the payments in scope of [since, until), and of the batches that have
    something of theirs."""
    scope = in_scope(Transaction.id, since, until)
    for row in session.execute(_without_fee(scope)):
        about = {"paid": total(row.paid, row.currency), "fee": "nothing"}
        yield Difference("fee_not_in_ledger", row.id, row.created_at, row.id, about)
    for row in session.execute(_not_settled(scope)):
        about = {"ledger": total(row.moved, row.currency), "settlement": "nothing"}
        yield Difference("not_settled", row.id, row.created_at, row.id, about)
    yield from _other_amount(session, scope)
    yield from _other_merchant(session, scope)
    yield from _other_total(session, scope)


def _without_fee(scope: ColumnElement[bool]) -> Select[Any]:
    """Paid, and nothing is kept of what Stripe took. What was paid before the first fee was kept
    is from a time when none was."""
    first = select(func.min(BalanceTransaction.read_at)).scalar_subquery()
    kept = exists().where(
        BalanceTransaction.transaction_id == Transaction.id, BalanceTransaction.type.in_(CHARGES)
    )
    return _payments(Transaction.paid.label("paid")).where(
        scope,
        Transaction.paid > 0,
        Transaction.ended_at < database_now(-FEE_SECONDS),
        Transaction.ended_at >= first,
        ~kept,
    )


def _not_settled(scope: ColumnElement[bool]) -> Select[Any]:
    """The ledger moved the merchant's account, and no line says so."""
    return (
        _payments(MOVED.label("moved"))
        .join(Journal, Journal.transaction_id == Transaction.id)
        .join(Entry, Entry.journal_id == Journal.id)
        .outerjoin(Part, Part.journal_id == Journal.id)
        .where(scope, Journal.posted_at < database_now(-SETTLED_SECONDS), Part.line_id.is_(None))
        .group_by(Transaction.id, Journal.id)
        .having(MOVED != 0)
    )


def _other_amount(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    """A line says another amount, fee or currency than the journals that it is made of."""
    stripe_fee, platform_fee = moved_in("stripe_fee"), moved_in("platform_fee")
    others = func.sum(case((Entry.currency != Line.currency, 1), else_=0))
    rows = session.execute(
        select(Line, MOVED, stripe_fee, platform_fee)
        .join(Transaction, Transaction.id == Line.transaction_id)
        .outerjoin(Part, Part.line_id == Line.id)
        .outerjoin(Entry, Entry.journal_id == Part.journal_id)
        .where(scope, Line.created_at < database_now(-SETTLED_SECONDS))
        .group_by(Line.id)
        .having(
            or_(
                Line.amount != MOVED,
                Line.stripe_fee != stripe_fee,
                Line.platform_fee != platform_fee,
                others > 0,
            )
        )
    )
    for line, *ledger in rows:
        columns = (line.amount, line.stripe_fee, line.platform_fee)
        about = {
            "line": line.key,
            "settlement": _columns(line.currency, columns),
            "ledger": _columns(line.currency, ledger),
        }
        yield Difference(
            "settlement_differs", line.key, line.occurred_at, line.transaction_id, about
        )


def _columns(currency: str, amounts: Iterable[int]) -> str:
    names = ("net", "Stripe fee", "platform fee")
    return ", ".join(f"{n} {total(a, currency)}" for n, a in zip(names, amounts, strict=True))


def _other_merchant(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    rows = session.execute(
        select(Line, Batch.merchant_id, PaymentRecord.payable_id)
        .join(Transaction, Transaction.id == Line.transaction_id)
        .join(Batch, Batch.id == Line.batch_id)
        .join(PaymentRecord, PaymentRecord.transaction_id == Line.transaction_id)
        .where(scope, PaymentRecord.role == MERCHANT, Batch.merchant_id != PaymentRecord.payable_id)
    )
    for line, theirs, payee in rows:
        about = {"line": line.key, "settlement": theirs, "payment": payee}
        yield Difference(
            "settled_to_another", line.key, line.occurred_at, line.transaction_id, about
        )


def _other_total(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    """A closed batch of these payments, or one that was found before."""
    batches = union(
        select(Line.batch_id).join(Transaction, Transaction.id == Line.transaction_id).where(scope),
        select(Finding.subject).where(
            Finding.kind == "batch_differs", Finding.resolved_at.is_(None)
        ),
    )
    amount, count = func.coalesce(func.sum(Line.amount), 0), func.count(Line.id)
    rows = session.execute(
        select(Batch, amount, count)
        .outerjoin(Line, Line.batch_id == Batch.id)
        .where(Batch.id.in_(batches), Batch.closed_at.is_not(None))
        .group_by(Batch.id)
        .having(or_(Batch.total != amount, Batch.line_count != count))
    )
    for batch, summed, lines in rows:
        about = {
            "settlement": f"{total(batch.total, batch.currency)} of {batch.line_count} lines",
            "lines": f"{total(summed, batch.currency)} of {lines} lines",
            "merchant": batch.merchant_id,
            "business_day": str(batch.business_day),
        }
        yield Difference("batch_differs", batch.id, batch.starts_at, None, about)


def _payments(*more: Any) -> Select[Any]:
    return select(Transaction.id, Transaction.created_at, Transaction.currency, *more)
