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
from payments_app.gateway.disputes import retrieve_warning
from payments_app.gateway.words import word
from payments_app.payments import states
from payments_app.payments.payment_of import payment_of
from payments_app.payments.read_or_later import read_or_later
from payments_app.payments.unmatched import read_subject

OPENED = "fraud_warning.opened"


def warn(subject: str, _claim: Claim) -> None:
    """Read an early fraud warning (`issfr_...`) at Stripe, and tell staff once which payment it is
    about. It moves nothing: a refund now may save the dispute and its fee, or give away a sale.

    Raises Later while Stripe can't be read.
    """
    stripe_id, account = read_subject(subject)
    bodies = read_or_later(stripe_id, lambda: [retrieve_warning(stripe_id, account).expect_body()])
    for body in bodies:
        _tell(body)


@atomic
def _tell(session: Session, body: dict[str, Any]) -> None:
    payment = payment_of(session, body)
    if payment is None:
        return
    states.lock(session, payment.id)
    if _was_told(session, body["id"]):
        return
    why = (word(body.get("fraud_type")) or "no reason given").replace("_", " ")
    alerts.raise_alert(
        session,
        "early_fraud_warning",
        f"early_fraud_warning:{body['id']}",
        f"{payment.id} ({payment.money_paid}): the card's bank says that it was fraud ({why}). "
        "Refund it if you can't prove the sale: a dispute would cost its fee as well",
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


def _was_told(session: Session, warning_id: str) -> bool:
    told = select(HistoryEntry.id).where(
        HistoryEntry.subject == warning_id, HistoryEntry.what == OPENED
    )
    return session.scalar(told.limit(1)) is not None
