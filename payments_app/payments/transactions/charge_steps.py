"""charge_steps: what a charge keeps, each step a database transaction: see charge."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Later
from payments_app.gateway.results import Answer
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.transactions import expire, supersede
from payments_app.payments.transactions.apply_stripe_state import note_call
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot, snapshot_of
from payments_app.payments.transactions.keep_answer import keep_card, keep_intent
from payments_app.payments.transactions.leave import asks_for_card, unknown_kind, why_not_charged

OVERTAKEN_SECONDS = 5.0


@atomic
def begin(session: Session, transaction_id: str) -> ChargeSnapshot | Later | None:
    """What there is to charge, with its parameters stored; None where nothing is (any more). What
    to wait for, where nothing was confirmed and another process must charge it."""
    transaction, now, earlier, asks = states.lock_with(
        session,
        transaction_id,
        database_now(),
        supersede.earlier_open(transaction_id),
        asks_for_card(transaction_id),
    )
    if transaction.phase not in (Phase.CREATED, Phase.PROCESSING):
        return None
    unknown = transaction.card_fingerprint is None and transaction.confirm_sent_at is None
    asked = {"earlier_open": earlier, "asks_for_card": asks and unknown}
    snapshot = replace(snapshot_of(session, transaction, now), **asked)
    if snapshot.late and not snapshot.create_sent:
        expire.end_unsent(session, transaction)
        return None
    undecided = not snapshot.late and not snapshot.confirm_sent
    if undecided and (passed_on := unknown_kind(session, transaction, now)):
        return passed_on
    if snapshot.customer is None:
        transaction.create_sent_at = transaction.create_sent_at or database_now()
    if transaction.phase == Phase.CREATED:
        states.move(session, transaction, Phase.PROCESSING, actor="worker")
    return snapshot


@atomic
def known(session: Session, transaction_id: str, stripe_customer_id: str) -> ChargeSnapshot:
    """Stripe knows the customer now: the intent can be created for them."""
    transaction, now = states.lock_with(session, transaction_id, database_now())
    transaction.stripe_customer_id = transaction.stripe_customer_id or stripe_customer_id
    snapshot = snapshot_of(session, transaction, now)
    transaction.create_sent_at = transaction.create_sent_at or database_now()
    return snapshot


@atomic
def card_read(session: Session, transaction_id: str, answer: Answer) -> None:
    """Keep which card is to be charged, where Stripe says it."""
    transaction = states.lock(session, transaction_id)
    note_call(session, transaction_id, answer)
    if answer.body is not None:
        keep_card(transaction, answer.body.get("payment_method_preview") or answer.body)


@atomic
def created(
    session: Session, transaction_id: str, answer: Answer
) -> tuple[ChargeSnapshot, dict[str, Any] | Later | None]:
    """Keep the intent's id and that it is confirmed next, in one; with what stands against it."""
    transaction, now = states.lock_with(session, transaction_id, database_now())
    note_call(session, transaction_id, answer)
    keep_intent(transaction, answer.expect_body())
    snapshot = snapshot_of(session, transaction, now)
    if snapshot.confirm_sent:
        return snapshot, None
    return snapshot, _mark_confirming(session, transaction, now)


@atomic
def confirming(
    session: Session, transaction_id: str, key_number: int
) -> dict[str, Any] | Later | None:
    """Mark that it is confirmed next; not where another worker uses keys of a later number."""
    transaction, now = states.lock_with(session, transaction_id, database_now())
    if transaction.key_number != key_number:
        reason = f"another worker uses keys number {transaction.key_number}"
        return Later(OVERTAKEN_SECONDS, reason)
    return _mark_confirming(session, transaction, now)


def _mark_confirming(
    session: Session, transaction: Transaction, now: dt.datetime
) -> dict[str, Any] | Later | None:
    """From here on money may move: whoever comes next must read the intent first. Returns why it
    must not be sent, where that is so: an error to end with, or what to wait for."""
    if passed_on := unknown_kind(session, transaction, now):
        return passed_on
    left = why_not_charged(session, transaction, now)
    if left is None:
        transaction.confirm_sent_at = transaction.confirm_sent_at or database_now()
    return left
