"""charge: take the money of one transaction. Three database transactions, two calls to Stripe.
One that only keeps a card (a trial's) goes the same way, and takes none.

Recovery points, each committed before the next call:
  begun      processing, parameters stored          -> create is repeated with its key
             (to save a card, Stripe must know the customer first: the parameters name them)
  sent       the intent's id stored, confirm due    -> the intent is read before anything else
  settled    the verdict stored with what follows   -> nothing left to do
Safe from a second copy of the worker because both calls carry a key of the transaction's own, and
because an answer that Stripe replays is never settled from: the intent is read instead.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Claim
from payments_app.gateway import charges
from payments_app.gateway.customers import create_customer
from payments_app.gateway.results import Answer, Verdict, unclear
from payments_app.payments import states
from payments_app.payments.queries import phase_of
from payments_app.payments.transactions import abandon, retry_policy, seller_refused, supersede
from payments_app.payments.transactions.apply_stripe_state import (
    note,
    note_call,
    settle,
    settle_zero,
    status_word,
)
from payments_app.payments.transactions.charge_snapshot import Brief, brief_of

_TOKEN_SPENT = (
    "payment_intent_confirmation_token_invalid",
    "setup_intent_confirmation_token_invalid",
)


def charge(transaction_id: str, claim: Claim) -> None:
    """Charge a transaction that waits to be charged; do nothing to one that does not.

    Raises Later when Stripe refused before anything happened, or could not be reached at all.
    """
    brief = _begin(transaction_id)
    if brief is None:
        return
    if brief.amount == 0 and not brief.sets_up:
        settle_zero(transaction_id)
        return
    if brief.late and not brief.confirm_sent:
        abandon.unsent(brief, claim, create)
        return
    if not supersede.close(brief, claim):
        return
    if brief.customer is not None:
        made = create_customer(
            brief.customer.customer_id, brief.customer.email, brief.transaction_id
        )
        if isinstance(made, Answer):
            _not_created(brief, made, claim)
            return
        brief = _known(transaction_id, made)
    if brief.intent_id is None:
        created = create(brief)
        if created.verdict != Verdict.OPEN:
            _not_created(brief, created, claim)
            return
        brief = _created(transaction_id, created)
    if brief.confirm_sent:
        resolve(brief, claim)
    else:
        confirm(brief, claim)


def create(brief: Brief) -> Answer:
    """Create the intent, or find the one that an earlier try made, where its key is of no more
    use: forgotten after a day, or holding an error that Stripe will repeat for ever."""
    if not (brief.key_forgotten and brief.create_sent):
        answer = charges.create_intent(brief.create, brief.create_key, brief.account)
        if not (answer.replayed and answer.verdict == Verdict.UNKNOWN):
            return answer
        note(brief.transaction_id, answer)
    return charges.find_intent(
        brief.transaction_id, brief.created_at, brief.account, setup=brief.sets_up
    )


def confirm(brief: Brief, claim: Claim) -> None:
    """Send the one call that moves money, and settle what comes of it."""
    _confirming(brief.transaction_id)
    answer = charges.confirm_intent(brief.intent, brief.confirm, brief.confirm_key, brief.account)
    if not brief.confirm_sent and seller_refused.is_refusal(brief, answer):
        seller_refused.end_refused(brief, answer)
    elif answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED):
        retry_policy.wait(brief, answer, claim)
    elif answer.verdict in (Verdict.MOVED_ON, Verdict.OPEN) or (
        answer.replayed and answer.verdict != Verdict.UNKNOWN
    ):
        note(brief.transaction_id, answer)
        settle(brief.transaction_id, _read(brief), fresh=True)
    elif answer.verdict == Verdict.UNKNOWN and answer.replayed:
        # Stripe has saved an error of its own for this key, and nothing was charged when we
        # looked: the key is of no more use, so this attempt is closed there and given up.
        note(brief.transaction_id, answer)
        abandon.close(brief, claim, phase="failed", error=answer.error or {})
    elif answer.error_code in _TOKEN_SPENT:
        # Used up: by an earlier confirm of ours, or by another intent. Closing this intent tells:
        # if it can be cancelled, no money moved and never will.
        note(brief.transaction_id, answer)
        abandon.close(brief, claim, phase="failed", error=answer.error or {})
    else:
        settle(brief.transaction_id, answer)


def resolve(brief: Brief, claim: Claim) -> str:
    """A confirm was sent before and its outcome is not known: read the intent, then decide.

    Returns the phase that the transaction is in then.
    """
    answer = _certain(charges.retrieve_intent(brief.intent, brief.account))
    if answer.verdict == Verdict.UNKNOWN and brief.phase != "processing":
        note(brief.transaction_id, answer)
        return brief.phase
    if answer.verdict != Verdict.OPEN:
        return settle(brief.transaction_id, answer, fresh=True)
    note(brief.transaction_id, answer)
    if brief.late:
        # Nothing was charged, and the buyer is long gone: end it rather than charge them now.
        abandon.close(brief, claim)
    else:
        confirm(brief, claim)
    return phase_of(brief.transaction_id)


def _read(brief: Brief) -> Answer:
    """The intent as it stands; one that nothing was charged on is as unclear as no answer."""
    answer = _certain(charges.retrieve_intent(brief.intent, brief.account))
    return unclear(answer) if answer.verdict == Verdict.OPEN else answer


def _certain(answer: Answer) -> Answer:
    """An intent that could not be read says nothing about the money: that is unknown."""
    return answer if answer.intent and answer.http_status == 200 else unclear(answer)


def _not_created(brief: Brief, answer: Answer, claim: Claim) -> None:
    """No new intent. Nothing that could move money was sent, so the same key is tried later."""
    if seller_refused.is_refusal(brief, answer):
        seller_refused.end_refused(brief, answer)
    elif answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED, Verdict.UNKNOWN):
        retry_policy.wait(brief, answer, claim)
    elif answer.verdict == Verdict.CANCELED and answer.intent is None:
        abandon.never_made(brief)
    else:
        settle(brief.transaction_id, answer)


@atomic
def _begin(session: Session, transaction_id: str) -> Brief | None:
    transaction = states.lock(session, transaction_id)
    if transaction.phase not in ("created", "processing"):
        return None
    brief = brief_of(session, transaction)
    if brief.late and not brief.create_sent:
        abandon.end_unsent(session, transaction)
        return None
    if brief.customer is None:
        transaction.create_sent_at = transaction.create_sent_at or database_now()
    if transaction.phase == "created":
        states.move(session, transaction, "processing", actor="worker")
    return brief


@atomic
def _known(session: Session, transaction_id: str, stripe_customer_id: str) -> Brief:
    """Stripe knows the customer now: the intent can be created for them."""
    transaction = states.lock(session, transaction_id)
    transaction.stripe_customer_id = transaction.stripe_customer_id or stripe_customer_id
    brief = brief_of(session, transaction)
    transaction.create_sent_at = transaction.create_sent_at or database_now()
    return brief


@atomic
def _created(session: Session, transaction_id: str, answer: Answer) -> Brief:
    transaction = states.lock(session, transaction_id)
    note_call(session, transaction_id, answer)
    transaction.stripe_payment_id = answer.body["id"]
    transaction.stripe_status = status_word(answer.body)
    session.flush()
    return brief_of(session, transaction)


@atomic
def _confirming(session: Session, transaction_id: str) -> None:
    """From here on money may move: whoever comes next must read the intent first."""
    transaction = states.lock(session, transaction_id)
    transaction.confirm_sent_at = transaction.confirm_sent_at or database_now()
