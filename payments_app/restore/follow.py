"""follow: what follows restored payments in our own books alone: ledger, settlement, customers and
subscriptions. Nobody outside is told of it, and nothing is handed over."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.leases import claim_one
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.core.jobs.perform import perform
from payments_app.payments.connect.read import READ_BY_CHARGE, READ_BY_REFUND
from payments_app.payments.connect.records import READ

FOLLOWED = (
    "customers.on_payment",
    "ledger.post_capture",
    "ledger.post_connect",
    "ledger.post_dispute",
    "ledger.post_fee",
    "ledger.post_refund",
    "payment_requests.on_decline",
    "payment_requests.on_dispute",
    "settlement.capture",
    "settlement.dispute",
    "settlement.missing",
    "settlement.posted",
    "settlement.refund",
    "subscriptions.on_dispute",
    "subscriptions.on_payment",
    "subscriptions.on_refund",
    READ,
    READ_BY_CHARGE,
    READ_BY_REFUND,
)
_SOON = 600.0  # seconds: what waits so long was put off for what was not there yet
_PASSES = 4  # one message stages the next


def follow() -> int:
    """Do the messages of FOLLOWED, also those that are due soon; return how many were done. What
    is put off again is left to the workers, later."""
    done = 0
    for _ in range(_PASSES):
        waiting = _waiting()
        for message_id in waiting:
            claim = claim_one(message_id)
            if claim is not None:
                perform(claim)
                done += 1
        if not waiting:
            break
    return done


@atomic
def _waiting(session: Session) -> list[int]:
    soon = Message.available_at <= database_now(_SOON)
    return list(
        session.scalars(
            select(Message.id)
            .where(Message.command.in_(FOLLOWED), soon, *OPEN)
            .order_by(Message.available_at, Message.id)
        )
    )
