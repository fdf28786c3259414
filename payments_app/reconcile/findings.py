"""findings: the names of all differences, and keeping them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import insert_once, note_change
from payments_app.reconcile.models import Finding

TOLD_EACH = 5  # open findings of a kind, each with an alert of its own
SHOWN = 200  # findings on a page


@dataclass(frozen=True)
class Kind:
    """What a difference is called in words, how bad it is, and what mends it safely."""

    words: str
    severity: str
    fix: str | None = None
    windowed: bool = True  # looked for among the payments of the run's window only


KINDS = {
    "paid_at_stripe_not_here": Kind(
        "Stripe has the money, and the payment is not complete here",
        "critical",
        "apply_stripe_state",
    ),
    "complete_here_not_at_stripe": Kind(
        "complete here, and Stripe does not say that it succeeded", "critical"
    ),
    "amount_differs": Kind("amount or currency is not the same at Stripe", "critical"),
    "status_unknown": Kind("Stripe says a status that we do not know", "warning"),
    "second_intent": Kind("Stripe has a second intent for one payment", "critical"),
    "unknown_intent": Kind("an intent at Stripe that is no payment of ours", "warning"),
    "ended_here_open_at_stripe": Kind(
        "cancelled here, and the intent could still be paid", "warning", "close_intent"
    ),
    "missing_ledger_entry": Kind("complete, and not in the ledger", "critical", "post_capture"),
    "ledger_without_payment": Kind("in the ledger, and the payment is not complete", "critical"),
    "ledger_amount_differs": Kind("the ledger has another amount than the payment", "critical"),
    "stuck_pending": Kind(
        "pending, and nothing is scheduled that would end it", "critical", "revive", windowed=False
    ),
    "refund_differs": Kind(
        "a refund at Stripe is not here, or in another state", "warning", "refresh_refund"
    ),
    "dispute_differs": Kind(
        "a dispute at Stripe is not here, or in another state", "critical", "refresh_dispute"
    ),
    "refund_not_in_ledger": Kind(
        "the ledger does not say what became of the refund", "critical", "post_refund"
    ),
    "dispute_not_in_ledger": Kind(
        "the ledger does not say what the dispute took or gave back", "critical", "post_dispute"
    ),
    "fee_not_in_ledger": Kind("what Stripe took for it is not known here", "warning", "post_fee"),
    "not_settled": Kind(
        "in the ledger, and in no settlement line of its merchant", "critical", "settle_lines"
    ),
    "settlement_differs": Kind(
        "a settlement line has another amount than its ledger journals", "critical"
    ),
    "stuck_refund": Kind(
        "an open refund, and nothing is scheduled that would end it",
        "critical",
        "revive_refund",
        windowed=False,
    ),
    "orphan_active_record": Kind(
        "whether the payment holds its order says otherwise than its state",
        "critical",
        "correct_active_record",
    ),
}


@dataclass(frozen=True)
class Difference:
    """One difference as it was just seen, not stored yet."""

    kind: str
    subject: str
    about_at: dt.datetime
    transaction_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def keep(
    session: Session, differences: Iterable[Difference], since: dt.datetime, until: dt.datetime
) -> int:
    """Store what a whole comparison of [since, until) saw, in the caller's transaction, and close
    what was open and is gone. Returns how many differences there are."""
    seen = {(d.kind, d.subject): d for d in differences}
    fresh = [difference for difference in seen.values() if _keep_one(session, difference)]
    _close_gone(session, list(seen), since, until)
    for kind in sorted({difference.kind for difference in fresh}):
        _tell(session, kind, [difference for difference in fresh if difference.kind == kind])
    return len(seen)


def count_open(session: Session) -> int:
    """How many are open."""
    return session.scalar(select(func.count()).where(Finding.resolved_at.is_(None))) or 0


def open_findings(session: Session, limit: int | None = SHOWN) -> Sequence[Finding]:
    """What is open, worst and newest first; all of it without a `limit`."""
    return session.scalars(
        select(Finding)
        .where(Finding.resolved_at.is_(None))
        .order_by(Finding.severity, Finding.id.desc())
        .limit(limit)
    ).all()


def closed_findings(session: Session, limit: int = 50) -> Sequence[Finding]:
    """What was fixed or is gone, the newest finding first."""
    return session.scalars(
        select(Finding)
        .where(Finding.resolved_at.is_not(None))
        .order_by(Finding.id.desc())
        .limit(limit)
    ).all()


def resolve(session: Session, finding: Finding, resolution: str, actor: str) -> None:
    """Close a finding: `fixed`, or `gone`."""
    finding.resolved_at = database_now()
    finding.resolution, finding.resolved_by = resolution, actor
    _note(session, finding.transaction_id)
    session.flush()


def _note(session: Session, transaction_id: str | None) -> None:
    if transaction_id is not None:
        note_change(session, transaction_id)


def _keep_one(session: Session, difference: Difference) -> bool:
    """Whether it is a new one."""
    kind = KINDS[difference.kind]
    fresh = insert_once(
        session,
        Finding,
        kind=difference.kind,
        subject=difference.subject,
        severity=kind.severity,
        fix=kind.fix,
        transaction_id=difference.transaction_id,
        about_at=difference.about_at,
        details=difference.details,
        times=1,
    )
    if fresh:
        _note(session, difference.transaction_id)
    else:
        session.execute(
            update(Finding)
            .where(
                Finding.kind == difference.kind,
                Finding.subject == difference.subject,
                Finding.resolved_at.is_(None),
            )
            .values(times=Finding.times + 1, seen_at=database_now(), details=difference.details)
        )
    return fresh


def _tell(session: Session, name: str, fresh: list[Difference]) -> None:
    """An alert for each new finding of a kind, but one for all where more than TOLD_EACH are
    open: who gets two hundred mails reads none."""
    kind = KINDS[name]
    still = select(func.count()).where(Finding.kind == name, Finding.resolved_at.is_(None))
    count = session.scalar(still) or 0
    if count > TOLD_EACH:
        words = f"{count} findings are open: {kind.words}. `flask reconcile list` names them all"
        alerts.raise_alert(session, "reconciliation", f"{name}:many", words, severity=kind.severity)
        return
    for difference in fresh:
        alerts.raise_alert(
            session,
            "reconciliation",
            f"{name}:{difference.subject}",
            f"{difference.subject}: {kind.words}",
            severity=kind.severity,
            transaction_id=difference.transaction_id,
            **difference.details,
        )


def _close_gone(
    session: Session, seen: list[tuple[str, str]], since: dt.datetime, until: dt.datetime
) -> None:
    everywhere = [name for name, kind in KINDS.items() if not kind.windowed]
    in_window = (Finding.about_at >= since) & (Finding.about_at < until)
    gone = session.scalars(
        update(Finding)
        .where(
            Finding.resolved_at.is_(None),
            in_window | Finding.kind.in_(everywhere),
            tuple_(Finding.kind, Finding.subject).not_in(seen or [("", "")]),
        )
        .values(resolved_at=database_now(), resolution="gone", resolved_by="system")
        .returning(Finding.transaction_id)
    )
    for transaction_id in gone:
        _note(session, transaction_id)
