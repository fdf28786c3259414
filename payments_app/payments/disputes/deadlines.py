"""deadlines: no dispute lapses unsaid. Each that is not answered is told of again 7 days, 2 days
and 12 hours before its time is over, and once when it is."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.history import SYSTEM, HistoryEntry
from payments_app.payments import states
from payments_app.payments.disputes.answer_models import SENT, DisputeAnswer
from payments_app.payments.disputes.models import NEEDS_ANSWER, Dispute

COMMAND = "disputes.tell_of_deadlines"
KIND = "dispute_due"
HOURS_BEFORE = (168, 48, 12, 0)
_TOLD = "dispute.deadline_told"
_FORGOTTEN = dt.timedelta(days=2)  # what was over for longer when we came up is told by nobody


def tell_of_deadlines() -> None:
    """Raise the alerts that are due. Safe from many at once and from a repetition: each is raised
    with the payment locked, and leaves an entry in its history. One that can't be told keeps no
    other from it; its error is raised at the end."""
    failed = list[Exception]()
    for dispute_id, transaction_id in _near():
        try:
            _tell_of(dispute_id, transaction_id)
        except Exception as error:
            failed.append(error)
    if failed:
        raise failed[0]


def end_alerts(session: Session, dispute_id: str, state: str) -> None:
    """Close the alerts about a dispute in this state: it is answered, or decided."""
    for hours in HOURS_BEFORE:
        alerts.acknowledge(session, _key(dispute_id, state, hours), SYSTEM)


_OPEN = (
    Dispute.state.in_(NEEDS_ANSWER),
    Dispute.due_by.is_not(None),
    ~exists().where(
        DisputeAnswer.dispute_id == Dispute.id,
        DisputeAnswer.to_state == Dispute.state,
        DisputeAnswer.state == SENT,
    ),
)


@atomic
def _near(session: Session) -> list[tuple[str, str]]:
    """Disputes that are not answered, a week before their time is over and later; with payments."""
    now = _now(session)
    until = now + dt.timedelta(hours=max(HOURS_BEFORE))
    near = select(Dispute.id, Dispute.transaction_id).where(
        *_OPEN, Dispute.due_by.between(now - _FORGOTTEN, until)
    )
    return [(row.id, row.transaction_id) for row in session.execute(near.order_by(Dispute.id))]


@atomic
def _tell_of(session: Session, dispute_id: str, transaction_id: str) -> None:
    states.lock(session, transaction_id)
    dispute = session.scalar(
        select(Dispute)
        .where(Dispute.id == dispute_id, *_OPEN)
        .execution_options(populate_existing=True)
    )
    if dispute is None or dispute.due_by is None:
        return
    left, told = dispute.due_by - _now(session), _told(session, dispute)
    for hours in HOURS_BEFORE:
        if left <= dt.timedelta(hours=hours) and hours not in told:
            _tell(session, dispute, hours)


def _now(session: Session) -> dt.datetime:
    now: dt.datetime = session.execute(select(database_now())).scalar_one()
    return now


def _key(dispute_id: str, state: str, hours: int) -> str:
    return f"{KIND}:{dispute_id}:{state}:{hours}"


def _told(session: Session, dispute: Dispute) -> set[int]:
    entries = select(HistoryEntry.data).where(
        HistoryEntry.subject == dispute.id, HistoryEntry.what == _TOLD
    )
    mine = (data for data in session.scalars(entries) if data.get("state") == dispute.state)
    return {int(data["hours_before"]) for data in mine}


def _tell(session: Session, dispute: Dispute, hours: int) -> None:
    due = f"{dispute.due_by:%m/%d/%Y %I:%M %p} UTC"
    says = (
        f"the bank takes an answer until {due} and has none yet"
        if hours
        else f"it was not answered by {due}: the bank decides without us"
    )
    alerts.raise_alert(
        session,
        KIND,
        _key(dispute.id, dispute.state, hours),
        f"{dispute.opening_words}: {says}",
        severity="critical",
        transaction_id=dispute.transaction_id,
    )
    history.record(
        session,
        "system",
        _TOLD,
        transaction_id=dispute.transaction_id,
        subject=dispute.id,
        state=dispute.state,
        hours_before=hours,
    )
