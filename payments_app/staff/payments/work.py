"""work: what needs somebody, as the overview shows it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
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
from payments_app.payments.truth import Need
from payments_app.staff.verdict import WHO, is_inquiry, sentence_of
from payments_app.staff.zones import When, time_left, when

FIRST = 3  # of a kind, before the rest of it folds
SHOWN = 25  # of a kind that folds
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
_TECHNICAL = {"finding": "staff.findings", "dead_job": "ops.queues", "alert": "ops.alerts"}


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


@dataclass(frozen=True)
class Fold:
    """The rest of a kind: how many, the first SHOWN of them, and the address of the list that has
    all, None where the reader may not open that."""

    what: str
    count: int
    rows: list[Row]
    url: str | None


@dataclass(frozen=True)
class WorkList:
    """What needs somebody: the first FIRST `rows` of each kind, the nearest deadline first; the
    rest, `folded`; and `total`. These numbers are floors where it is not `exact`."""

    rows: list[Row]
    folded: list[Fold]
    total: int
    exact: bool


def work_list(session: Session, zone: ZoneInfo) -> WorkList:
    """All that needs somebody, for the overview."""
    whole, kinds = work(session), defaultdict[str, list[Entry]](list)
    found = whole.entries
    for entry in found:
        kinds[_what(entry.need)].append(entry)
    ids = [entry.transaction_id for entry in found if entry.transaction_id]
    emails = select(Transaction.id, Transaction.email).where(Transaction.id.in_(ids))
    whose = {row.id: row.email for row in session.execute(emails)}
    names = names_of(session, (entry.owner or "" for entry in found))
    first = {entry.key for of_kind in kinds.values() for entry in of_kind[:FIRST]}

    def rows(entries: Iterable[Entry]) -> list[Row]:
        return [_row(entry, whose, names, zone) for entry in entries]

    return WorkList(
        rows(entry for entry in found if entry.key in first),
        [
            Fold(
                kind,
                len(of_kind) - FIRST,
                rows(of_kind[FIRST : FIRST + SHOWN]),
                _list_of(of_kind[0].need.what),
            )
            for kind, of_kind in kinds.items()
            if len(of_kind) > FIRST
        ],
        len(found),
        exact=whole.exact,
    )


def _what(need: Need) -> str:
    return "Inquiry" if is_inquiry(need) else _WHAT.get(need.what, need.what)


def _row(entry: Entry, whose: dict[str, str], names: dict[str, str], zone: ZoneInfo) -> Row:
    need, id_ = entry.need, entry.transaction_id
    amount = str(Money(need.amount, entry.currency)) if need.amount and entry.currency else ""
    until = dt.datetime.fromisoformat(need.until) if need.until else None
    about = f"{whose[id_] or 'no address'}, {reference(id_)}" if id_ and id_ in whose else ""
    return Row(
        key=need.key,
        what=_what(need),
        sentence=sentence_of(need, amount),
        about=about,
        url=_url(entry),
        amount=amount,
        until=when(until, zone),
        left=time_left(until, utcnow()) if until else None,
        by=WHO.get(need.by, need.by),
        owner=names.get(entry.owner, entry.owner) if entry.owner else None,
    )


def _list_of(what: str) -> str | None:
    """Where all of a kind are listed, page by page."""
    if what == "double":
        return url_for("staff.double_payments")
    if what == "dispute":
        return url_for("staff.disputes")
    if what == "stuck":
        return url_for("staff.payment_list", status="stuck")
    if what in _TECHNICAL:
        return url_for(_TECHNICAL[what]) if signed_in().may("technical") else None
    return url_for("staff.payment_list", status="attention")


def _url(entry: Entry) -> str | None:
    what, number = entry.need.what, entry.key.partition(":")[2]
    if what == "double":
        return url_for("staff.double_payments")
    if what == "dispute":
        return url_for("staff.dispute", dispute_id=number.partition(":")[0])
    if entry.transaction_id:
        return url_for("staff.payment", transaction_id=entry.transaction_id)
    if what == "dead_job" and signed_in().may("technical"):
        return url_for("ops.dead_letter", message_id=number)
    return _list_of(what)
