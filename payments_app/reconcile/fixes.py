"""fixes: what mends a finding, by name. Every fix is safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic, note_change
from payments_app.core.jobs import outbox
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
from payments_app.reconcile.models import Finding
from payments_app.reconcile.read_payout import READ
from payments_app.reconcile.revive import revive_payment, revive_refund


class FixFailedError(RuntimeError):
    """The fix could not be made; the message says why, in a sentence for staff."""


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
def _transaction(session: Session, finding: Finding) -> Transaction:
    return session.get_one(Transaction, finding.transaction_id, populate_existing=True)
