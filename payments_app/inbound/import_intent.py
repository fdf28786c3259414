"""import_intent: a payment that was made at Stripe without us becomes a transaction of ours.

Every attempt is recorded, wherever it was made: by hand in Stripe's dashboard, by a payment link,
or by us before a backup was restored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.customers.models import Customer
from payments_app.gateway.customers import email_of_customer
from payments_app.gateway.ids import id_of
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import sentence
from payments_app.inbound.earlier_attempts import charges_before, failed_before, is_tried_again
from payments_app.inbound.payer import clean_email, email_of, payer_of
from payments_app.inbound.told import columns_of, join_payable, told_customer
from payments_app.merchants.accounts import account_at_stripe
from payments_app.merchants.models import DESTINATION, DIRECT
from payments_app.payments import states
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.apply_stripe_state import apply_in_session
from payments_app.payments.transactions.keep_answer import keep_answer
from payments_app.payments.transactions.received import fee_of
from payments_app.payments.transactions.stripe_metadata import Told
from payments_app.payments.unmatched import subject_of

# Only an attempt that came to something is worth a row.
IMPORTED_ON = frozenset({Verdict.SUCCEEDED, Verdict.DECLINED})
RESTORE = "restore"  # the actor of what a restored backup did not know


def came_to_something(answer: Answer) -> bool:
    """Whether an intent that is not ours is worth a row: its last attempt took money or failed to.
    One that is under way is whose it is, and a card that was kept has no amount."""
    return answer.verdict in IMPORTED_ON and "amount" in answer.expect_body()


@dataclass(frozen=True)
class _Found:
    """An intent that is not known here, and what was read with it."""

    answer: Answer
    charges: list[dict[str, Any]]  # those before the one that it names
    account: str | None
    stripe_customer: str | None
    email: str | None
    told: Told | None
    actor: str

    @property
    def intent(self) -> dict[str, Any]:
        return self.answer.expect_body()


def import_intent(
    answer: Answer, account: str | None, told: Told | None = None, actor: str = "webhook"
) -> str:
    """Store a transaction for an intent that we do not know, or that went on to another card after
    the attempt that we know, and one for each attempt in between; apply Stripe's state to the last
    and return its id. A restore applies the state itself.

    It is linked to the customer of its Stripe customer id, else of its e-mail address, and to the
    merchant whom it pays; `told`, where it was ours before a restore, has its id, its client's key
    and what it pays for. Raises UnreadableError while Stripe does not tell the customer's address
    or the intent's charges.
    """
    intent = answer.expect_body()
    # Each attempt of ours has an intent of its own.
    charges = charges_before(intent, account) if told is None else []
    stripe_customer = id_of(intent.get("customer"))
    # Our customer at Stripe has the address that the buyer gave; a card's bills may go elsewhere.
    email = email_of(intent) if told is None or stripe_customer is None else None
    if email is None and stripe_customer is not None:
        email = clean_email(email_of_customer(stripe_customer, account))
    found = _Found(answer, charges, account, stripe_customer, email, told, actor)
    try:
        return _import(found)
    except IntegrityError:
        # Another event about the same intent was quicker: now it is found.
        return _import(found)


@atomic
def _import(session: Session, found: _Found) -> str:
    """In one database transaction, so that no other event takes the new attempt for a later one."""
    last = session.scalar(
        select(Transaction)
        .where(Transaction.stripe_payment_id == found.intent["id"])
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if last is None or is_tried_again(session, last, found.intent):
        last = _add_attempts(session, found, last)
    if found.actor != RESTORE:
        apply_in_session(session, last.id, found.answer, fresh=True, actor=found.actor)
    if found.account is not None and found.answer.verdict == Verdict.SUCCEEDED:
        _read_what_followed(session, found.intent["id"], found.account)
    return last.id


def _read_what_followed(session: Session, intent_id: str, account: str) -> None:
    """News of a merchant's account about a payment that was not here were not kept (receive)."""
    about = subject_of(intent_id, account)
    for command in ("refunds.refresh", "disputes.refresh", "disputes.warn"):
        outbox.stage(session, command, about, key=f"{command}:{intent_id}:imported")


def _add_attempts(session: Session, found: _Found, known: Transaction | None) -> Transaction:
    """A transaction for each attempt after the one that is known; the last one, with the intent's
    id."""
    attempt = 1
    if known is not None:
        attempt = known.attempt + 1
        known.stripe_payment_id = None
        session.flush()
    if found.told is not None:
        customer = told_customer(session, found.told, found.email, direct=bool(found.account))
    else:
        customer = payer_of(session, found.stripe_customer, found.email, found.account)
    for declined in failed_before(session, found.charges):
        earlier = _create(session, found, customer, attempt, asked=declined.expect_body())
        keep_answer(earlier, declined)
        states.move(session, earlier, Phase.FAILED, actor=found.actor)
        attempt += 1
    return _create(session, found, customer, attempt, found.intent["id"])


def _create(
    session: Session,
    found: _Found,
    customer: Customer | None,
    attempt: int,
    stripe_payment_id: str | None = None,
    *,
    asked: Mapping[str, Any] | None = None,
) -> Transaction:
    """One attempt: of what the intent is of now, or of what was `asked` then."""
    intent, account, told = found.intent, found.account, found.told
    seller = account or destination_of(intent)
    transaction = Transaction(
        phase=Phase.PROCESSING,
        amount=(asked or intent).get("amount", 0),
        currency=str((asked or intent).get("currency") or (told and told.currency)).lower(),
        email=found.email or (customer.email if customer else ""),
        description=(sentence(intent.get("description")) or "Payment made at Stripe")[:500],
        stripe_payment_id=stripe_payment_id,
        stripe_customer_id=found.stripe_customer,
        connected_account_id=seller,
        charge_type=(DIRECT if account else DESTINATION) if seller else None,
        platform_fee=fee_of(intent) if seller else None,
        **(columns_of(told, intent, direct=bool(account)) if told else {"attempt": attempt}),
    )
    session.add(transaction)
    session.flush()
    if customer is not None:
        _join(session, transaction, Customer.payable_type, customer.id, Role.CUSTOMER)
    merchant = account_at_stripe(session, seller) if seller else None
    if merchant is not None:
        _join(session, transaction, Role.MERCHANT, merchant.merchant_id, Role.MERCHANT)
    if told is not None:
        payee = merchant.merchant_id if merchant else None
        join_payable(session, transaction, told, customer.id if customer else None, payee)
    history.record(
        session,
        "state",
        "payment.imported" if told is None else "payment.restored",
        actor=found.actor,
        transaction_id=transaction.id,
        subject=intent["id"],
        attempt=transaction.attempt,
    )
    return transaction


def destination_of(intent: dict[str, Any]) -> str | None:
    """The connected account that a payment on ours is transferred to."""
    return id_of(as_object(intent.get("transfer_data")).get("destination"))


def _join(session: Session, transaction: Transaction, kind: str, id_: str, role: Role) -> None:
    session.add(
        PaymentRecord(transaction_id=transaction.id, payable_type=kind, payable_id=id_, role=role)
    )
