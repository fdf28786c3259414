"""receive: store an event once, with the message that works on it. No call to Stripe is made.

Safe from duplicates, also in parallel, because the event's id is the table's key: whoever comes
second counts one more delivery, and stages nothing.
"""

from __future__ import annotations

import datetime as dt

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.jobs import outbox
from payments_app.gateway.events import Event
from payments_app.inbound.kinds import PROCESS, Handling, handling_of
from payments_app.inbound.models import IGNORED, PROCESSED, QUARANTINED, RECEIVED, StripeEvent
from payments_app.merchants.accounts import account_at_stripe
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import payment_of
from payments_app.payments.transactions.their_own import is_their_own
from payments_app.payments.unmatched import subject_of

LATE_EVENT_SECONDS = 300  # an event this old was delayed, or sent again after it failed
_WORTH_KEEPING = ("status", "reason", "amount", "currency", "attempt_count", "billing_reason")


@atomic
def receive(session: Session, event: Event) -> str:
    """Store the event; answer `new`, `late` (new, and LATE_EVENT_SECONDS old) or `duplicate`.

    An event of the other mode, or of an account that is not ours, is quarantined with an alert.
    """
    handling = handling_of(event)
    created = dt.datetime.fromtimestamp(event.created, dt.UTC)
    transaction_id = _transaction_of(session, event)
    state, reason = _state(session, event, handling, transaction_id)
    fresh = insert_once(
        session,
        StripeEvent,
        id=event.id,
        type=event.type,
        object_id=event.object_id,
        account=event.account,
        livemode=event.livemode,
        state=state,
        reason=reason,
        transaction_id=transaction_id,
        created_at=created,
        ended_at=None if state == RECEIVED else database_now(),
    )
    late = (utcnow() - created).total_seconds() > LATE_EVENT_SECONDS
    delivery = ("late" if late else "new") if fresh else "duplicate"
    if state != IGNORED:
        _record(session, event, delivery, transaction_id, reason)
    if not fresh:
        _count_delivery(session, event)
    elif state == QUARANTINED:
        alert(session, event.id, event.type, reason or "")
    elif state != IGNORED and handling is not None:
        _stage(session, event, handling)
    return delivery


def alert(session: Session, event_id: str, kind: str, reason: str) -> None:
    """Tell a person of an event that does not fit."""
    alerts.raise_alert(
        session,
        "webhook_quarantined",
        f"webhook:{event_id}",
        f"Stripe's event {event_id} ({kind}) was set aside, and nothing was moved: {reason}",
        severity="critical",
        event=event_id,
    )


def _state(
    session: Session, event: Event, handling: Handling | None, transaction_id: str | None
) -> tuple[str, str | None]:
    if handling is None:
        return IGNORED, None
    live = current_app.config["CONFIG"].live
    if live and not event.livemode and event.account is not None:
        # https://docs.stripe.com/connect/webhooks: a live endpoint gets these as well.
        return IGNORED, f"it is of test mode, of account {event.account}"
    if event.livemode != live:
        return QUARANTINED, f"it is not of {'live' if live else 'test'} mode, as our key is"
    # News of an account itself may come before the answer that made it: Stripe knows whose it is.
    is_foreign = event.account is not None and not _is_ours(session, event.account)
    if is_foreign and not handling.of_account:
        return QUARANTINED, f"it is of account {event.account}, which is not connected to ours"
    if transaction_id is None and _is_their_own(session, event, handling):
        return IGNORED, f"it is of no payment that {event.account} took by us, as far as is known"
    if _subject(event, handling) is None:
        return QUARANTINED, "its object names nothing that could be read again"
    return (RECEIVED if handling.command == PROCESS else PROCESSED), None


def _is_their_own(session: Session, event: Event, handling: Handling) -> bool:
    """Whether an event of a merchant's account about no payment here is of what they do there
    without us, by the event and our tables alone: of those there may be any number, and ours would
    wait while Stripe is asked whose each is. A payment of ours that is not here yet brings its
    refunds, disputes and early fraud warnings along (import_intent)."""
    if event.account is None or handling.of_ours:
        return False
    return handling.names_account or (
        "application" in event.content and is_their_own(session, event.content, event.account)
    )


def _is_ours(session: Session, account: str) -> bool:
    if account_at_stripe(session, account) is not None:
        return True
    known = select(Transaction.id).where(Transaction.connected_account_id == account).limit(1)
    return session.scalar(known) is not None


def _subject(event: Event, handling: Handling) -> str | None:
    if handling.of_account:
        return event.account
    return event.names(handling.subject) or event.object_id


def _stage(session: Session, event: Event, handling: Handling) -> None:
    command, subject = handling.command, _subject(event, handling)
    if handling.of_ours and event.account is not None:
        return
    if command == PROCESS:
        outbox.stage(session, PROCESS, event.id)
    elif command is not None and subject is not None:
        about = subject_of(subject, event.account) if handling.names_account else subject
        if not outbox.is_waiting(session, command, about):  # which reads what this tells of
            key = f"{command}:{subject}:{event.id}"
            outbox.stage(session, command, about, key=key, queue="payment_critical")


def _transaction_of(session: Session, event: Event) -> str | None:
    """The transaction whose timeline the event belongs to, where it is known already."""
    is_intent = event.type.startswith(("payment_intent.", "setup_intent."))
    about = {"payment_intent": event.object_id} if is_intent else event.content
    found = payment_of(session, about)
    return found.id if found is not None else None


def _record(
    session: Session, event: Event, delivery: str, transaction_id: str | None, reason: str | None
) -> None:
    told = {name: event.content.get(name) for name in _WORTH_KEEPING}
    history.record(
        session,
        "webhook",
        f"webhook.{event.type}",
        actor="stripe",
        transaction_id=transaction_id,
        subject=event.object_id,
        event=event.id,
        delivery=delivery,
        reason=reason,
        customer=event.names("customer"),
        object={name: value for name, value in told.items() if _is_plain(value)} or None,
    )


def _is_plain(value: object) -> bool:
    """A word or a number that any database stores."""
    if isinstance(value, str):
        return value.isascii() and value.isprintable() and len(value) <= 80
    return type(value) is int and abs(value) < 2**53


def _count_delivery(session: Session, event: Event) -> None:
    session.execute(
        update(StripeEvent)
        .where(StripeEvent.id == event.id)
        .values(deliveries=StripeEvent.deliveries + 1)
    )
