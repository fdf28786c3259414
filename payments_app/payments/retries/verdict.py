"""verdict: whether a failed payment can be tried again, and how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.core.money import Money
from payments_app.core.web.links import absolute
from payments_app.gateway.decline_sentences import STAFF
from payments_app.gateway.declines import DeclinePolicy, decline_policy
from payments_app.payments.closed_actions import RETRY_CLOSED, retry_closed
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import Payable, checkout_path, find_payable, payable_kinds
from payments_app.payments.payment_of import gave_its_intent_away
from payments_app.payments.queries import attempts
from payments_app.payments.said import said
from payments_app.payments.transactions.leave import was_removed
from payments_app.payments.transactions.open import NO_PRICE, why_closed
from payments_app.payments.truth_facts import Facts

COMMAND = "retry"
CHARGE, LINK, NONE = "charge", "link", "none"
_TRY_SAVED_CARD = "We check every earlier attempt with Stripe, then charge the saved card."
_BY_LINK = "There is no saved card to charge. Send the customer the payment link."
_CARD_LEFT = (
    "What is paid for isn't charged on this card any more. Send the customer the payment link."
)
_BUYER_NEEDED = "The customer must confirm this payment. Send them the payment link."


@dataclass(frozen=True)
class RetryVerdict:
    """What a retry would be. `how`: `charge` (the saved card, by a job), `link` (the buyer pays
    again at `link`), `none` (not at all). `sentence` says why, to staff."""

    how: str
    sentence: str
    attempt: int
    money: Money
    card: str | None
    link: str | None = None


def verdict_on(
    session: Session, transaction: Transaction, *, under_way: bool = False
) -> RetryVerdict:
    """The verdict on a locked transaction; `under_way` says that the asker is the retry itself."""
    payable = payable_record(session, transaction.id)
    paid_for = find_payable(session, payable.payable_id) if payable else None
    tried = _attempts(session, payable) if payable else [transaction]
    refusal = _refusal(transaction, tried)
    if refusal is None and payable is not None:
        refusal = not_payable_here(session, payable)
    if refusal is None and not under_way and _waits(session, transaction.id):
        refusal = RETRY_CLOSED["in_progress"]
    if refusal is None and paid_for is not None:
        refusal = _closed(session, paid_for)
    how, sentence = (NONE, refusal) if refusal else _how(session, transaction, paid_for)
    link = None
    if how == LINK and payable is not None:
        path = checkout_path(session, payable.payable_type, payable.payable_id)
        link = absolute(path) if path else None
    brand = (transaction.card_brand or "card").capitalize()
    return RetryVerdict(
        how=how,
        sentence=sentence,
        attempt=len(tried) + 1,
        money=transaction.money,
        card=f"{brand} ending in {transaction.card_last4}" if transaction.card_last4 else None,
        link=link,
    )


def payable_record(session: Session, transaction_id: str) -> PaymentRecord | None:
    """What the transaction pays for; of a charge of the customer alone, None."""
    return session.scalar(
        select(PaymentRecord).where(
            PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == Role.PAYS_FOR
        )
    )


def not_payable_here(session: Session, payable: PaymentRecord) -> str | None:
    """Why this process can't open a payment for what was to be paid; None where it can."""
    if payable.payable_type not in payable_kinds():
        kind = payable.payable_type
        return f"This process does not know what was paid for ({kind}): retry it where it is sold."
    if find_payable(session, payable.payable_id) is None:
        return f"What was to be paid ({payable.payable_id}) is not there any more."
    return None


def _closed(session: Session, paid_for: Payable) -> str | None:
    """Why neither a card nor a link would be taken for it just now."""
    words = said(partial(why_closed, session, paid_for), NO_PRICE)
    return f"It can't be paid for just now. The customer would read: {words}" if words else None


def _attempts(session: Session, payable: PaymentRecord) -> list[Transaction]:
    """Every attempt to pay for the same thing, oldest first."""
    query = attempts(payable.payable_type, payable.payable_id).order_by(PaymentRecord.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _refusal(transaction: Transaction, attempts: list[Transaction]) -> str | None:
    facts = Facts(
        transaction.id,
        transaction.phase,
        transaction.state,
        transaction.paid,
        as_object(transaction.error),
        attempts=[(other.id, other.state) for other in attempts],
        gave_intent=gave_its_intent_away(transaction),
    )
    code = retry_closed(facts)
    if code == "policy":
        policy = decline_policy(transaction.error)
        return f"{RETRY_CLOSED[code]} {STAFF[policy.staff] if policy else ''}".strip()
    return RETRY_CLOSED[code] if code else None


def _how(session: Session, transaction: Transaction, paid_for: Payable | None) -> tuple[str, str]:
    if paid_for is None:
        return NONE, RETRY_CLOSED["no_payable"]
    named = transaction.payment_method and transaction.stripe_customer_id
    saved = bool(named and not transaction.save_card)  # one that was to be saved is not yet
    if not saved or was_removed(session, transaction):
        return LINK, _BY_LINK
    if not _may_charge(decline_policy(transaction.error)):
        return LINK, _BUYER_NEEDED
    note = said(lambda: paid_for.card_again(transaction.payment_method or ""), None)
    return (LINK, _CARD_LEFT) if note is None else (CHARGE, f"{_TRY_SAVED_CARD} {note}".strip())


def _may_charge(policy: DeclinePolicy | None) -> bool:
    """Whether the same card may simply be tried again: no details to mend, no bank to ask."""
    return policy is None or (policy.may_charge_off_session and policy.same_card_may_work)


def _waits(session: Session, transaction_id: str) -> bool:
    waiting = select(Message.id).where(
        Message.command == COMMAND, Message.subject == transaction_id, *OPEN
    )
    return session.scalar(waiting) is not None
