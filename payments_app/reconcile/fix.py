"""fix: mend a finding, by the name of its fix. Every fix is safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic, note_change
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.results import Answer, Verdict
from payments_app.notices import mails
from payments_app.notices.models import Mail
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.note_changes import attempts_of
from payments_app.payments.phases import State
from payments_app.payments.transactions.apply_stripe_state import apply_in_session, mark_closed
from payments_app.reconcile.findings import resolve
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding
from payments_app.reconcile.read_payout import READ
from payments_app.reconcile.revive import revive_payment, revive_refund

RETRY_SECONDS = 30.0


class FixFailedError(RuntimeError):
    """The fix could not be made; the message says why, in a sentence for staff."""


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


@dataclass(frozen=True)
class Fix:
    """`ask` is what Stripe is asked before the transaction; `make` is the effect inside it."""

    make: Callable[[Session, Finding, Answer | None], None]
    ask: Callable[[Finding], Answer | None] = lambda _finding: None


def _apply_stripe_state(session: Session, finding: Finding, answer: Answer | None) -> None:
    if answer is None:
        raise FixFailedError("Stripe was not read")
    if answer.verdict == Verdict.CANCELED and finding.fix == "close_intent":
        mark_closed(session, states.lock(session, finding.transaction_id or ""), answer)
    else:
        apply_in_session(
            session, finding.transaction_id or "", answer, fresh=True, actor="reconcile"
        )


def _read_intent(finding: Finding) -> Answer:
    account = account_of(_transaction(finding))
    answer = charges.retrieve_intent(finding.details["intent"], account)
    if not answer.was_read:
        raise FixFailedError(f"Stripe could not be read: {answer.error_code}")
    return answer


def _cancel_intent(finding: Finding) -> Answer:
    """The closed intent; or, where it can't be closed any more, what became of it."""
    account = account_of(_transaction(finding))
    answer = charges.cancel_intent(finding.details["intent"], account)
    return answer if answer.verdict == Verdict.CANCELED else _read_intent(finding)


def _stage(command: str, subject: str | None = None) -> Fix:
    """A fix that has the finding's subject (or what its details hold as `subject`) worked on
    again, by the command that always does."""

    def stage(session: Session, finding: Finding, _answer: Answer | None) -> None:
        about = (as_object(finding.details).get(subject) if subject else None) or finding.subject
        outbox.stage(session, command, about, key=f"{command}:{about}:finding-{finding.id}")

    return Fix(stage)


def _revive(session: Session, finding: Finding, _answer: Answer | None) -> None:
    revive_payment(session, finding.transaction_id or "")


def _revive_refund(session: Session, finding: Finding, _answer: Answer | None) -> None:
    revive_refund(session, finding.subject)


def _set_active(session: Session, finding: Finding, _answer: Answer | None) -> None:
    transaction = states.lock(session, finding.transaction_id or "")
    try:
        session.execute(
            update(PaymentRecord)
            .where(PaymentRecord.transaction_id == transaction.id)
            .values(active=transaction.state != State.FAILED)
        )
    except IntegrityError as error:
        raise FixFailedError("another payment holds the same order: refund one of them") from error
    note_change(session, attempts_of(transaction.id))


def _send_receipt(session: Session, finding: Finding, _answer: Answer | None) -> None:
    mail = session.get_one(Mail, finding.subject, with_for_update=True, populate_existing=True)
    if not mails.send_again(session, mail):
        outbox.stage(session, mails.SEND, mail.id, key=f"{mails.SEND}:{mail.id}:{finding.id}")


FIXES = {
    "apply_stripe_state": Fix(_apply_stripe_state, _read_intent),
    "close_intent": Fix(_apply_stripe_state, _cancel_intent),
    "post_capture": _stage("ledger.post_capture"),
    "post_refund": _stage("ledger.post_refund"),
    "post_dispute": _stage("ledger.post_dispute"),
    "post_fee": _stage("ledger.post_fee"),
    "post_connect": _stage("ledger.post_connect", "record"),
    "settle_lines": _stage("settlement.missing"),
    "write_receipt": _stage("notices.receipt"),
    "send_receipt": Fix(_send_receipt),
    "announce_payment": _stage("notices.announce_payment"),
    "announce_refund": _stage("notices.announce_refund"),
    "refresh_refund": _stage("refunds.refresh", "intent"),
    "refresh_dispute": _stage("disputes.refresh", "intent"),
    "read_payout": _stage(READ),
    "revive": Fix(_revive),
    "revive_refund": Fix(_revive_refund),
    "correct_active_record": Fix(_set_active),
}


@atomic
def _is_open(session: Session, finding_id: int) -> bool:
    return session.get_one(Finding, finding_id, populate_existing=True).resolved_at is None


@atomic
def _transaction(session: Session, finding: Finding) -> Transaction:
    return session.get_one(Transaction, finding.transaction_id, populate_existing=True)


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
