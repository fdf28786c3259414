"""work: what needs somebody, with who deals with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.attention.doubles import double_key, open_doubles
from payments_app.attention.facts import payments_of
from payments_app.attention.models import WorkItem
from payments_app.core.alerts import Alert
from payments_app.core.jobs.outbox import Message
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.stuck import is_stuck
from payments_app.payments.truth import Need, needs_of
from payments_app.reconcile.models import Finding

MOST = 100  # of each source, but for double payments, of which there are few
_TOLD_ELSEWHERE = ("reconciliation", "dead_letter", "dispute", "dispute_due", "early_fraud_warning")


@dataclass(frozen=True)
class Entry:
    """One need. `transaction_id` is the payment that it is about, if it is about one, and
    `currency` that of its amount. `owner` took it at `taken_at`."""

    need: Need
    transaction_id: str | None = None
    currency: str | None = None
    owner: str | None = None
    taken_at: dt.datetime | None = None

    @property
    def key(self) -> str:
        """The need's."""
        return self.need.key


@dataclass(frozen=True)
class Work:
    """What needs somebody. It is `exact` where no source had more than MOST."""

    entries: list[Entry]
    exact: bool


def work(session: Session) -> Work:
    """All that needs somebody: what is about payments by deadline, then the rest. Without what a
    person answered."""
    sources = [list(source) for source in _all(session)]
    found = {entry.key: entry for source in sources for entry in source}
    items = {
        item.key: item
        for item in session.scalars(
            select(WorkItem)
            .where(WorkItem.key.in_(list(found)))
            .execution_options(populate_existing=True)
        )
    }
    entries = [
        replace(entry, owner=items[key].owner, taken_at=items[key].taken_at)
        if key in items
        else entry
        for key, entry in found.items()
        if key not in items or items[key].answer is None
    ]
    return Work(entries, all(len(source) < MOST for source in sources))


def _all(session: Session) -> Iterator[Iterator[Entry]]:
    yield _of_payments(session)
    yield _doubles(session)
    yield _stuck(session)
    yield _dead(session)
    yield _findings(session)
    yield _alerts(session)


def _of_payments(session: Session) -> Iterator[Entry]:
    rows = session.execute(
        select(Transaction.id, Transaction.currency, Transaction.attention)
        .where(Transaction.need.is_not(None))
        .order_by(Transaction.need_by.nulls_last(), Transaction.created_at.desc(), Transaction.id)
        .limit(MOST)
    )
    for row in rows:
        yield from (Entry(need, row.id, row.currency) for need in needs_of(row.attention))


def _doubles(session: Session) -> Iterator[Entry]:
    for double in open_doubles(session):
        key = double_key(double.first, double.second)
        need = Need("double", key, "refund", None, double.money.amount, double.email)
        yield Entry(need, double.second, double.money.currency)


def _stuck(session: Session) -> Iterator[Entry]:
    rows = session.execute(
        select(Transaction.id, Transaction.phase, Transaction.currency, Transaction.amount)
        .where(is_stuck())
        .order_by(Transaction.created_at, Transaction.id)
        .limit(MOST)
    )
    for row in rows:
        key = f"stuck:{row.id}:{row.phase}"
        yield Entry(Need("stuck", key, "technical", None, row.amount), row.id, row.currency)


def _dead(session: Session) -> Iterator[Entry]:
    """Dead letters; those about a payment were named with it."""
    rows = session.execute(
        select(Message.id, Message.command, Message.subject)
        .where(Message.dead_at.is_not(None), Message.discarded_at.is_(None))
        .order_by(Message.id.desc())
        .limit(MOST)
    ).all()
    for row in rows:
        mail = row.subject.startswith("ml_") and payments_of(session, [row.subject])
        if not mail and not row.subject.startswith(("txn_", "rfd_", "dsp_")):
            yield Entry(
                Need("dead_job", f"dead_letter:{row.id}", "dead_letters", about=row.command)
            )


def _findings(session: Session) -> Iterator[Entry]:
    rows = session.execute(
        select(Finding.id, Finding.kind)
        .where(Finding.resolved_at.is_(None), Finding.transaction_id.is_(None))
        .order_by(Finding.severity, Finding.id.desc())
        .limit(MOST)
    )
    for row in rows:
        yield Entry(Need("finding", f"finding:{row.id}", "technical", about=row.kind))


def _alerts(session: Session) -> Iterator[Entry]:
    """Alerts about what is in no other list."""
    rows = session.execute(
        select(Alert.id, Alert.message, Alert.data)
        .where(
            Alert.acknowledged_at.is_(None),
            Alert.kind.not_in((*_TOLD_ELSEWHERE, "refund_failed")),
        )
        .order_by(Alert.severity, Alert.id.desc())
        .limit(MOST)
    )
    for row in rows:
        need = Need("alert", f"alert:{row.id}", "technical", about=row.message)
        yield Entry(need, (row.data or {}).get("transaction_id"))
