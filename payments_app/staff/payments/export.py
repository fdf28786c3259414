"""export: the filtered list as CSV, row for row, made while it is being read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Engine, Row, tuple_
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.csv_file import header, line
from payments_app.core.db.clock import in_zone
from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.payments.truth import truth_of
from payments_app.staff.detail import COLUMNS, detail_of
from payments_app.staff.payments.given_back import GivenBack, given_back
from payments_app.staff.payments.paging import SortKey
from payments_app.staff.verdict import BADGES

_BATCH = 1000
_UTC, _TIME = "UTC", "%Y-%m-%d %H:%M:%S"


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
    yield header(_names(zone))
    last = None
    while rows := _batch(engine, conditions, sort_key, last):
        with Session(engine) as session:
            taken = given_back(session, [row.id for row in rows])
        yield "".join(line(_cells(row, taken[row.id], zone)) for row in rows)
        last = (rows[-1].created_at, rows[-1].id)


def _names(zone: ZoneInfo) -> list[str]:
    local = [f"Date ({zone.key})"] if zone.key != _UTC else []
    return [
        *("Reference", "Id", *local, f"Date ({_UTC})"),
        *("Amount", "Currency", "Status", "E-mail", "Card", "Error Details", "Stripe ID"),
        *("Description", "Amount Requested"),
        *("Refunded", "Disputed", "Stripe Fee", "Stripe Fee Currency", "Net"),
    ]


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


def _cells(row: Row[Any], taken: GivenBack, zone: ZoneInfo) -> list[str | Decimal | None]:
    detail, truth = detail_of(row), truth_of(row) if row.attention else None
    status = BADGES[truth.status][0] if truth and truth.status in BADGES else detail.status
    local = [f"{in_zone(row.created_at, zone):{_TIME}}"] if zone.key != _UTC else []
    return [
        detail.reference,
        row.id,
        *local,
        f"{row.created_at:{_TIME}}",
        detail.moved,
        detail.currency,
        status,
        row.email,
        detail.card or "",
        detail.error_summary,
        row.stripe_payment_id or "",
        row.description,
        detail.asked,
        *_taken(row, taken),
    ]


def _taken(row: Row[Any], taken: GivenBack) -> list[str | Decimal | None]:
    """Nothing of what was never paid."""
    paid, currency = int(row.paid), row.currency
    if not paid:
        return [None] * 5
    (fee_currency, fee), *others = taken.fees.items() or ((currency, 0),)
    net = taken.net(paid, currency)
    return [
        Money(taken.refunded, currency).major,
        Money(taken.disputed, currency).major,
        None if others else Money(fee, fee_currency).major,
        None if others else fee_currency.upper(),
        None if net is None else Money(net, currency).major,
    ]
