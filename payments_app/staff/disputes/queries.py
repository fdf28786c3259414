"""Disputes as staff read them: what waits for an answer first, with the time that is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import reference
from payments_app.core.web.part import Part, part_of, scalars_of
from payments_app.gateway.words import describe_unknown, word
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.payments.disputes.answer_models import DRAFT, SENDING, SENT, DisputeAnswer
from payments_app.payments.disputes.models import NEEDS_ANSWER, REASONS, Dispute
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.unmatched import UnmatchedObject
from payments_app.staff.cells import DASHBOARD, in_words, said
from payments_app.staff.zones import When, time_left, when

PAGE = 50
SOON = dt.timedelta(days=7)
_ANSWERED = {
    (DRAFT, False): "Draft",
    (SENDING, False): "Being submitted",
    (SENT, False): "Submitted",
    (SENDING, True): "Being accepted",
    (SENT, True): "Accepted",
}


@dataclass(frozen=True)
class DisputeRow:
    """One dispute for a page. `left` is the time until its deadline in words, None where no
    answer is asked for, `soon` where it is within SOON; `answered` says how far its answer is,
    empty where there is none."""

    id: str
    state: str
    reason: str
    amount: str
    email: str
    transaction_id: str
    reference: str
    opened: When | None
    due: When | None
    left: str | None
    soon: bool
    stripe_id: str
    stripe_url: str
    answered: str
    is_inquiry: bool


@dataclass(frozen=True)
class SetAside:
    """What Stripe tells of a payment that is not known here. `says` is its status there, or what
    the bank said, in Stripe's own word."""

    kind: str
    stripe_id: str
    amount: str
    says: str
    account: str | None
    intent: str | None
    charge: str | None
    found: When | None


def store_unmatched(session: Session, zone: ZoneInfo) -> Part:
    """What is about no payment that is known here, the newest first."""
    query = (
        select(UnmatchedObject)
        .where(UnmatchedObject.matched_at.is_(None))
        .order_by(UnmatchedObject.found_at.desc(), UnmatchedObject.stripe_id)
    )
    part = scalars_of(session, query, "unmatched", 2 * PAGE)
    return part.of(
        SetAside(
            kind=in_words(row.kind) or row.kind,
            stripe_id=row.stripe_id,
            amount=f"{word(told.get('amount')) or ''} {word(told.get('currency')) or ''}".strip(),
            says=describe_unknown(told.get("status") or told.get("fraud_type")),
            account=row.account,
            intent=row.payment_intent,
            charge=row.charge,
            found=when(row.found_at, zone),
        )
        for row in part.rows
        for told in [as_object(row.stripe_data)]
    )


def items_of(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """What the orders of these payments hold, by payment: "2 \u00d7 Mug, 1 \u00d7 Bag"."""
    rows = session.execute(
        select(PaymentRecord.transaction_id, OrderLine.quantity, OrderLine.name)
        .join(OrderLine, OrderLine.order_id == PaymentRecord.payable_id)
        .where(
            PaymentRecord.transaction_id.in_(ids),
            PaymentRecord.payable_type == Order.payable_type,
            PaymentRecord.role == Role.PAYS_FOR,
        )
        .order_by(OrderLine.name, OrderLine.id)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.transaction_id, []).append(f"{row.quantity} \u00d7 {row.name}")
    return {id_: ", ".join(lines) for id_, lines in found.items()}


def waiting(session: Session, zone: ZoneInfo) -> Part:
    """Disputes that ask for an answer, the nearest deadline first."""
    query = select(Dispute, Transaction.email, Transaction.livemode).join(Transaction)
    asked = query.where(Dispute.state.in_(NEEDS_ANSWER))
    order = Dispute.due_by.nulls_last(), Dispute.id
    part = part_of(session, asked.order_by(*order), "waiting", 2 * PAGE)
    return part.of(_rows(session, part.rows, zone))


def waiting_soon(session: Session) -> int:
    """How many ask for an answer within SOON."""
    soon = Dispute.state.in_(NEEDS_ANSWER) & (Dispute.due_by < utcnow() + SOON)
    return session.scalar(select(func.count()).select_from(Dispute).where(soon)) or 0


def dispute_row(session: Session, dispute: Dispute, zone: ZoneInfo) -> DisputeRow:
    """One dispute for its page."""
    payment = session.get_one(Transaction, dispute.transaction_id)
    (row,) = _rows(session, [(dispute, payment.email, payment.livemode)], zone)
    return row


def newest(
    session: Session, zone: ZoneInfo, before: str | None = None
) -> tuple[list[DisputeRow], str | None]:
    """A page of all disputes, the newest first, from the dispute `before` on; and the id that the
    next page begins after, None on the last one. Raises LookupError for an unknown dispute."""
    query = select(Dispute, Transaction.email, Transaction.livemode).join(Transaction)
    order = tuple_(Dispute.opened_at, Dispute.id)
    if before is not None:
        last = session.get(Dispute, before)
        if last is None:
            raise LookupError(f"there is no dispute {before}")
        query = query.where(order < tuple_(last.opened_at, last.id))
    rows = session.execute(
        query.order_by(Dispute.opened_at.desc(), Dispute.id.desc()).limit(PAGE + 1)
    ).all()
    shown = _rows(session, rows[:PAGE], zone)
    return shown, shown[-1].id if len(rows) > PAGE else None


def _rows(
    session: Session,
    rows: Sequence[Row[Dispute, str, bool]] | Sequence[tuple[Dispute, str, bool]],
    zone: ZoneInfo,
) -> list[DisputeRow]:
    answers = select(
        DisputeAnswer.dispute_id,
        DisputeAnswer.to_state,
        DisputeAnswer.state,
        DisputeAnswer.accepted_at.is_not(None).label("accepted"),
    ).where(DisputeAnswer.dispute_id.in_([dispute.id for dispute, _, _ in rows]))
    states = {
        (row.dispute_id, row.to_state): _ANSWERED.get((row.state, row.accepted))
        for row in session.execute(answers)
    }
    return [
        _row(dispute, email, zone, states.get((dispute.id, dispute.state)), live=live)
        for dispute, email, live in rows
    ]


def _row(
    dispute: Dispute, email: str, zone: ZoneInfo, answer: str | None, *, live: bool
) -> DisputeRow:
    due = dispute.due_by if dispute.needs_answer else None
    mode = "" if live else "/test"
    return DisputeRow(
        id=dispute.id,
        state=dispute.unknown_status or dispute.state_words,
        reason=said(dispute.reason, REASONS),
        amount=str(dispute.money),
        email=email,
        transaction_id=dispute.transaction_id,
        reference=reference(dispute.transaction_id),
        opened=when(dispute.opened_at, zone),
        due=when(due, zone),
        left=time_left(due, utcnow()) if due else None,
        soon=due is not None and due < utcnow() + SOON,
        stripe_id=dispute.stripe_dispute_id,
        stripe_url=f"{DASHBOARD}{mode}/disputes/{quote(dispute.stripe_dispute_id, safe='')}",
        answered=(answer or "No answer yet") if dispute.needs_answer else "",
        is_inquiry=dispute.is_inquiry,
    )
