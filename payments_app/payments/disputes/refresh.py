"""refresh: move disputes to Stripe's state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.money import code_of
from payments_app.gateway.disputes import disputes_of, movements_of, retrieve_dispute
from payments_app.gateway.numbers import MOST_AMOUNT, moment, whole
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.gateway.words import alert_unknown_word, describe_unknown, known, word
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.disputes.deadlines import end_alerts
from payments_app.payments.disputes.models import NEEDS_ANSWER, STATES, UNKNOWN, Dispute
from payments_app.payments.disputes.short import tell_of_short
from payments_app.payments.disputes.taken import moved_by
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import payment_of
from payments_app.payments.phases import State
from payments_app.payments.read_or_later import RETRY_SECONDS, read_or_later
from payments_app.payments.transactions.their_own import is_of_their_own
from payments_app.payments.unmatched import mark_matched, read_subject, store_unmatched

CHANGED = "dispute.changed"
# At a status that we do not know; a person was told at once.
READ_AGAIN_SECONDS, MAX_READS = 3600.0, 20


def refresh(subject: str, claim: Claim) -> None:
    """Read one dispute (`dp_...`, `du_...`) or all of an intent (`pi_...`) at Stripe, and keep it;
    `subject` may name the account that it is on (`dp_...@acct_...`).

    Raises Later while Stripe can't be read, while the payment is not complete here, and MAX_READS
    times while Stripe says a status that we do not know.
    """
    stripe_id, account = read_subject(subject)
    find = _of_intent if stripe_id.startswith("pi_") else _one
    bodies = read_or_later(stripe_id, lambda: find(stripe_id, account))
    unread: UnreadableError | None = None
    for body in bodies:
        if not _is_known(body) and is_of_their_own(body, account):
            continue
        try:
            keep_dispute(body, account)
        except UnreadableError as error:
            unread = error
    if unread is not None:
        raise Later(RETRY_SECONDS, str(unread)) from unread
    unknown = [body for body in bodies if known(body.get("status"), STATES) is None]
    if unknown and claim.tries < MAX_READS:
        raise Later(READ_AGAIN_SECONDS, describe_unknown(unknown[0].get("status")))


def _one(stripe_dispute_id: str, account: str | None) -> list[dict[str, Any]]:
    account = _account(Dispute.stripe_dispute_id, stripe_dispute_id) or account
    return [retrieve_dispute(stripe_dispute_id, account).expect_body()]


def _of_intent(intent_id: str, account: str | None) -> list[dict[str, Any]]:
    account = _account(Transaction.stripe_payment_id, intent_id) or account
    return disputes_of(intent_id, account)


@atomic
def _is_known(session: Session, body: dict[str, Any]) -> bool:
    return payment_of(session, body) is not None


@atomic
def keep_dispute(session: Session, body: dict[str, Any], account: str | None = None) -> str | None:
    """Store a dispute as Stripe has it; return its id here. One whose payment is not known here
    is set aside (None).

    Safe from news that comes twice or late: `body` was just read, and says all there is.
    Raises Later for a payment that is not complete here yet, UnreadableError where it can't be
    told how much it is of, or where the money is.
    """
    owner = payment_of(session, body)
    if owner is None:
        store_unmatched(session, body, account)
        return None
    transaction = states.lock(session, owner.id)
    if transaction.state != State.COMPLETE:
        raise Later(RETRY_SECONDS, f"{owner.id} is still {transaction.phase}")
    mark_matched(session, body["id"])
    found = session.scalar(
        select(Dispute)
        .where(Dispute.stripe_dispute_id == body["id"])
        .execution_options(populate_existing=True)
    )
    fresh, dispute = found is None, found or _new(session, transaction, body)
    before = None if fresh else _told_of(dispute)
    said = None if fresh else dispute.unknown_status
    _take(dispute, body)
    session.flush()
    if before != _told_of(dispute):
        _tell(session, dispute, fresh=fresh)
        if before and before[0] != dispute.state:
            end_alerts(session, dispute.id, before[0])
        tell_of_short(session, dispute)
    if dispute.unknown_status not in (None, said):
        owner_id = dispute.transaction_id
        alert_unknown_word(
            session, dispute.id, "dispute's status", body.get("status"), transaction_id=owner_id
        )
    return dispute.id


def _told_of(dispute: Dispute) -> tuple[Any, ...]:
    """What of a dispute others are told of. A second movement may leave state and funds as they
    were: the books need it."""
    moved = sorted((id_, amount) for id_, amount, _ in moved_by(dispute))
    said = (dispute.state, dispute.funds, dispute.has_evidence)
    return (*said, dispute.amount, dispute.currency, moved)


def funds_of(body: dict[str, Any]) -> str:
    """Where the money is, by the movements of our balance that Stripe names. In the currency of the
    dispute they are added up. In another one they are at different rates, so that they are counted:
    what was taken for 18.50 and came back for 18.42 is back. So are those of one that was won: what
    came back is all that will, and how much of it is missing `taken.not_back` says. Raises
    UnreadableError."""
    movements = movements_of(body)
    if not movements:
        return "none"
    amounts = [movement["amount"] for movement in movements]
    own = code_of(body.get("currency"))
    elsewhere = any(code_of(movement["currency"]) != own for movement in movements)
    if elsewhere or body.get("status") == "won":
        amounts = [1 if amount > 0 else -1 for amount in amounts]
    return "withdrawn" if sum(amounts) < 0 else "reinstated"


def _new(session: Session, transaction: Transaction, body: dict[str, Any]) -> Dispute:
    if _sum_of(body) is None:
        raise UnreadableError(Verdict.UNKNOWN, {"code": "dispute_of_no_amount"})
    dispute = Dispute(
        transaction_id=transaction.id,
        stripe_dispute_id=body["id"],
        opened_at=moment(body.get("created")) or utcnow(),
    )
    session.add(dispute)
    return dispute


def _sum_of(body: dict[str, Any]) -> tuple[int, str] | None:
    """How much it is about, which Stripe may change; None where it can't be read."""
    amount, currency = whole(body.get("amount"), 1, MOST_AMOUNT), code_of(body.get("currency"))
    return None if amount is None or currency is None else (amount, currency)


def _take(dispute: Dispute, body: dict[str, Any]) -> None:
    evidence = as_object(body.get("evidence_details"))
    dispute.state = known(body.get("status"), STATES) or dispute.state or UNKNOWN
    dispute.funds = funds_of(body)
    dispute.amount, dispute.currency = _sum_of(body) or (dispute.amount, dispute.currency)
    dispute.reason = word(body.get("reason"), 60) or UNKNOWN
    dispute.due_by = moment(evidence.get("due_by") or None)  # 0: the bank takes no answer
    dispute.has_evidence = bool(evidence.get("has_evidence"))
    dispute.refundable = bool(body.get("is_charge_refundable"))
    # What a bank is told names people, and an erasure cuts it: Stripe keeps it, and our own answer.
    dispute.stripe_data = {name: said for name, said in body.items() if name != "evidence"}


def _tell(session: Session, dispute: Dispute, *, fresh: bool) -> None:
    history.record(
        session,
        "state",
        "dispute.opened" if fresh else f"dispute.{dispute.state}",
        actor="stripe",
        transaction_id=dispute.transaction_id,
        subject=dispute.id,
        state=dispute.state,
        funds=dispute.funds,
        reason=dispute.reason,
        amount=dispute.amount,
        currency=dispute.currency,
        due_by=dispute.due_by.isoformat() if dispute.due_by else None,
        version=dispute.version,
    )
    if dispute.state in NEEDS_ANSWER:
        due = f"{dispute.due_by:%m/%d/%Y %I:%M %p} UTC" if dispute.due_by else "soon"
        alerts.raise_alert(
            session,
            "dispute",
            f"dispute:{dispute.id}:{dispute.state}",
            f"{dispute.opening_words}: hand in evidence by {due}",
            severity="critical",
            transaction_id=dispute.transaction_id,
        )
    outbox.publish(session, CHANGED, dispute.id, about=f"{dispute.id}:v{dispute.version}")


@atomic
def _account(session: Session, column: Any, value: str) -> str | None:
    """On whose account a direct charge was made, where it was one."""
    query = select(Transaction).where(column == value)
    if column is Dispute.stripe_dispute_id:
        query = query.join(Dispute, Dispute.transaction_id == Transaction.id)
    transaction = session.scalar(query)
    return account_of(transaction) if transaction else None
