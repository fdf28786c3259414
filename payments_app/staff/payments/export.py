"""export: the filtered list as CSV, row for row, made while it is being read."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Engine, Row, tuple_
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import in_zone
from payments_app.core.db.session import atomic
from payments_app.payments.truth import truth_of
from payments_app.staff.payments.paging import SortKey
from payments_app.staff.presenter import COLUMNS, detail_of
from payments_app.staff.verdict import BADGES

_BATCH = 1000
# What a spreadsheet takes for the beginning of a formula:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@atomic
def note_export(session: Session, actor: str, filters: Mapping[str, str], zone: str) -> None:
    """Who took which rows out, before the first one leaves."""
    history.record(
        session, "staff", "staff.exported", actor=actor, filters=dict(filters), zone=zone
    )


def csv_lines(
    engine: Engine, conditions: Sequence[ColumnElement[bool]], sort_key: SortKey, zone: ZoneInfo
) -> Iterator[str]:
    """The header and a line for each payment, newest first, in batches: no connection is held
    while a slow reader takes its time, and the request may be over."""
    yield _line(
        [
            "Reference",
            "Id",
            f"Date ({zone.key})",
            "Date (UTC)",
            "Amount",
            "Currency",
            "Status",
            "E-mail",
            "Card",
            "Error Details",
            "Stripe ID",
            "Description",
            "Amount Requested",
        ]
    )
    last = None
    while rows := _batch(engine, conditions, sort_key, last):
        yield "".join(_line(_cells(row, zone)) for row in rows)
        last = (rows[-1].created_at, rows[-1].id)


def _batch(
    engine: Engine,
    conditions: Sequence[ColumnElement[bool]],
    sort_key: SortKey,
    last: tuple[dt.datetime, str] | None,
) -> Sequence[Row[Any]]:
    position = sort_key.position
    query = sort_key.query(*COLUMNS).where(*conditions).limit(_BATCH)
    if last is not None:
        query = query.where(tuple_(*position) < tuple_(*last))
    with Session(engine) as session:
        return session.execute(query.order_by(*(column.desc() for column in position))).all()


def _cells(row: Row[Any], zone: ZoneInfo) -> list[str]:
    detail, truth = detail_of(row), truth_of(row) if row.attention else None
    status = BADGES[truth.status][0] if truth and truth.status in BADGES else detail.badge
    return [
        detail.reference,
        row.id,
        f"{in_zone(row.created_at, zone):%Y-%m-%d %H:%M:%S}",
        f"{row.created_at:%Y-%m-%d %H:%M:%S}",
        detail.moved,
        detail.currency,
        status,
        row.email,
        detail.card or "",
        detail.error_summary,
        row.stripe_payment_id or "",
        row.description,
        detail.asked,
    ]


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_safe(cell) for cell in cells])
    return buffer.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
