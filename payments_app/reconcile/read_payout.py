"""read_payout: what went to the bank, and which payments, refunds, disputes and fees it is made of.

Stripe says so of an automatic payout, once it is reconciled. Of a manual one nobody can say.
Source: https://docs.stripe.com/payouts/reconciliation
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.money import code_of
from payments_app.gateway.balance import is_movement
from payments_app.gateway.ids import id_of
from payments_app.gateway.numbers import MOST_AMOUNT, moment, whole
from payments_app.gateway.payouts import movements_in, retrieve_payout
from payments_app.gateway.words import word
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_id
from payments_app.payments.read_or_later import RETRY_SECONDS, read_or_later
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Payout, PayoutLine

READ = "reconcile.read_payout"
_COMPLETED = "completed"


def read(payout_id: str, _claim: Claim) -> None:
    """The command: read a payout of ours at Stripe and keep it; with what it is made of, where
    Stripe says so. Raises Later while Stripe can't be read."""
    bodies = read_or_later(payout_id, lambda: [retrieve_payout(payout_id).expect_body()])
    for body in bodies:
        amount = whole(body.get("amount"), -MOST_AMOUNT, MOST_AMOUNT)
        if amount is None or code_of(body.get("currency")) is None:
            raise Later(RETRY_SECONDS, f"{payout_id} is of no amount")
        lines = _movements(body)
        _keep(body, lines)


def _movements(body: dict[str, Any]) -> list[dict[str, Any]] | None:
    """None while Stripe does not tell them, or never will."""
    if body.get("automatic") is not True or body.get("reconciliation_status") != _COMPLETED:
        return None
    found = read_or_later(body["id"], lambda: list(movements_in(body["id"])))
    if not all(map(is_movement, found)):
        raise Later(RETRY_SECONDS, f"{body['id']}: a balance transaction can't be read")
    return found


@atomic
def _keep(session: Session, body: dict[str, Any], movements: list[dict[str, Any]] | None) -> None:
    payout = session.get(Payout, body["id"], with_for_update=True, populate_existing=True)
    if payout is None:
        payout = Payout(id=body["id"])
        session.add(payout)
    _take(payout, body)
    session.flush()
    if movements is None:
        return
    # Copies of Stripe's, and whose they are as far as it is known by now.
    session.execute(delete(PayoutLine).where(PayoutLine.payout_id == payout.id))
    owners = owners_of(session, [id_of(each.get("source")) or "" for each in movements])
    session.add_all(_line(payout, each, owners) for each in movements)
    payout.listed_at = database_now()


def _take(payout: Payout, body: dict[str, Any]) -> None:
    made_at = moment(body.get("created")) or utcnow()
    payout.amount, payout.currency = body["amount"], body["currency"].lower()
    payout.automatic = body.get("automatic") is True
    payout.status = word(body.get("status")) or "unknown"
    payout.trace = word(as_object(body.get("trace_id")).get("value"), 80)
    payout.arrives_at = moment(body.get("arrival_date")) or made_at
    payout.made_at = made_at
    payout.stripe_data = body
    payout.read_at = database_now()


def _line(
    payout: Payout, movement: dict[str, Any], owners: dict[str, tuple[str, str]]
) -> PayoutLine:
    source = id_of(movement.get("source")) or ""
    about, transaction_id = owners.get(source, (None, None))
    return PayoutLine(
        id=movement["id"],
        payout_id=payout.id,
        type=word(movement.get("type"), 60) or "",
        source=source,
        amount=movement["amount"],
        fee=movement["fee"],
        net=movement["net"],
        currency=movement["currency"].lower(),
        made_at=moment(movement.get("created")) or payout.made_at,
        about=about,
        transaction_id=transaction_id,
    )


def owners_of(session: Session, sources: list[str]) -> dict[str, tuple[str, str]]:
    """Our id and our payment's of each source that is known here: a charge, a refund, a dispute, a
    merchant's share or our fee of it."""
    queries = (
        select(ConnectRecord.stripe_id, ConnectRecord.transaction_id, ConnectRecord.transaction_id),
        select(charge_id, Transaction.id, Transaction.id),
        select(Refund.stripe_refund_id, Refund.id, Refund.transaction_id),
        select(Dispute.stripe_dispute_id, Dispute.id, Dispute.transaction_id),
    )
    keys = (ConnectRecord.stripe_id, charge_id, Refund.stripe_refund_id, Dispute.stripe_dispute_id)
    owners: dict[str, tuple[str, str]] = {}
    for start in range(0, len(sources), _MANY):
        some = [source for source in sources[start : start + _MANY] if source]
        for query, key in zip(queries, keys, strict=True):
            rows = session.execute(query.where(key.in_(some)))
            owners |= {str(source): (about, payment) for source, about, payment in rows}
    return owners


_MANY = 1000  # sources in one query
