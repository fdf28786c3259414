"""findings: keeping what a comparison saw, and telling of it."""

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
from payments_app.core.own_commands import as_typed_here
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding, Run

TOLD_EACH = 5  # open findings of a kind, each with an alert of its own
SHOWN, CLOSED_SHOWN = 200, 50  # open and closed findings on a page


@dataclass(frozen=True)
class Difference:
    """One difference as it was just seen, not stored yet."""

    kind: str
    subject: str
    about_at: dt.datetime
    transaction_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def keep(
    session: Session, differences: Iterable[Difference], run: Run, *, whole: bool = True
) -> int:
    """Store what a comparison saw, in the caller's transaction; one of the `whole` closes what was
    open and is gone. Returns how many differences there are."""
    seen = {(d.kind, d.subject): d for d in differences}
    fresh = [difference for difference in seen.values() if _keep_one(session, difference)]
    if whole:
        _close_gone(session, list(seen), run)
    for kind in sorted({difference.kind for difference in fresh}):
        _tell(session, kind, [difference for difference in fresh if difference.kind == kind])
    return len(seen)


def count_open(session: Session) -> int:
    """How many are open."""
    return session.scalar(select(func.count()).where(Finding.resolved_at.is_(None))) or 0


def open_findings(
    session: Session, limit: int | None = SHOWN, skipped: int = 0
) -> Sequence[Finding]:
    """What is open, worst and newest first, without those `skipped`; all of it without a
    `limit`."""
    return session.scalars(
        select(Finding)
        .where(Finding.resolved_at.is_(None))
        .order_by(Finding.severity, Finding.id.desc())
        .limit(limit)
        .offset(skipped)
    ).all()


def closed_findings(
    session: Session, before: int | None = None, limit: int = CLOSED_SHOWN + 1
) -> Sequence[Finding]:
    """What was fixed or is gone, the newest finding first, or those before one."""
    query = select(Finding).where(Finding.resolved_at.is_not(None))
    if before is not None:
        query = query.where(Finding.id < before)
    return session.scalars(query.order_by(Finding.id.desc()).limit(limit)).all()


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
        named = as_typed_here("`flask --app wsgi reconcile list`")
        words = f"{count} findings are open: {kind.words}. {named} names them all"
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


def _close_gone(session: Session, seen: list[tuple[str, str]], run: Run) -> None:
    """What was found before this comparison began, and was looked for by it in vain."""
    inside = [name for name, kind in KINDS.items() if kind.inside]
    in_window = (Finding.about_at >= run.since) & (Finding.about_at < run.until)
    gone = session.scalars(
        update(Finding)
        .where(
            Finding.resolved_at.is_(None),
            Finding.seen_at <= run.started_at,
            in_window | Finding.kind.in_(inside),
            tuple_(Finding.kind, Finding.subject).not_in(seen or [("", "")]),
        )
        .values(resolved_at=database_now(), resolution="gone", resolved_by="system")
        .returning(Finding.transaction_id)
    )
    for transaction_id in gone:
        _note(session, transaction_id)
