"""Money that the bank or we may have to give back: disputes, and payments made twice."""

from __future__ import annotations

import datetime as dt

from flask import Response
from sqlalchemy import select

from payments_app.attention.doubles import RECENT, double_key, open_doubles
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.double_payments import within
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.disputes.queries import (
    items_of,
    newest,
    store_unmatched,
    waiting,
    waiting_soon,
)
from payments_app.staff.payments.details import payments
from payments_app.staff.presenter import Payment
from payments_app.staff.zones import reader_zone, time_left, when


@blueprint.get("/disputes")
@staff("view")
@takes("before", "waiting", "unmatched")
def disputes() -> Response:
    """What waits for an answer, then all of them by date."""
    session, zone = db.session(), reader_zone()
    before = asked("before")
    try:
        rows, older = newest(session, zone, before or None)
    except LookupError:
        raise UnreadableQueryError({"before": "This names no page of the list."}) from None
    return page(
        "disputes/disputes.html",
        waiting=None if before else waiting(session, zone),
        soon=None if before else waiting_soon(session),
        aside=None if before else store_unmatched(session, zone),
        rows=rows,
        older=older,
        before=before,
    )


@blueprint.get("/double-payments")
@staff("view")
def double_payments() -> Response:
    """Pairs of the last days that look like a mistake, proposed for a refund; without those of
    which a person said that they are none."""
    session, zone = db.session(), reader_zone()
    left = open_doubles(session)
    ids = [id_ for double in left for id_ in (double.first, double.second)]
    shown, items = _details(ids), items_of(session, ids)
    pairs = [
        {
            "key": double_key(double.first, double.second),
            "first": shown[double.first],
            "second": shown[double.second],
            "amount": str(double.money),
            "at": when(double.at, zone),
            "items": items,
            "alike": _alike(shown[double.first], shown[double.second], items),
            "apart": _apart(double.apart),
        }
        for double in left
    ]
    minutes = round(within().total_seconds() / 60)
    return page("disputes/double_payments.html", pairs=pairs, days=RECENT.days, minutes=minutes)


def _apart(apart: dt.timedelta) -> str:
    if apart < dt.timedelta(minutes=1):
        return f"{apart.total_seconds():.0f} s"
    now = utcnow()
    return time_left(now + apart, now).removeprefix("in ")


def _alike(first: Payment, second: Payment, items: dict[str, str]) -> list[str]:
    """What is the same of two payments, and what is not, in words."""
    pairs = (
        ("items", items.get(first.id), items.get(second.id)),
        ("card", first.card, second.card),
        ("address", first.email, second.email),
    )
    known = [(what, one, other) for what, one, other in pairs if one and other]
    return [f"{'Same' if one == other else 'Another'} {what}" for what, one, other in known]


def _details(ids: list[str]) -> dict[str, Payment]:
    session = db.session()
    rows = session.execute(
        select(Transaction.id, Transaction.version).where(Transaction.id.in_(ids))
    )
    keys = [(row.id, row.version) for row in rows]
    return {payment.id: payment for payment in payments(session, keys, reader_zone())}
