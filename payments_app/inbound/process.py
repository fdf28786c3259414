"""process: read the object of an event at Stripe again, and apply what it says to our payment.

Safe from duplicates and from any order because the event decides nothing: what counts is the
object as it stands at Stripe now, and the table of legal moves.
"""

from __future__ import annotations

from typing import NoReturn

from flask import current_app
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.calls import NEW_STATUS
from payments_app.gateway.results import Answer, UnreadableError, Verdict
from payments_app.gateway.words import alert_unknown_word
from payments_app.inbound.import_intent import IMPORTED_ON, came_to_something, import_intent
from payments_app.inbound.lost import close_if_restored
from payments_app.inbound.match import MismatchError, check_importable, is_new, match
from payments_app.inbound.models import PROCESSED, QUARANTINED, RECEIVED, StripeEvent
from payments_app.inbound.receive import alert
from payments_app.payments.payment_of import payment_of
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state, note_call
from payments_app.payments.transactions.stripe_metadata import read_metadata

MAX_READS = 65  # at an intent whose status we do not know: for about an hour
WAITS = (1.0, 2.0, 5.0, 15.0, 60.0)  # seconds; the last one again and again
APPLIED_VERDICTS = frozenset(
    {*IMPORTED_ON, Verdict.PROCESSING, Verdict.REQUIRES_ACTION, Verdict.CANCELED}
)


def process(event_id: str, claim: Claim) -> None:
    """Work on one stored event; do nothing to one that was worked on.

    Raises Later while Stripe or a payment of ours is not ready.
    """
    event = _waiting(event_id)
    if event is None or event.object_id is None:
        return
    answer = charges.retrieve_intent(event.object_id, event.account)
    unread = answer.verdict in (Verdict.LATER, Verdict.UNKNOWN, Verdict.MISCONFIGURED)
    if unread and answer.error_code != NEW_STATUS:
        _put_off(event_id, claim, f"retrieve: {answer.error_code}", answer.retry_after or 0)
    try:
        if unread:
            _keep_unknown_status(event, answer, claim)
        transaction_id = _apply(event, answer, claim)
    except MismatchError as mismatch:
        _quarantine(event_id, str(mismatch))
    except UnreadableError as error:
        _put_off(event_id, claim, str(error))
    else:
        _processed(event_id, transaction_id)


def _apply(event: StripeEvent, answer: Answer, claim: Claim) -> str | None:
    """Apply the intent's state to our payment; its id, or None where there is nothing to do."""
    if answer.body is None:
        raise MismatchError(f"our account at Stripe has no {event.object_id}")
    intent = answer.body
    if bool(intent.get("livemode")) != current_app.config["CONFIG"].live:
        raise MismatchError(f"{event.object_id} is of the other mode than our key")
    transaction_id = match(intent, event.account)
    is_news = is_new(transaction_id, intent, event.account)
    if is_news and read_metadata(intent) is not None:
        close_if_restored()
        _put_off(event.id, claim, "it is of a payment of ours that is not here")
    if is_news and came_to_something(answer):
        if answer.verdict == Verdict.SUCCEEDED and intent.get("latest_charge") is None:
            _put_off(event.id, claim, "Stripe has not written its charge yet")
        check_importable(intent)
        return import_intent(answer, event.account)
    if transaction_id is None or answer.verdict not in APPLIED_VERDICTS:
        return transaction_id
    try:
        phase = apply_stripe_state(transaction_id, answer, fresh=True, actor="webhook")
    except IntegrityError:
        _tell_of_two(transaction_id)
        _put_off(event.id, claim, "what it pays for has another live payment")
    if phase == Phase.CREATED:
        _put_off(event.id, claim, "our own charge has not begun")
    return transaction_id


@atomic
def _waiting(session: Session, event_id: str) -> StripeEvent | None:
    event = session.get_one(StripeEvent, event_id, populate_existing=True)
    return event if event.state == RECEIVED else None


def _keep_unknown_status(event: StripeEvent, answer: Answer, claim: Claim) -> None:
    """The intent has a status that we do not know: our payment stays where it is, and the intent
    is read again, MAX_READS times."""
    message = str((answer.error or {}).get("message"))
    if claim.tries == 0:
        _note_word(event, answer)
    if claim.tries < MAX_READS:
        _put_off(event.id, claim, message)
    raise MismatchError(message)


@atomic
def _note_word(session: Session, event: StripeEvent, answer: Answer) -> None:
    found = payment_of(session, {"payment_intent": event.object_id})
    if found is not None:
        note_call(session, found.id, answer)
    else:
        subject, status = str(event.object_id), answer.expect_body().get("status")
        alert_unknown_word(session, subject, "intent's status", status, event=event.id)


def _put_off(event_id: str, claim: Claim, reason: str, least: float = 0) -> NoReturn:
    if claim.tries == len(WAITS):
        _tell_of_waiting(event_id, reason)
    raise Later(max(least, WAITS[min(claim.tries, len(WAITS) - 1)]), reason)


@atomic
def _processed(session: Session, event_id: str, transaction_id: str | None) -> None:
    event = session.get_one(StripeEvent, event_id, with_for_update=True, populate_existing=True)
    if event.state != RECEIVED:
        return
    event.state, event.ended_at = PROCESSED, database_now()
    event.transaction_id = event.transaction_id or transaction_id
    history.record(
        session,
        "webhook",
        "webhook.processed",
        transaction_id=event.transaction_id,
        subject=event.object_id,
        event=event_id,
        type=event.type,
    )


@atomic
def _quarantine(session: Session, event_id: str, reason: str) -> None:
    event = session.get_one(StripeEvent, event_id, with_for_update=True, populate_existing=True)
    if event.state != RECEIVED:
        return
    event.state, event.reason, event.ended_at = QUARANTINED, reason, database_now()
    alert(session, event_id, event.type, reason)
    history.record(
        session,
        "webhook",
        "webhook.quarantined",
        transaction_id=event.transaction_id,
        subject=event.object_id,
        event=event_id,
        reason=reason,
    )


@atomic
def _tell_of_two(session: Session, transaction_id: str) -> None:
    alerts.raise_alert(
        session,
        "paid_twice",
        f"paid_twice:{transaction_id}",
        f"{transaction_id} had ended, but Stripe says that it succeeded, and what it pays for has "
        "another live payment: one of the two may have to be refunded",
        severity="critical",
        transaction_id=transaction_id,
    )


@atomic
def _tell_of_waiting(session: Session, event_id: str, reason: str) -> None:
    alerts.raise_alert(
        session,
        "webhook_waiting",
        "webhook:waiting",
        f"Stripe's event {event_id} can't be worked on yet: {reason}",
        event=event_id,
    )
