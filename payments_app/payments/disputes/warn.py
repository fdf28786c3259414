"""warn: a bank says that a payment was fraud, before anybody disputes it. Staff decide.

Source: https://docs.stripe.com/disputes/measuring#early-fraud-warnings
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.session import atomic, note_change
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.command import Claim
from payments_app.gateway.disputes import retrieve_warning, warnings_of
from payments_app.gateway.words import word
from payments_app.payments import states
from payments_app.payments.payment_of import payment_of
from payments_app.payments.read_or_later import read_or_later
from payments_app.payments.transactions.their_own import is_of_their_own
from payments_app.payments.unmatched import mark_matched, read_subject, store_unmatched

OPENED = "fraud_warning.opened"


def warn(subject: str, _claim: Claim) -> None:
    """Read an early fraud warning (`issfr_...`) or all of an intent (`pi_...`) at Stripe, and tell
    staff once which payment each is about. It moves nothing: a refund now may save the dispute and
    its fee, or give away a sale. One whose payment is not known here is set aside, but that of a
    merchant's own sale.

    Raises Later while Stripe can't be read.
    """
    stripe_id, account = read_subject(subject)
    find = warnings_of if stripe_id.startswith("pi_") else _one
    bodies = read_or_later(stripe_id, lambda: find(stripe_id, account))
    for body in bodies:
        if not _tell(body) and not is_of_their_own(body, account):
            _set_aside(body, account)


def _one(warning_id: str, account: str | None) -> list[dict[str, Any]]:
    return [retrieve_warning(warning_id, account).expect_body()]


@atomic
def _tell(session: Session, body: dict[str, Any]) -> bool:
    """False where its payment is not known here."""
    payment = payment_of(session, body)
    if payment is None:
        return False
    states.lock(session, payment.id)
    mark_matched(session, body["id"])
    if _was_told(session, body["id"]):
        return True
    why = (word(body.get("fraud_type")) or "no reason given").replace("_", " ")
    alerts.raise_alert(
        session,
        "early_fraud_warning",
        f"early_fraud_warning:{body['id']}",
        f"{payment.reference} ({payment.money_paid}): "
        f"the card's bank says that it was fraud ({why})",
        severity="critical",
        transaction_id=payment.id,
    )
    history.record(
        session,
        "state",
        OPENED,
        actor="stripe",
        transaction_id=payment.id,
        subject=body["id"],
        reason=why,
    )
    note_change(session, payment.id)
    return True


@atomic
def _set_aside(session: Session, body: dict[str, Any], account: str | None) -> None:
    store_unmatched(session, body, account)


def _was_told(session: Session, warning_id: str) -> bool:
    told = select(HistoryEntry.id).where(
        HistoryEntry.subject == warning_id, HistoryEntry.what == OPENED
    )
    return session.scalar(told.limit(1)) is not None
