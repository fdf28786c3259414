"""causes: an alert closes when its cause is gone. What is about one payment closes with its own
needs (attention/keep.py); this looks at the rest, and runs with the watch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.history import SYSTEM
from payments_app.ops.diagnosis import Trouble
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.reconcile.models import Finding

_OF_WATCH = ("late", "redis", "differs")
_OF_PENDING = ("outcome_unknown", "stripe_unreachable")
_OF_ALL = ("", "many")  # what the key of an alert on all findings of a kind ends in


@atomic
def close_gone(session: Session, found: Iterable[Trouble]) -> int:
    """Close the open alerts whose cause is not there any more; `found` is all that is wrong now.
    Returns how many there were."""
    still = {trouble.key for trouble in found}
    gone = [*_of_watch(session, still), *_of_findings(session), *_of_pending(session)]
    return sum(alerts.acknowledge(session, key, SYSTEM) for key in gone)


def _open_keys(session: Session, *kinds: str) -> list[str]:
    query = select(Alert.key).where(Alert.kind.in_(kinds), Alert.acknowledged_at.is_(None))
    return list(session.scalars(query.order_by(Alert.id)))


def _of_watch(session: Session, still: set[str]) -> Iterator[str]:
    return (key for key in _open_keys(session, *_OF_WATCH) if key not in still)


def _of_findings(session: Session) -> Iterator[str]:
    for key in _open_keys(session, "reconciliation"):
        kind, _, subject = key.partition(":")
        query = select(func.count()).where(Finding.kind == kind, Finding.resolved_at.is_(None))
        if subject not in _OF_ALL:
            query = query.where(Finding.subject.startswith(subject, autoescape=True))
        if not session.scalar(query):
            yield key


def _of_pending(session: Session) -> Iterator[str]:
    """Alerts about payments of which the outcome was not known, and is."""
    rows = session.execute(
        select(Alert.key, Alert.data).where(
            Alert.kind.in_(_OF_PENDING), Alert.acknowledged_at.is_(None)
        )
    ).all()
    about = {row.key: (row.data or {}).get("transaction_id") for row in rows}
    ended = set(
        session.scalars(
            select(Transaction.id).where(
                Transaction.id.in_([id_ for id_ in about.values() if id_]),
                Transaction.state != State.PENDING,
            )
        )
    )
    return (key for key, id_ in about.items() if id_ in ended and "rfd_" not in key)
