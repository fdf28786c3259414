"""fix: mend a finding, by the name of its fix. Every fix is safe to run twice."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway.results import Answer
from payments_app.reconcile.findings import resolve
from payments_app.reconcile.fixes import FIXES, FixFailedError
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding

RETRY_SECONDS = 30.0


@atomic
def request_fix(session: Session, finding_id: int, actor: str) -> bool:
    """Ask for a finding's fix, from a page: a job makes it. False where it is asked for already.

    Raises FixFailedError where the finding is closed or has no fix.
    """
    finding = _fixable(session, finding_id)
    if not outbox.stage(session, "reconcile.fix", str(finding_id)):
        return False
    finding.asked_by = actor
    history.record(
        session,
        "staff",
        "reconcile.fix_requested",
        actor=actor,
        transaction_id=finding.transaction_id,
        subject=f"finding-{finding_id}",
        fix=finding.fix,
        finding=finding.kind,
    )
    return True


def run_fix(finding_id: str, _claim: Claim) -> None:
    """The job of `request_fix`. Raises Later while the fix can't be made."""
    try:
        fix(int(finding_id))
    except FixFailedError as error:
        if not _is_open(int(finding_id)):
            return
        raise Later(RETRY_SECONDS, str(error)) from error


def fix(finding_id: int, actor: str | None = None) -> str:
    """Make the fix, record it, close the finding, in one transaction; return the fix's name.

    Raises FixFailedError; a difference that is still there afterwards is found anew.
    """
    finding = _read(finding_id)
    answer = FIXES[finding.fix or ""].ask(finding)
    _make(finding_id, actor or finding.asked_by or history.SYSTEM, answer)
    return finding.fix or ""


@atomic
def _is_open(session: Session, finding_id: int) -> bool:
    return session.get_one(Finding, finding_id, populate_existing=True).resolved_at is None


@atomic
def _make(session: Session, finding_id: int, actor: str, answer: Answer | None) -> None:
    finding = _fixable(session, finding_id)
    FIXES[finding.fix or ""].make(session, finding, answer)
    resolve(session, finding, "fixed", actor)
    history.record(
        session,
        "system",
        f"reconcile.{finding.fix}",
        actor=actor,
        transaction_id=finding.transaction_id,
        subject=f"finding-{finding_id}",
        finding=finding.kind,
        **finding.details,
    )


def _fixable(session: Session, finding_id: int) -> Finding:
    finding = session.get(Finding, finding_id, with_for_update=True, populate_existing=True)
    if finding is None:
        raise FixFailedError(f"there is no finding {finding_id}")
    if finding.resolved_at is not None:
        raise FixFailedError(f"finding {finding_id} is {finding.resolution} already")
    if finding.fix is None:
        who = KINDS[finding.kind].who if finding.kind in KINDS else None
        raise FixFailedError(f"{finding.kind} has no safe fix. {who or 'Look at the timeline'}")
    return finding


_read = atomic(_fixable)
