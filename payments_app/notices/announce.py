"""announce: tell a merchant's endpoints what became of a payment, of a refund, or of the consent to
charge a card, once each."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.card_numbers import masked
from payments_app.core.db.clock import database_now, rfc3339
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import advisory_lock, atomic, insert_once
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.merchants.models import Endpoint
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.connect.payee import merchant_of
from payments_app.payments.models import Transaction
from payments_app.payments.payable import find_payable
from payments_app.payments.phases import State
from payments_app.payments.queries import payable_id_of, payable_of
from payments_app.payments.refunds.entitlement import is_whole, tell_of_part
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.said import said

DELIVER = "notices.deliver_webhook"
VERSION = 1  # of the payload: raised when a field changes its meaning or goes away
PAYMENT_EVENTS: dict[str, str] = {
    State.COMPLETE: "payment_captured",
    State.FAILED: "payment_failed",
}
REFUND_EVENTS: dict[str, str] = {
    RefundState.SUCCEEDED: "refund_succeeded",
    RefundState.FAILED: "refund_failed",
}
CONSENT_ENDED = "consent_ended"
_REST_OF_ASKED = (
    "Whoever asked for it may deliver as if all were paid: tell them, send a payment link for the "
    "rest, or refund what was captured"
)


@atomic
def announce_payment(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a payment's end. It announces where the payment is now: one that
    was corrected meanwhile is announced as what it is."""
    transaction = session.get_one(Transaction, transaction_id, populate_existing=True)
    event = PAYMENT_EVENTS.get(transaction.state)
    if event:
        data = {"payment": serialise_payment(session, transaction)}
        _announce(session, transaction.id, transaction.id, event, data)
    if transaction.state == State.COMPLETE and transaction.paid < transaction.amount:
        _tell_of_asked(session, transaction)


def _tell_of_asked(session: Session, transaction: Transaction) -> None:
    """An application may read no more of the event than its name, so a person is told as well."""
    asked_id = payable_id_of(session, transaction.id, PaymentRequest.payable_type)
    asked = session.get(PaymentRequest, asked_id) if asked_id else None
    if asked is not None and not is_whole(transaction, asked.price):
        tell_of_part(session, transaction, asked.id, asked.price, _REST_OF_ASKED)


@atomic
def announce_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Runs after a refund's end."""
    refund = session.get_one(Refund, refund_id, populate_existing=True)
    event = REFUND_EVENTS.get(refund.state)
    if event:
        transaction = session.get_one(Transaction, refund.transaction_id, populate_existing=True)
        data = {
            "payment": serialise_payment(session, transaction),
            "refund": {
                "id": refund.id,
                "gateway_id": refund.stripe_refund_id,
                "amount": refund.amount,
                "currency": refund.currency,
                "state": refund.state,
            },
        }
        _announce(session, refund.id, transaction.id, event, data)


@atomic
def announce_consent(session: Session, consent_id: str, _claim: Claim) -> None:
    """Runs after the end of a consent to charge a card. The payment is the one by which it was
    given; whose customer that is its own application reads there, and no other."""
    consent = session.get_one(CardConsent, consent_id, populate_existing=True)
    if consent.withdrawn_at is None:
        return
    paid = session.get_one(Transaction, consent.transaction_id, populate_existing=True)
    data = {
        "payment": serialise_payment(session, paid),
        "consent": {
            "id": consent.id,
            "card": consent.card_id,
            "version": consent.version,
            "given_at": rfc3339(consent.given_at),
            "ended_at": rfc3339(consent.withdrawn_at),
            "reason": consent.ended_why,
        },
    }
    _announce(session, consent.id, paid.id, CONSENT_ENDED, data)


def serialise_payment(session: Session, transaction: Transaction) -> dict[str, Any]:
    """A payment as merchants read it. Amounts in minor units, times in UTC by RFC 3339. `amount`
    is what was captured of `amount_requested`; until something is, the same."""
    payable = payable_of(session, transaction.id)
    complete, failed = transaction.state == State.COMPLETE, transaction.state == State.FAILED
    return {
        "id": transaction.id,
        "gateway_id": transaction.stripe_payment_id,
        "merchant": merchant_of(session, transaction.id),
        "state": transaction.state,
        "phase": transaction.phase,
        "amount": transaction.paid if complete else transaction.amount,
        "amount_requested": transaction.amount,
        "currency": transaction.currency,
        "platform_fee": transaction.fee_taken,
        "description": transaction.description,
        "reference": transaction.reference,
        "email": transaction.email,
        "paid_for": _paid_for(session, payable) if payable else None,
        "error_code": transaction.error_code if failed else None,
        "livemode": transaction.livemode,
        "created_at": rfc3339(transaction.created_at),
        "ended_at": rfc3339(transaction.ended_at) if transaction.ended_at else None,
    }


def _paid_for(session: Session, payable: tuple[str, str]) -> dict[str, Any]:
    found = find_payable(session, payable[1])
    # A host takes them from anywhere: whoever reads the event gets no card's number.
    facts: dict[str, Any] = (
        said(lambda: masked(_as_sent(found.public_facts())), {}) if found else {}
    )
    named = {"type": payable[0], "id": payable[1]}
    return named | facts | named


def _as_sent(facts: dict[str, Any]) -> dict[str, Any]:
    """Raises TypeError and ValueError for what no JSON holds."""
    json.dumps(facts, allow_nan=False)
    return dict(facts)


def _announce(
    session: Session, about: str, transaction_id: str, event: str, data: dict[str, Any]
) -> None:
    """Store the event and a delivery to each endpoint that is switched on and asks for it, each
    with a message of its own: an endpoint in trouble holds up no other."""
    key = f"webhook_{about}_{event}"
    merchant_id = merchant_of(session, transaction_id)
    # Who polls goes on after the last one: none may commit behind one of a later moment.
    advisory_lock(session, f"events:{merchant_id}")
    now = session.execute(select(database_now())).scalar_one()
    body = {"id": key, "type": event, "version": VERSION, "timestamp": rfc3339(now), "data": data}
    fresh = insert_once(
        session,
        WebhookEvent,
        id=key,
        type=event,
        merchant_id=merchant_id,
        transaction_id=transaction_id,
        body=json.dumps(body, separators=(",", ":")),
    )
    if not fresh:
        return
    switched_on = select(Endpoint).where(Endpoint.merchant_id == merchant_id, Endpoint.enabled)
    for endpoint in session.scalars(switched_on.order_by(Endpoint.id)):
        if endpoint.topics is None or event in endpoint.topics:
            stage_first(session, key, endpoint.id)


def stage_first(session: Session, event_id: str, endpoint_id: str) -> None:
    """Store the delivery of an event to an endpoint that it has not been sent to, and its
    message."""
    delivery_id = new_id("whd")
    insert_once(session, Delivery, id=delivery_id, event_id=event_id, endpoint_id=endpoint_id)
    outbox.stage(session, DELIVER, delivery_id)
