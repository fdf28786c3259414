"""work: what needs somebody, as the overview shows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.gate import signed_in
from payments_app.accounts.people import names_of
from payments_app.attention.work import Entry, work
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import reference
from payments_app.core.money import Money
from payments_app.payments.models import Transaction
from payments_app.staff.verdict import WHO, sentence_of
from payments_app.staff.zones import When, time_left, when

SHOWN = 25
_WHAT = {
    "dispute": "Dispute",
    "refund_failed": "Refund failed",
    "fraud_warning": "Fraud warning",
    "finding": "Books differ",
    "dead_job": "Job given up",
    "double": "Paid twice?",
    "stuck": "Stuck",
    "alert": "Alert",
}


@dataclass(frozen=True)
class Row:
    """One line of the work list. `url` is where it is dealt with, None where the reader may not
    open that; `left` the time until its
    deadline in words; `owner` who took it."""

    key: str
    what: str
    sentence: str
    about: str
    url: str | None
    amount: str
    until: When | None
    left: str | None
    by: str
    owner: str | None


def work_rows(session: Session, zone: ZoneInfo) -> tuple[list[Row], bool]:
    """The first SHOWN of what needs somebody, the nearest deadline first, and whether there is
    more."""
    open_ = work(session)
    found = open_[:SHOWN]
    ids = [entry.transaction_id for entry in found if entry.transaction_id]
    emails = select(Transaction.id, Transaction.email).where(Transaction.id.in_(ids))
    whose = {row.id: row.email for row in session.execute(emails)}
    names = names_of(session, (entry.owner or "" for entry in found))
    return [_row(entry, whose, names, zone) for entry in found], len(open_) > SHOWN


def _row(entry: Entry, whose: dict[str, str], names: dict[str, str], zone: ZoneInfo) -> Row:
    need, id_ = entry.need, entry.transaction_id
    amount = str(Money(need.amount, entry.currency)) if need.amount and entry.currency else ""
    until = dt.datetime.fromisoformat(need.until) if need.until else None
    about = f"{whose[id_] or 'no address'}, {reference(id_)}" if id_ and id_ in whose else ""
    return Row(
        key=need.key,
        what=_WHAT.get(need.what, need.what),
        sentence=sentence_of(need, amount),
        about=about,
        url=_url(entry),
        amount=amount,
        until=when(until, zone),
        left=time_left(until, utcnow()) if until else None,
        by=WHO.get(need.by, need.by),
        owner=names.get(entry.owner, entry.owner) if entry.owner else None,
    )


def _url(entry: Entry) -> str | None:
    what, number = entry.need.what, entry.key.partition(":")[2]
    if what == "double":
        return url_for("staff.double_payments")
    if what == "dispute":
        return url_for("staff.dispute", dispute_id=number.partition(":")[0])
    if entry.transaction_id:
        return url_for("staff.payment", transaction_id=entry.transaction_id)
    if not signed_in().may("technical"):
        return None
    if what == "finding":
        return url_for("staff.findings")
    if what == "dead_job":
        return url_for("ops.dead_letter", message_id=number)
    return url_for("ops.alerts")
