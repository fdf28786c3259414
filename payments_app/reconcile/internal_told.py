"""internal_told: what people and merchants were told of a payment: its receipt and its events."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.core.money import Money
from payments_app.notices import mails
from payments_app.notices.announce import PAYMENT_EVENTS, REFUND_EVENTS
from payments_app.notices.models import Mail
from payments_app.notices.receipts import RECEIPT
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.payments.connect.payee import MERCHANT
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.import_refunds import NEVER_PAID_CODE
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.scope import in_scope
from payments_app.reconcile.values import money

TOLD_WITHIN_SECONDS = 900.0  # mails and events follow a payment within seconds
_COMPLETED, _REFUNDED = "payment.completed", "refund.succeeded"


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of what was told of the payments in scope of [since, until); of nothing
    that no command of this installation tells, or whose command still waits: that is late, which
    is told of the queue, or held until a restored shop is opened."""
    paid = and_(
        in_scope(Transaction.id, since, until),
        Transaction.state == State.COMPLETE,
        Transaction.ended_at < database_now(-TOLD_WITHIN_SECONDS),
    )
    if _follows(session, _COMPLETED, "notices.receipt"):
        yield from _receipts(session, paid)
    if _follows(session, _COMPLETED, "notices.announce_payment"):
        yield from _payments_told(session, paid)
    if _follows(session, _REFUNDED, "notices.announce_refund"):
        yield from _refunds_told(session, in_scope(Refund.transaction_id, since, until))


def _follows(session: Session, event: str, command: str) -> bool:
    return command in {each.command for each in outbox.subscribers_of(session, event)}


def _receipts(session: Session, paid: ColumnElement[bool]) -> Iterator[Difference]:
    rows = session.execute(
        select(Transaction, Mail)
        .outerjoin(Mail, Mail.key == literal(f"{RECEIPT}_") + Transaction.id)
        .where(paid, Transaction.email != "")
        .where(_is_due(Mail.id, "notices.receipt", Transaction.id))
    )
    for payment, found in rows:
        mail: Mail | None = found
        began, ours = payment.created_at, f"{payment.money_paid} to {payment.email}"
        if mail is None:
            about = {"payment": ours, "receipt": "nothing"}
            yield Difference("receipt_missing", payment.id, began, payment.id, about)
            continue
        tells = not payment.paid or str(payment.money_paid) in mail.text  # a receipt of nothing
        if mail.recipient != payment.email or not tells:
            says = mail.subject if tells else f"{mail.subject}, without that amount,"
            about = {"payment": ours, "receipt": f"{says} to {mail.recipient}"}
            yield Difference("receipt_differs", payment.id, began, payment.id, about)
        if mail.state == "undelivered" or _is_forgotten(session, mail):
            about = {"payment": ours, "receipt": f"{mail.state} to {mail.recipient}"}
            yield Difference("receipt_not_sent", mail.id, began, payment.id, about)


def _is_forgotten(session: Session, mail: Mail) -> bool:
    """Whether it is to be sent, and no message would."""
    waits = _waits(mails.SEND, mail.id)
    return mail.state in {"queued", "sending"} and not session.scalar(select(waits))


def _is_due(
    found: InstrumentedAttribute[str], command: str, about: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """It is there, or no message would still make it."""
    return or_(found.is_not(None), ~_waits(command, about))


def _waits(command: str, subject: InstrumentedAttribute[str] | str) -> ColumnElement[bool]:
    return exists().where(Message.subject == subject, Message.command == command, *OPEN)


def _payments_told(session: Session, paid: ColumnElement[bool]) -> Iterator[Difference]:
    rows = session.execute(
        select(Transaction, WebhookEvent, PaymentRecord.payable_id)
        .outerjoin(WebhookEvent, _event_of(Transaction.id, PAYMENT_EVENTS[State.COMPLETE]))
        .join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
        .where(paid, PaymentRecord.role == MERCHANT)
        .where(_is_due(WebhookEvent.id, "notices.announce_payment", Transaction.id))
    )
    for payment, event, payee in rows:
        kind = _kind(event, "merchant_event_missing", "payment", payment.money_paid, payee)
        if kind is not None:
            about = {"here": f"{payment.money_paid} of {payee}", "told": _say(event)}
            yield Difference(kind, payment.id, payment.created_at, payment.id, about)


def _refunds_told(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    """Of those that were paid; of another, Stripe only let a hold go."""
    for state, told_as in REFUND_EVENTS.items():
        rows = session.execute(
            select(Refund, WebhookEvent, PaymentRecord.payable_id)
            .outerjoin(WebhookEvent, _event_of(Refund.id, told_as))
            .join(PaymentRecord, PaymentRecord.transaction_id == Refund.transaction_id)
            .where(
                scope,
                Refund.state == state,
                or_(Refund.error_code.is_(None), Refund.error_code != NEVER_PAID_CODE),
                Refund.state_at < database_now(-TOLD_WITHIN_SECONDS),
                PaymentRecord.role == MERCHANT,
                _is_due(WebhookEvent.id, "notices.announce_refund", Refund.id),
            )
        )
        for refund, event, payee in rows:
            kind = _kind(event, "refund_event_missing", "refund", refund.money, payee)
            if kind is not None:
                about = {"refund": refund.id, "here": f"{refund.money} of {payee}"}
                about["told"] = _say(event)
                yield Difference(kind, refund.id, refund.created_at, refund.transaction_id, about)


def _event_of(about: InstrumentedAttribute[str], event: str) -> ColumnElement[bool]:
    """As `announce` names it."""
    return WebhookEvent.id == literal("webhook_") + about + literal(f"_{event}")


def _kind(
    event: WebhookEvent | None, missing: str, what: str, ours: Money, payee: str
) -> str | None:
    """How an event differs from what it is about."""
    if event is None:
        return missing
    told = (*_told(event, what), event.merchant_id)
    return None if told == (ours.amount, ours.currency, payee) else "merchant_event_differs"


def _told(event: WebhookEvent, what: str) -> tuple[Any, Any]:
    try:
        said = as_object(as_object(as_object(json.loads(event.body)).get("data")).get(what))
    except ValueError:
        return None, None
    return said.get("amount"), said.get("currency")


def _say(event: WebhookEvent | None) -> str:
    if event is None:
        return "nothing"
    what = "refund" if event.type.startswith("refund") else "payment"
    return f"{money(*_told(event, what))} of {event.merchant_id}"
