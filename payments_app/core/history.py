"""One append-only table of all that happened: the timeline is one query of it, the audit another.

The database itself refuses to change or delete a row of it (a trigger, see the first migration);
the erasure of a customer may take words away (keeping/erase.py), and changes nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import g, has_request_context
from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from payments_app.core.card_numbers import mask, masked
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.db.session import log_once_true
from payments_app.core.email_addresses import without_addresses
from payments_app.core.extensions import Base

SYSTEM = "system"
ACTOR_LENGTH = 80
_WRITTEN = ("text", "reason")  # by a person, who may name an address
_cause: ContextVar[dict[str, Any] | None] = ContextVar("cause", default=None)


class HistoryEntry(Base):
    """What happened (`what`, such as `payment.completed`), when, by whom, to which transaction.

    `kind` sorts it: state, stripe, webhook, mail, staff, note, system. `subject` names what it
    is about when that is no transaction. `cause` says what wrote it: `request` with its id, or
    `message` with its id and its `key`, which names what staged it, its `crashes` (workers that
    died of it before) and `looked` where no wake-up came for it; NULL of older entries.
    """

    __tablename__ = "pay_history"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    kind: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(80))
    actor: Mapped[str] = mapped_column(String(ACTOR_LENGTH))
    transaction_id: Mapped[str | None] = mapped_column(ForeignKey("pay_transactions.id"))
    subject: Mapped[str | None] = mapped_column(Key(80))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cause: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index("pay_history_transaction_id_id_idx", "transaction_id", "id"),
        Index("pay_history_subject_id_idx", "subject", "id"),
        Index("pay_history_actor_id_idx", "actor", "id"),
    )


def last_entries(count: int) -> type[HistoryEntry]:
    """The newest entries as a table of their own. By its limit PostgreSQL knows how few they are;
    of ids behind the last one it would expect a third of the history, and plan for that."""
    newest = select(HistoryEntry).order_by(HistoryEntry.id.desc()).limit(count)
    return aliased(HistoryEntry, newest.subquery())


@contextmanager
def caused_by(**cause: Any) -> Iterator[None]:
    """Whatever this thread records meanwhile was caused by that, as `HistoryEntry.cause` has it."""
    token = _cause.set({name: value for name, value in cause.items() if value})
    try:
        yield
    finally:
        _cause.reset(token)


def _current_cause() -> dict[str, Any] | None:
    cause = _cause.get()
    if cause is None and has_request_context() and (request_id := g.get("request_id")):
        return {"request": request_id}
    return cause


def record(
    session: Session,
    kind: str,
    what: str,
    *,
    actor: str = SYSTEM,
    transaction_id: str | None = None,
    subject: str | None = None,
    **data: Any,
) -> HistoryEntry:
    """Append an entry in the caller's transaction, and return it. `data` holds no secret.

    Nobody can take an entry back: a card's number that a form let through is masked here, to its
    last four digits. It is not refused, so that no job dies of what Stripe or a person wrote. Of
    the same reason an e-mail address is cut wherever no person wrote it: whose it is, the payment
    or the customer says, and those can be erased.
    """
    told = {
        key: value if key in _WRITTEN else masked(value, without_addresses)
        for key, value in data.items()
        if value is not None
    }
    entry = HistoryEntry(
        kind=kind,
        what=what,
        actor=mask(actor[: 2 * ACTOR_LENGTH])[:ACTOR_LENGTH],
        transaction_id=transaction_id,
        subject=subject,
        data=masked(told),
        cause=_current_cause(),
    )
    session.add(entry)
    if kind == "state":
        about = {"payment": transaction_id, "subject": subject, "actor": entry.actor, **entry.data}
        named = ("payment", "subject", "actor", "from", "to", "version")
        log_once_true(session, what, **{name: about[name] for name in named if about.get(name)})
    return entry
