"""Keyset pages of payments, newest first: no count, no offset, each page as cheap as any."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from payments_app.payments.models import Transaction

SIZE = 50
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Page:
    """Ids with their versions, newest first. `older` and `newer` are cursors, None at an end."""

    keys: list[tuple[str, int]]
    older: str | None = None
    newer: str | None = None


def read_page(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    *,
    before: str | None = None,
    after: str | None = None,
    size: int = SIZE,
) -> Page:
    """The payments older than the cursor `before`, or newer than `after`; else the newest. A
    cursor that can't be read is as good as none."""
    old, new = _read(before), _read(after)
    columns = (Transaction.created_at, Transaction.id)
    query = select(*columns, Transaction.version).where(*conditions).limit(size + 1)
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
    if not rows:
        return Page(keys)
    first, last = (_cursor(row.created_at, row.id) for row in (rows[0], rows[-1]))
    return Page(
        keys,
        older=last if upward or more else None,
        newer=first if (more if upward else old is not None) else None,
    )


def _cursor(at: dt.datetime, id_: str) -> str:
    return f"{(at - _EPOCH) // _MICROSECOND}.{id_}"


def _read(cursor: str | None) -> tuple[dt.datetime, str] | None:
    number, _, id_ = (cursor or "").partition(".")
    if not number.isdecimal() or len(number) > 17 or not id_ or len(id_) > 40:
        return None
    try:
        return _EPOCH + int(number) * _MICROSECOND, id_
    except OverflowError:
        return None
