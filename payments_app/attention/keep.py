"""keep: store the truth about a payment with it, in the transaction that changed an input.

Safe from two who change two inputs at once: the payment is locked before the inputs are read. The
payments of one transaction are locked in the order of their ids, the last thing that it does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, select, true, update
from sqlalchemy.orm import Session

from payments_app.attention.facts import COLUMNS, all_attempts, facts_of, payments_of
from payments_app.core import alerts
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base
from payments_app.core.history import SYSTEM
from payments_app.payments.models import Transaction
from payments_app.payments.note_changes import read_attempts_of
from payments_app.payments.truth import REFUND_FAILED, Truth, plain, truth, truth_of

_BATCH = 1000
# What cannot wait comes first, then what the customer waits for.
_URGENCY = ("dispute", REFUND_FAILED, "fraud_warning", "finding", "dead_job")


def keep_changed(session: Session, changed: set[str]) -> None:
    """Before the commit: the truth of all payments that the transaction changed something about."""
    tried = [id_ for id_ in map(read_attempts_of, changed) if id_]
    ids = payments_of(session, changed)
    if tried:
        ids |= all_attempts(session, sorted(tried))
    if ids:
        keep(session, sorted(ids))


def keep(session: Session, ids: Sequence[str], *, tell: bool = True) -> list[str]:
    """Work the truth of these payments out and store it; return those of which it was another.
    Alerts follow, unless it is not `tell`."""
    rows = session.execute(
        select(*COLUMNS)
        .where(Transaction.id.in_(ids))
        .order_by(Transaction.id)
        .with_for_update(of=Transaction)
    ).all()
    facts = facts_of(session, rows) if rows else {}
    changed = [
        (row, found)
        for row, found in ((row, truth(facts[row.id])) for row in rows)
        if _stored(row, found) != row.attention
    ]
    if changed:
        session.execute(_STORE, [_values(row, found) for row, found in changed])
    for row, found in changed if tell else ():
        _tell(session, row.id, truth_of(row), found)
    return [row.id for row, _ in changed]


def _tell(session: Session, transaction_id: str, before: Truth, now: Truth) -> None:
    """Alerts follow: one closes when its cause is gone, and a refund that failed has one. What
    else needs a person has its alert from where it was found."""
    keys = {need.key for need in now.needs}
    known = {need.key for need in before.needs}
    for key in sorted(known - keys):
        alerts.acknowledge(session, key, SYSTEM)
    for need in now.needs:
        if need.what == REFUND_FAILED and need.key not in known:
            alerts.raise_alert(
                session,
                REFUND_FAILED,
                need.key,
                f"{reference(transaction_id)}: a refund did not reach the customer "
                f"({need.about or 'no reason given'})",
                transaction_id=transaction_id,
            )


def rebuild(*, dry: bool = False, of: ColumnElement[bool] | None = None) -> list[str]:
    """Work out the truth of every payment anew, or of those `of` a condition; return those of
    which another was stored. Nobody is told: what needs somebody is on the overview."""
    found: list[str] = []
    last = ""
    while ids := _next_ids(last, true() if of is None else of):
        found += _differing(ids) if dry else _rebuilt(ids)
        last = ids[-1]
    return found


def _stored(row: Row[Any], found: Truth) -> dict[str, Any] | None:
    return None if found == plain(row) else found.as_json()


def _values(row: Row[Any], found: Truth) -> dict[str, Any]:
    first = min(found.needs, key=lambda need: _URGENCY.index(need.what), default=None)
    return {
        "key": row.id,
        "kept": _stored(row, found),
        "first": first.what if first else None,
        "until": dt.datetime.fromisoformat(first.until) if first and first.until else None,
    }


# Beside the ORM: it raises no version, and many are stored by one round trip.
_TABLE = Base.metadata.tables[Transaction.__tablename__]
_STORE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key"))
    .values(
        attention=bindparam("kept", type_=_TABLE.c.attention.type),
        need=bindparam("first"),
        need_by=bindparam("until", type_=_TABLE.c.need_by.type),
        updated_at=_TABLE.c.updated_at,
    )
)


@atomic
def _next_ids(session: Session, after: str, condition: ColumnElement[bool]) -> list[str]:
    query = select(Transaction.id).where(Transaction.id > after, condition)
    return list(session.scalars(query.order_by(Transaction.id).limit(_BATCH)))


@atomic
def _rebuilt(session: Session, ids: Sequence[str]) -> list[str]:
    return keep(session, ids, tell=False)


@atomic
def _differing(session: Session, ids: Sequence[str]) -> list[str]:
    rows = session.execute(select(*COLUMNS).where(Transaction.id.in_(ids))).all()
    facts = facts_of(session, rows)
    return [row.id for row in rows if _stored(row, truth(facts[row.id])) != row.attention]
