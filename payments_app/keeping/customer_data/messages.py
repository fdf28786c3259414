"""What was written to a customer and of them: mails, events for merchants, history."""

from __future__ import annotations

import json

from sqlalchemy import ColumnElement, and_, func, or_, select

from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import Message
from payments_app.customers.models import Customer
from payments_app.keeping.customer_data.payments import paid_by
from payments_app.keeping.customer_data.place import Place
from payments_app.keeping.cuts import (
    ERASED,
    erased_address,
    nothing,
    text_without_addresses,
    without_persons,
)
from payments_app.notices.endpoint_health import FAILING, OFF
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.subscriptions.models import Subscription

_MERCHANTS = ("portal_link", FAILING, OFF)  # mails to merchants, who may have the same address


def _body(old: str) -> str:
    return json.dumps(without_persons(json.loads(old)))


def _dropped(old: str) -> str:
    return "dropped" if old in {"queued", "sending"} else old


def is_mail_of(customer: Customer) -> ColumnElement[bool]:
    """Condition on Mail: it was written to this customer, of a payment or to their address."""
    to_them = and_(func.lower(Mail.recipient) == customer.email, Mail.kind.not_in(_MERCHANTS))
    return or_(Mail.transaction_id.in_(paid_by(customer.id)), to_them)


def messages(customer: Customer) -> tuple[Place, ...]:
    """Mails, webhook events, messages of jobs, and the history."""
    paid = paid_by(customer.id)
    mails = select(Mail.id).where(is_mail_of(customer))
    return (
        Place(
            Mail,
            is_mail_of(customer),
            ("kind", "transaction_id", "recipient", "subject", "text", "state", "sent_at"),
            {
                "recipient": lambda _old: erased_address(customer.id),
                "subject": lambda _old: ERASED,
                "text": lambda _old: "",
                "html": lambda _old: "",
                "link": nothing,
                "state": _dropped,
                "taken_until": nothing,
            },
        ),
        Place(
            WebhookEvent,
            WebhookEvent.transaction_id.in_(paid),
            ("type", "transaction_id", "merchant_id", "body", "created_at"),
            {"body": _body},
        ),
        Place(
            Message,
            or_(Message.subject.in_(paid), Message.subject.in_(mails)),
            cut={"last_error": text_without_addresses},
        ),
        Place(
            HistoryEntry,
            or_(
                HistoryEntry.transaction_id.in_(paid),
                and_(
                    HistoryEntry.transaction_id.is_(None),
                    or_(
                        HistoryEntry.subject == customer.id,
                        HistoryEntry.subject.in_(mails),
                        HistoryEntry.subject.in_(
                            select(Subscription.id).where(Subscription.customer_id == customer.id)
                        ),
                    ),
                ),
            ),
            ("at", "what", "transaction_id", "data"),
        ),
    )
