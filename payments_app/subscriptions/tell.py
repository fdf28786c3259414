"""tell: write what became of a subscription into the history, and mail it to its owner.

The entry holds the lines that the owner read before; the mail is made of it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.language import DEFAULT, Reader, speaking
from payments_app.customers.models import Customer
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.models import Subscription

READ = "lines_read"  # in their owner's language, beside `lines` in English
MAIL_CHANGED = "notices.subscription_changed"
ENDED, SETTLED = "subscription.ended", "subscription.settled"


def _as_read(lines: list[Line], reader: Reader) -> dict[str, Any]:
    """The lines in their owner's language, where that is not English."""
    if reader.language in {None, DEFAULT}:
        return {}
    with speaking(reader):
        return {READ: [[str(part) for part in line] for line in lines], "language": reader.language}


def record_and_tell(
    session: Session,
    what: str,
    subscription: Subscription,
    lines: list[Line],
    *,
    actor: str,
    kind: str,
    mailed: bool = True,
    **data: Any,
) -> None:
    """Both in the caller's database transaction; not `mailed` where another mail says it."""
    theirs = session.get_one(Customer, subscription.customer_id)
    entry = history.record(
        session,
        kind,
        what,
        actor=actor,
        subject=subscription.id,
        lines=[list(line) for line in lines],
        **_as_read(lines, theirs.reader),
        plan_name=subscription.plan.name,
        **data,
    )
    session.flush()
    if mailed:
        outbox.stage(session, MAIL_CHANGED, str(entry.id))


def lines_of(session: Session, theirs: Subscription, data: dict[str, Any]) -> list[Line]:
    """The lines that an entry of the history keeps, as the subscription's owner reads."""
    language = session.get_one(Customer, theirs.customer_id).language
    lines: list[Line] = data.get("lines", [])
    return data[READ] if READ in data and data["language"] == language else lines


def last_entry(session: Session, subscription_id: str, *whats: str) -> dict[str, Any]:
    """What the newest such entry of a subscription's history says; nothing where there is none."""
    newest = (
        select(HistoryEntry.data)
        .where(HistoryEntry.subject == subscription_id, HistoryEntry.what.in_(whats))
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )
    return session.scalar(newest) or {}
