"""facts: all that the truth about payments follows from, read for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Row, select, tuple_
from sqlalchemy.orm import Session

from payments_app.attention.models import WorkItem
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import Message
from payments_app.notices.models import Mail
from payments_app.payments.disputes.models import NEEDS_ANSWER, Dispute
from payments_app.payments.disputes.standing import is_over
from payments_app.payments.disputes.taken import taken_of
from payments_app.payments.disputes.warn import OPENED as WARNED
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payment_of import charge_id
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import Refund
from payments_app.payments.retries.request import REQUESTED
from payments_app.payments.retries.under_way import OPENED, REFUSED
from payments_app.payments.retries.verdict import COMMAND as RETRY
from payments_app.payments.truth_facts import DisputeFact, Facts, RefundFact
from payments_app.reconcile.models import Finding

T = TypeVar("T")
COLUMNS = (
    Transaction.id,
    Transaction.phase,
    Transaction.state,
    Transaction.paid.label("paid"),
    Transaction.currency,
    Transaction.error,
    Transaction.attention,
    Transaction.stripe_payment_id,
    charge_id.label("charge"),
)


def facts_of(session: Session, rows: Sequence[Row[Any]]) -> dict[str, Facts]:
    """The facts by payment, of rows of COLUMNS: a few queries, however many they are."""
    ids = [row.id for row in rows]
    refunds, disputes = _refunds(session, ids), _disputes(session, rows)
    warnings, asked = _history(session, ids)
    attempts, released = _attempts(session, ids)
    findings = _findings(session, ids)
    dead = _dead(session, ids, refunds, disputes)
    answered = _answered(session, ids)
    return {
        row.id: Facts(
            id=row.id,
            phase=row.phase,
            state=row.state,
            paid=row.paid,
            error=row.error if isinstance(row.error, dict) else None,
            attempts=attempts.get(row.id),
            released=released,
            gave_intent=row.stripe_payment_id is None and row.charge is not None,
            retry_asked=row.id in asked and all(c != RETRY for _, c in dead.get(row.id, ())),
            refunds=refunds.get(row.id, ()),
            disputes=disputes.get(row.id, ()),
            warnings=warnings.get(row.id, ()),
            findings=findings.get(row.id, ()),
            dead=dead.get(row.id, ()),
            answered=frozenset(answered.get(row.id, ())),
        )
        for row in rows
    }


def payments_of(session: Session, subjects: Iterable[str]) -> set[str]:
    """The payments that these subjects of jobs are about: a payment itself, its refunds, disputes
    and mails."""
    left = list(subjects)
    found: set[str] = set()
    found.update(subject for subject in left if subject.startswith("txn_"))
    for model, prefix in ((Refund, "rfd_"), (Dispute, "dsp_"), (Mail, "ml_")):
        ids = [subject for subject in left if subject.startswith(prefix)]
        if ids:
            owners = select(model.transaction_id).where(model.id.in_(ids))
            found.update(owner for owner in session.scalars(owners) if owner)
    return found


def all_attempts(session: Session, ids: Sequence[str]) -> set[str]:
    """These payments, and every other attempt at what they pay for."""
    attempts, _ = _attempts(session, ids)
    return {*ids, *(id_ for tried in attempts.values() for id_, _ in tried)}


def _by_payment(pairs: Iterable[tuple[Any, T]]) -> dict[Any, list[T]]:
    found: dict[Any, list[T]] = defaultdict(list)
    for owner, fact in pairs:
        found[owner].append(fact)
    return found


def _attempts(
    session: Session, ids: Sequence[str]
) -> tuple[dict[str, list[tuple[str, str]]], frozenset[str]]:
    """By payment, ids and states of all attempts at the same payable, the oldest first; and those
    that are complete and hold it no more."""
    payable = (PaymentRecord.payable_type, PaymentRecord.payable_id)
    pays_for = PaymentRecord.role == Role.PAYS_FOR
    mine = {
        row.transaction_id: (row.payable_type, row.payable_id)
        for row in session.execute(
            select(PaymentRecord.transaction_id, *payable).where(
                PaymentRecord.transaction_id.in_(ids), pays_for
            )
        )
    }
    if not mine:
        return {}, frozenset()
    rows = session.execute(
        select(*payable, Transaction.id, Transaction.state, PaymentRecord.active)
        .join(Transaction)
        .where(tuple_(*payable).in_(sorted(set(mine.values()))), pays_for)
        .order_by(PaymentRecord.id)
    ).all()
    tried = _by_payment(((row.payable_type, row.payable_id), (row.id, row.state)) for row in rows)
    complete = (row for row in rows if row.state == State.COMPLETE)
    released = frozenset(row.id for row in complete if not row.active)
    return {id_: tried[key] for id_, key in mine.items()}, released


def _refunds(session: Session, ids: Sequence[str]) -> dict[str, list[RefundFact]]:
    names = [field.name for field in fields(RefundFact)]
    rows = session.execute(
        select(Refund.transaction_id, *(getattr(Refund, name) for name in names))
        .where(Refund.transaction_id.in_(ids))
        .order_by(Refund.created_at, Refund.id)
    )
    return _by_payment((row[0], RefundFact(*row[1:])) for row in rows)


def _disputes(session: Session, payments: Sequence[Row[Any]]) -> dict[str, list[DisputeFact]]:
    """One in another currency than its payment is about all that was paid."""
    of = {payment.id: payment for payment in payments}
    rows = session.scalars(
        select(Dispute)
        .where(Dispute.transaction_id.in_(of))
        .order_by(Dispute.opened_at, Dispute.id)
        .execution_options(populate_existing=True)
    )
    return _by_payment(
        (
            id_ := row.transaction_id,
            DisputeFact(
                row.id,
                row.state,
                row.amount if row.currency == of[id_].currency else of[id_].paid,
                needs_answer=row.state in NEEDS_ANSWER,
                closed=is_over(row.state, row.funds),
                withdrawn=row.funds == "withdrawn",
                taken=taken_of(row, of[id_].currency, of[id_].paid),
                until=row.due_by.isoformat() if row.due_by else None,
            ),
        )
        for row in rows
    )


def _history(session: Session, ids: Sequence[str]) -> tuple[dict[str, list[str]], set[str]]:
    """Early fraud warnings by payment, and the payments of which a retry is not answered yet."""
    rows = session.execute(
        select(HistoryEntry.transaction_id, HistoryEntry.what, HistoryEntry.subject)
        .where(
            HistoryEntry.transaction_id.in_(ids),
            HistoryEntry.what.in_((WARNED, REQUESTED, OPENED, REFUSED)),
        )
        .order_by(HistoryEntry.id)
    ).all()
    last = {row.transaction_id: row.what for row in rows if row.what != WARNED}
    warned = _by_payment((r.transaction_id, r.subject) for r in rows if r.what == WARNED)
    return warned, {owner for owner, what in last.items() if what == REQUESTED}


def _findings(session: Session, ids: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
    rows = session.execute(
        select(Finding.transaction_id, Finding.id, Finding.kind)
        .where(Finding.transaction_id.in_(ids), Finding.resolved_at.is_(None))
        .order_by(Finding.id)
    )
    return _by_payment((row[0], (row.id, row.kind)) for row in rows)


def _dead(
    session: Session,
    ids: Sequence[str],
    refunds: dict[str, list[RefundFact]],
    disputes: dict[str, list[DisputeFact]],
) -> dict[str, list[tuple[int, str]]]:
    """Dead letters about a payment, its refunds, disputes and mails, by payment."""
    owner_of = {id_: id_ for id_ in ids}
    owner_of |= {fact.id: owner for owner, facts in refunds.items() for fact in facts}
    owner_of |= {fact.id: owner for owner, facts in disputes.items() for fact in facts}
    mails = select(Mail.id, Mail.transaction_id).where(Mail.transaction_id.in_(ids))
    owner_of |= {row.id: row.transaction_id for row in session.execute(mails)}
    rows = session.execute(
        select(Message.subject, Message.id, Message.command)
        .where(
            Message.subject.in_(list(owner_of)),
            Message.dead_at.is_not(None),
            Message.discarded_at.is_(None),
        )
        .order_by(Message.id)
    )
    return _by_payment((owner_of[row.subject], (row.id, row.command)) for row in rows)


def _answered(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    rows = session.execute(
        select(WorkItem.transaction_id, WorkItem.key).where(
            WorkItem.transaction_id.in_(ids), WorkItem.answer.is_not(None)
        )
    )
    return _by_payment((row[0], row.key) for row in rows)
