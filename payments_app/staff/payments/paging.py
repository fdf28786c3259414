"""Keyset pages of payments, newest first: no count, no offset, each page as cheap as any."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from payments_app.core.web.query import UnreadableQueryError
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.refund_or_dispute import RefundOrDispute
from payments_app.payments.refunds.models import Refund

PAGE_SIZE = 50
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_MICROSECONDS = re.compile(r"-?[0-9]{1,18}")  # from the year 1 to 9999


@dataclass(frozen=True)
class SortKey:
    """The columns that a list of payments is sorted and paged by: the payments' own, or copies of
    them in `model`, a table with at most one fitting row for each payment."""

    created_at: InstrumentedAttribute[Any]
    id: InstrumentedAttribute[str]
    model: type[RefundOrDispute] | None = None

    def query(self, *columns: Any) -> Select[Any]:
        """These columns of the payments along the sort key."""
        query = select(*columns).select_from(Transaction)
        if self.model is not None:
            query = query.join(self.model, self.model.transaction_id == Transaction.id)
        return query

    @property
    def position(self) -> tuple[Any, Any]:
        """What rows are compared by."""
        return self.created_at, self.id


PAYMENTS = SortKey(Transaction.created_at, Transaction.id)
REFUNDS = SortKey(Refund.payment_created_at, Refund.transaction_id, Refund)
DISPUTES = SortKey(Dispute.payment_created_at, Dispute.transaction_id, Dispute)


# An alias, since a filter's own records would be taken for these.
_record = aliased(PaymentRecord)
_CUSTOMER = (
    select(_record.payable_id)
    .where(_record.transaction_id == Transaction.id, _record.role == Role.CUSTOMER)
    .correlate(Transaction)
    .scalar_subquery()
    .label("customer")
)


@dataclass(frozen=True)
class Page:
    """Ids with their versions, newest first, and whose they are. `older` and `newer` are cursors,
    None at an end."""

    keys: list[tuple[str, int]]
    customers: dict[str, str]
    older: str | None = None
    newer: str | None = None


def read_page(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    *,
    sort_key: SortKey = PAYMENTS,
    before: str | None = None,
    after: str | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """The payments older than the cursor `before`, or newer than `after`; else the newest.

    Raises UnreadableQueryError for a cursor that can't be read, and for two.
    """
    if before and after:
        words = "A page is before or after another, not both."
        raise UnreadableQueryError({"before": words, "after": words})
    old, new = _read(before), _read(after)
    for name, typed, read in (("before", before, old), ("after", after, new)):
        if typed and read is None:
            raise UnreadableQueryError({name: "This names no page of the list."})
    columns = sort_key.position
    query = sort_key.query(Transaction.created_at, Transaction.id, Transaction.version, _CUSTOMER)
    query = query.where(*conditions).limit(size + 1)
    if old is None and new is not None:
        query = query.where(tuple_(*columns) > tuple_(*new)).order_by(*columns)
    else:
        query = query.order_by(*(column.desc() for column in columns))
        if old is not None:
            query = query.where(tuple_(*columns) < tuple_(*old))
    rows = list(session.execute(query))
    more, rows = len(rows) > size, rows[:size]
    upward = old is None and new is not None
    if upward:
        rows.reverse()
    keys = [(row.id, row.version) for row in rows]
    customers = {row.id: row.customer for row in rows if row.customer}
    if not rows:
        return Page(keys, customers)
    first, last = (_cursor(row.created_at, row.id) for row in (rows[0], rows[-1]))
    return Page(
        keys,
        customers,
        older=last if upward or more else None,
        newer=first if (more if upward else old is not None) else None,
    )


def _cursor(at: dt.datetime, id_: str) -> str:
    return f"{(at - _EPOCH) // _MICROSECOND}.{id_}"


def _read(cursor: str | None) -> tuple[dt.datetime, str] | None:
    number, _, id_ = (cursor or "").partition(".")
    if not _MICROSECONDS.fullmatch(number) or not id_ or len(id_) > 40:
        return None
    try:
        return _EPOCH + int(number) * _MICROSECOND, id_
    except OverflowError:
        return None
