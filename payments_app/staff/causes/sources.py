"""sources: all that is kept of what happened to a payment, read for its timeline: the history, jobs
that died or wait, findings, mails, merchants' events, alerts and postings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.columns import as_object
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.ledger.models import Journal
from payments_app.merchants.models import Endpoint
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_id
from payments_app.payments.queries import payable_of
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Finding
from payments_app.staff.detail import COLUMNS, Detail, detail_of

MOST = 500  # rows of the history of one payment, at first


@dataclass
class Sources:
    """`about` says of ids of other things (a mail, a delivery, an object at Stripe) which payment,
    refund or dispute they are of."""

    row: Any
    detail: Detail
    history: list[HistoryEntry]
    total: int
    messages: Sequence[Message] = ()
    findings: Sequence[Finding] = ()
    mails: dict[str, Mail] = field(default_factory=dict)
    deliveries: dict[str, tuple[Delivery, str]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    alerts: Sequence[Alert] = ()
    journals: Sequence[Journal] = ()

    def named(self, key: str) -> str:
        """The refund or dispute whose id is in a key; the payment where there is none."""
        return _named(key, self.about) or str(self.row.id)


def read(session: Session, transaction_id: str, most: int | None = MOST) -> Sources | None:
    """`most` of the history's rows, or all of them; None for an unknown id."""
    query = select(*COLUMNS, charge_id.label("charge")).where(Transaction.id == transaction_id)
    row = session.execute(query).first()
    if row is None:
        return None
    about = {transaction_id: transaction_id} | _at_stripe(session, row)
    about |= dict.fromkeys(_links(session, transaction_id), transaction_id)
    mails = {
        mail.id: mail
        for mail in session.scalars(select(Mail).where(Mail.transaction_id == transaction_id))
    }
    deliveries = _deliveries(session, transaction_id)
    about |= {id_: _named(mail.key, about) or transaction_id for id_, mail in mails.items()}
    for id_, (delivery, _) in deliveries.items():
        about[id_] = _named(delivery.event_id, about) or transaction_id
    history, total = _history(session, transaction_id, list(about), most)
    events = [str(as_object(entry.data).get("event")) for entry in history]
    subjects = [*about, *{event for event in events if event.startswith("evt_")}]
    return Sources(
        row=row,
        detail=detail_of(row),
        history=history,
        total=total,
        messages=_messages(session, subjects),
        findings=session.scalars(
            select(Finding).where(Finding.transaction_id == transaction_id).order_by(Finding.id)
        ).all(),
        mails=mails,
        deliveries=deliveries,
        about=about,
        alerts=session.scalars(
            select(Alert).where(Alert.transaction_id == transaction_id).order_by(Alert.id)
        ).all(),
        journals=session.scalars(
            select(Journal).where(Journal.transaction_id == transaction_id).order_by(Journal.id)
        ).all(),
    )


def _at_stripe(session: Session, row: Any) -> dict[str, str]:
    """The payment, its refunds and disputes by their ids, here and at Stripe."""
    refunds = session.execute(
        select(Refund.id, Refund.stripe_refund_id).where(Refund.transaction_id == row.id)
    )
    disputes = session.execute(
        select(Dispute.id, Dispute.stripe_dispute_id).where(Dispute.transaction_id == row.id)
    )
    pairs = [(row.id, row.stripe_payment_id), (row.id, row.charge), *refunds, *disputes]
    return {name: pair[0] for pair in pairs for name in pair if name}


def _links(session: Session, transaction_id: str) -> Sequence[str]:
    """The links by which it, or what it is to pay for, was asked for."""
    named = payable_of(session, transaction_id)
    if named is None:
        return ()
    which = or_(PaymentRequest.id == named[1], PaymentRequest.owed_id == named[1])
    return session.scalars(select(PaymentRequest.id).where(which)).all()


def _deliveries(session: Session, transaction_id: str) -> dict[str, tuple[Delivery, str]]:
    rows = session.execute(
        select(Delivery, Endpoint.url)
        .join(WebhookEvent, WebhookEvent.id == Delivery.event_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(WebhookEvent.transaction_id == transaction_id)
    )
    # A query may hold the merchant's own secret.
    return {delivery.id: (delivery, url.partition("?")[0]) for delivery, url in rows}


def _named(key: str, about: dict[str, str]) -> str | None:
    """The refund or dispute whose id is in the key of a mail or of an event."""
    return next((id_ for name, id_ in about.items() if name in key), None)


def _history(
    session: Session, transaction_id: str, subjects: list[str], most: int | None
) -> tuple[list[HistoryEntry], int]:
    """The first `most` rows, and how many there are. Also what was decided about a job of it, which
    names the job's subject alone."""
    decided = HistoryEntry.transaction_id.is_(None) & HistoryEntry.subject.in_(subjects)
    which = or_(HistoryEntry.transaction_id == transaction_id, decided)
    query = select(HistoryEntry).where(which).order_by(HistoryEntry.id)
    found = list(session.scalars(query.limit(most)))
    if len(found) != most:
        return found, len(found)
    return found, session.scalar(select(func.count()).select_from(HistoryEntry).where(which)) or 0


def _messages(session: Session, subjects: list[str]) -> Sequence[Message]:
    """Jobs that were given up, and those that failed and are tried again."""
    troubled = or_(Message.dead_at.is_not(None), (Message.failures > 0) & OPEN[0] & OPEN[1])
    return session.scalars(
        select(Message).where(Message.subject.in_(subjects), troubled).order_by(Message.id)
    ).all()
