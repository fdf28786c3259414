"""What was sent about a payment: mails to the buyer, webhooks to the merchant's endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from payments_app.core.web.part import Part, part_of, scalars_of
from payments_app.merchants.models import Endpoint
from payments_app.notices.models import Mail
from payments_app.notices.receipts import RECEIPT
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.staff.cells import in_words
from payments_app.staff.zones import When, when

MOST = 50  # of each kind that a page shows
_STATES = {
    "queued": "on its way",
    "sending": "on its way",
    "waiting": "on its way",
    "kept": "kept: no mail server is configured",
    "dropped": "not sent: no longer true",
    "undelivered": "could not be delivered",
    "dead": "given up",
    "skipped": "not sent: the endpoint was off",
}
_MOVING = frozenset({"queued", "sending", "waiting"})


@dataclass(frozen=True)
class Sent:
    """One mail or delivery. `again` is `receipt` or `webhook` where staff may ask for it again;
    `rounds` is how often it was asked for so far."""

    id: str
    what: str
    to: str
    state: str
    moving: bool
    rounds: int
    when: When | None
    again: str | None
    transaction_id: str | None


def mail_state(state: str) -> str:
    """The state of a mail in words."""
    return _STATES.get(state, state)


def sent_about(session: Session, transaction_id: str, zone: ZoneInfo) -> list[Part]:
    """Mails, then deliveries, each in the order in which they were written."""
    mails = select(Mail).where(Mail.transaction_id == transaction_id)
    rows = _deliveries().where(WebhookEvent.transaction_id == transaction_id)
    mails = mails.order_by(Mail.created_at, Mail.id)
    rows = rows.order_by(Delivery.created_at, Delivery.id)
    mailed = scalars_of(session, mails, "mails", MOST)
    delivered = part_of(session, rows, "webhooks", MOST)
    return [
        mailed.of(_mail(mail, zone) for mail in mailed.rows),
        delivered.of(_delivery(row[0], row[1], row[2], zone) for row in delivered.rows),
    ]


def receipt_of(session: Session, transaction_id: str, zone: ZoneInfo) -> Sent | None:
    """The payment's receipt; None where none was written."""
    mail = session.scalar(select(Mail).where(Mail.key == f"{RECEIPT}_{transaction_id}"))
    return _mail(mail, zone) if mail else None


def delivery_of(session: Session, delivery_id: str, zone: ZoneInfo) -> Sent | None:
    """One delivery; None for an unknown id."""
    row = session.execute(_deliveries().where(Delivery.id == delivery_id)).first()
    return _delivery(*row, zone) if row else None


def _deliveries() -> Select[Delivery, WebhookEvent, Endpoint]:
    return (
        select(Delivery, WebhookEvent, Endpoint)
        .join(WebhookEvent, WebhookEvent.id == Delivery.event_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
    )


def _mail(mail: Mail, zone: ZoneInfo) -> Sent:
    return Sent(
        id=mail.id,
        what=f"Mail: {in_words(mail.kind)}",
        to=mail.recipient,
        state=mail_state(mail.state),
        moving=mail.state in _MOVING,
        rounds=mail.rounds,
        when=when(mail.sent_at or mail.created_at, zone),
        again="receipt" if mail.kind == RECEIPT else None,
        transaction_id=mail.transaction_id,
    )


def _delivery(delivery: Delivery, event: WebhookEvent, endpoint: Endpoint, zone: ZoneInfo) -> Sent:
    return Sent(
        id=delivery.id,
        what=f"Webhook: {event.type}",
        to=endpoint.url.partition("?")[0],  # a query may hold the merchant's own secret
        state=_STATES.get(delivery.state, delivery.state),
        moving=delivery.state in _MOVING,
        rounds=delivery.rounds,
        when=when(delivery.delivered_at or delivery.created_at, zone),
        again="webhook" if endpoint.enabled else None,
        transaction_id=event.transaction_id,
    )
