"""One payment of a merchant's, and the list as a CSV file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from flask import Response
from sqlalchemy import ColumnElement, Engine
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from payments_app.core import history
from payments_app.core.csv_file import header, line
from payments_app.core.db.clock import in_zone, utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web import exports
from payments_app.core.web.access import merchant
from payments_app.core.web.query import asked, takes
from payments_app.merchants.zones import zone_named
from payments_app.payments.models import Transaction
from payments_app.portal.blueprint import blueprint, page
from payments_app.portal.filters import place, read_filters
from payments_app.portal.gate import asking
from payments_app.portal.payment_facts import (
    being_refunded,
    happened,
    refunded,
    status_of,
    sums_of,
    why_not_paid,
)
from payments_app.portal.payments import own_payment, payments_of

_BATCH = 500


@blueprint.get("/payments/<transaction_id>")
@merchant
@takes("view", "q", "before")
def payment(transaction_id: str) -> Response:
    """What is so with one payment, and what happened to it."""
    session, own = db.session(), asking()
    found = own_payment(session, own.id, transaction_id)
    if found is None:
        raise NotFound
    return page(
        "payment.html",
        payment=found,
        badge=status_of(found),
        why=why_not_paid(found) if found.state == "failed" else None,
        sums=sums_of(session, found),
        happened=happened(session, found, own.id),
        place=place(),
        view=asked("view"),
        searched=asked("q"),
    )


@blueprint.get("/payments.csv")
@merchant
@takes("view", "q")
def export_payments() -> Response:
    """The filtered list, row for row."""
    own = asking()
    conditions, given = read_filters(own.id)
    zone = zone_named(own.timezone)
    exports.count(exports.MERCHANT, own.id)
    return exports.csv_answer(
        exports.MERCHANT,
        own.id,
        partial(_note_export, own.id, given),
        _lines(db.engine, own.id, conditions, zone, searched="q" in given),
        f"payments-{in_zone(utcnow(), zone):%Y-%m-%d}.csv",
    )


def _lines(
    engine: Engine,
    merchant_id: str,
    conditions: Sequence[ColumnElement[bool]],
    zone: ZoneInfo,
    *,
    searched: bool = False,
) -> Iterator[str]:
    """In batches: no connection is held while a slow reader takes its time."""
    yield header(
        [
            *("Reference", "Id", f"Date ({zone.key})", "Amount", "Currency", "Status"),
            *("Refunded", "Refund pending", "Fee", "Customer", "Description", "Why not paid"),
        ]
    )
    before, more = None, True
    while more:
        with Session(engine) as session:
            found = payments_of(session, merchant_id, before, _BATCH, conditions, searched=searched)
            ids = [row.id for row in found.rows]
            back, waits = refunded(session, ids), being_refunded(session, ids)
            lines = [_line(row, back[row.id], waits[row.id], zone) for row in found.rows]
        yield "".join(lines)
        before, more = found.older, found.older is not None


def _line(payment: Transaction, back: int, waits: int, zone: ZoneInfo) -> str:
    currency, fee = payment.currency, payment.fee_taken
    amount = payment.money_paid if payment.success else Money(payment.amount, currency)
    return line(
        [
            payment.reference,
            payment.id,
            f"{in_zone(payment.created_at, zone):%Y-%m-%d %H:%M:%S}",
            amount.major,
            currency.upper(),
            status_of(payment)[0],
            Money(back, currency).major,
            Money(waits, currency).major,
            Money(fee, currency).major if fee is not None and payment.success else None,
            payment.email,
            payment.description,
            why_not_paid(payment) if payment.state == "failed" else "",
        ]
    )


@atomic
def _note_export(session: Session, merchant_id: str, filters: Mapping[str, str]) -> None:
    """Who took which rows out, before the first one leaves."""
    history.record(session, "system", "portal.exported", actor=merchant_id, filters=dict(filters))
