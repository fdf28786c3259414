"""payments: a merchant's own payments, newest first, a keyset page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from payments_app.payments.connect.payee import MERCHANT
from payments_app.payments.models import PaymentRecord, Transaction

PAGE_SIZE = 50
SCANNED = 20_000  # payments that one page of a view is looked for among


@dataclass(frozen=True)
class PaymentsPage:
    """`older` is the cursor of what comes after, None at the end."""

    rows: list[Transaction]
    older: int | None


def own_payment(session: Session, merchant_id: str, transaction_id: str) -> Transaction | None:
    """A payment that pays this merchant; None for anybody else's as for none."""
    return session.scalar(
        select(Transaction)
        .join(PaymentRecord, Transaction.id == PaymentRecord.transaction_id)
        .where(Transaction.id == transaction_id, *owned(merchant_id))
    )


def payments_of(
    session: Session,
    merchant_id: str,
    before: int | None = None,
    size: int = PAGE_SIZE,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    searched: bool = False,
) -> PaymentsPage:
    """The payments that pay this merchant, of these `conditions`, older than the cursor `before`.
    Where they are `searched` for, those that were found are sorted; in the index's own order all
    of the merchant's would be walked where fewer than a page match.

    A page of what is not searched for is looked for among the next SCANNED payments, and may hold
    fewer than `size`. A cursor that is not one of the merchant's own is as good as one past the
    end.
    """
    made = PaymentRecord.created_at
    of = (*owned(merchant_id), *_older_than(merchant_id, before))
    if conditions and not searched:
        return _page_of_view(session, of, size, conditions)
    query = (
        select(PaymentRecord.id, Transaction)
        .join(Transaction, Transaction.id == PaymentRecord.transaction_id)
        .where(*of, *conditions)
        .order_by(
            # The same moment, but no column of the index.
            (func.coalesce(made, made) if searched else made).desc(),
            PaymentRecord.id.desc(),
        )
        .limit(size + 1)
    )
    found = session.execute(query).all()
    older = found[size - 1][0] if len(found) > size else None
    return PaymentsPage([row[1] for row in found[:size]], older)


def _page_of_view(
    session: Session,
    of: Sequence[ColumnElement[bool]],
    size: int,
    conditions: Sequence[ColumnElement[bool]],
) -> PaymentsPage:
    """However few of a merchant's payments are of a view, no more than SCANNED are read."""
    record = PaymentRecord
    walked = (
        select(record.id, record.transaction_id, record.created_at)
        .where(*of)
        .order_by(record.created_at.desc(), record.id.desc())
    )
    scanned = walked.limit(SCANNED).subquery()
    found = session.execute(
        select(scanned.c.id, Transaction)
        .join(Transaction, Transaction.id == scanned.c.transaction_id)
        .where(*conditions)
        .order_by(scanned.c.created_at.desc(), scanned.c.id.desc())
        .limit(size + 1)
    ).all()
    older = found[size - 1][0] if len(found) > size else None
    if older is None:
        last = session.scalars(walked.offset(SCANNED - 1).limit(2)).all()
        older = last[0] if len(last) > 1 else None
    return PaymentsPage([row[1] for row in found[:size]], older)


def _older_than(merchant_id: str, before: int | None) -> Iterator[ColumnElement[bool]]:
    if before is None:
        return
    last = aliased(PaymentRecord)
    position = (
        select(last.created_at)
        .where(last.id == before, last.role == MERCHANT, last.payable_id == merchant_id)
        .scalar_subquery()
    )
    yield tuple_(PaymentRecord.created_at, PaymentRecord.id) < tuple_(position, before)


def owned(merchant_id: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions on the records of payments that pay this merchant."""
    return (
        PaymentRecord.payable_type == MERCHANT,
        PaymentRecord.payable_id == merchant_id,
        PaymentRecord.role == MERCHANT,
    )
