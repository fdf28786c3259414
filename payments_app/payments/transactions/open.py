"""open: store a pending attempt to pay, with the message that will charge it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.card_numbers import mask
from payments_app.core.jobs import outbox
from payments_app.core.language import Reader, Words
from payments_app.core.money import CURRENCIES, Money, chargeable
from payments_app.merchants.accounts import seller_of
from payments_app.payments.connect.payee import name_payee
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import (
    NOBODY,
    Holder,
    NotPayableError,
    Payable,
)
from payments_app.payments.queries import active_attempt, record_of
from payments_app.payments.said import known_price

log = logging.getLogger(__name__)

Asked = TypeVar("Asked")
NO_READER = Reader()
NO_PRICE = Words("This can't be paid just now. Nothing was charged. Please come back later.")
MOST_DESCRIPTION = 500


class ActivePaymentError(Exception):
    """The payable has an active transaction already: nothing new may be charged for it."""

    def __init__(self, transaction_id: str, state: str) -> None:
        super().__init__(f"{transaction_id} is {state}")
        self.transaction_id, self.state = transaction_id, state


@dataclass(frozen=True)
class PaymentSource:
    """How the buyer pays: a confirmation token from the page, or a saved payment method.

    `save_card` says that the buyer agreed to have the card kept for later payments, and
    `customer_known` that they have proved to be the customer in whose account it is kept."""

    confirmation_token: str | None = None
    payment_method: str | None = None
    stripe_customer_id: str | None = None
    off_session: bool = False
    save_card: bool = False
    customer_known: bool = False


def open_transaction(
    session: Session,
    payable: Payable,
    *,
    customer_id: str,
    email: str,
    source: PaymentSource,
    money: Money | None = None,
    description: str | None = None,
    idempotency_key: str | None = None,
    fingerprint: str | None = None,
    buyer: str | None = None,
    actor: str = "buyer",
    holder: Holder = NOBODY,
    reader: Reader = NO_READER,
) -> Transaction:
    """Store a `created` transaction, its records and its `charge` message, in the caller's
    database transaction. The price is the payable's own unless `money` says otherwise; one of
    zero or less is stored as 0 and reaches Stripe only where a card is to be kept.

    Raises ActivePaymentError while the payable is paid or may still be charged, NotPayableError
    where it can't be paid for, has no price, or one in a currency that the shop can't take, or its
    seller can't be paid, and IntegrityError when two calls race for one payable or one key (run
    the whole step again).
    """
    if payable.payable_role == Role.PAYS_FOR:
        # As it is now, and nobody else's until we commit: the caller may have read it long ago.
        session.refresh(payable, with_for_update={"of": type(payable)})
    money = _checked(money or known_price(payable))
    if payable.payable_role == Role.PAYS_FOR:
        _refuse_second(session, payable)
        asked(lambda: payable.before_payment(session, customer_id))
    transaction = Transaction(
        amount=max(0, money.amount),
        currency=money.currency,
        email=email,
        description=as_stored(description or asked(lambda: payable.payment_description)),
        attempt=_next_attempt(session, payable),
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        buyer=buyer,
        confirmation_token=source.confirmation_token,
        payment_method=source.payment_method,
        stripe_customer_id=source.stripe_customer_id,
        off_session=source.off_session,
        language=reader.language,
        zone=reader.zone,
        save_card=source.save_card,
        customer_known=source.customer_known,
    )
    session.add(transaction)
    session.flush()
    _join_all(session, transaction, payable, customer_id)
    name_payee(session, transaction, asked(lambda: payable.payee_id))
    _record_created(session, transaction, payable, actor)
    outbox.stage(session, "charge", transaction.id)
    session.flush()
    if payable.payable_role == Role.PAYS_FOR:
        asked(lambda: payable.reserve(session, holder))
    return transaction


def asked(ask: Callable[[], Asked]) -> Asked:
    """What a payable says before anything is charged for it. Where its host's code fails at it,
    with an entry in the log, nobody can begin to pay for it: raises NotPayableError, and its own;
    and DBAPIError, of the whole database transaction."""
    try:
        return ask()
    except (DBAPIError, NotPayableError):
        raise
    except Exception as error:
        log.exception("a payable failed at what it was asked")
        raise NotPayableError("no_price", NO_PRICE) from error


def why_closed(session: Session, payable: Payable) -> str | None:
    """Why nobody can begin to pay for it just now, whoever they are, in a buyer's words; None where
    they can. Whether an attempt is active is asked apart: that has a page of its own."""
    try:
        money = _checked(known_price(payable))
    except NotPayableError as refusal:
        return refusal.message
    seller = seller_of(session, payable.payee_id) if payable.payee_id else None
    return not_by_card(money) or (seller and seller.refusal) or payable.closed(session)


def not_by_card(money: Money) -> str | None:
    """Why Stripe would refuse the amount, in a buyer's words; None where it would not."""
    reason = chargeable(money)
    return Words("This can't be paid by card: %(reason)s.", reason=reason) if reason else None


def as_stored(description: str) -> str:
    """What a payable is called, as a transaction keeps it."""
    return mask(description[: 2 * MOST_DESCRIPTION])[:MOST_DESCRIPTION]


def _record_created(
    session: Session, transaction: Transaction, payable: Payable, actor: str
) -> None:
    history.record(
        session,
        "state",
        "payment.created",
        actor=actor,
        transaction_id=transaction.id,
        payable=payable.id,
        attempt=transaction.attempt,
    )


def _checked(money: Money | None) -> Money:
    if money is None:
        raise NotPayableError("no_price", NO_PRICE)
    if money.currency not in CURRENCIES:
        code = money.currency.upper()
        words = Words("%(currency)s is not a currency that this shop can take.", currency=code)
        raise NotPayableError("currency_not_taken", words)
    return money


def _refuse_second(session: Session, payable: Payable) -> None:
    active = active_attempt(session, payable.payable_type, payable.id)
    if active:
        raise ActivePaymentError(active.id, active.state)


def _next_attempt(session: Session, payable: Payable) -> int:
    if payable.payable_role != Role.PAYS_FOR:
        return 1
    before = session.scalar(
        select(func.count())
        .select_from(PaymentRecord)
        .where(record_of(payable.payable_type, payable.id))
    )
    return (before or 0) + 1


def _join_all(
    session: Session, transaction: Transaction, payable: Payable, customer_id: str
) -> None:
    if payable.payable_role == Role.PAYS_FOR:
        _join(session, transaction, payable.payable_type, payable.id, Role.PAYS_FOR)
    _join(session, transaction, "customer", customer_id, Role.CUSTOMER)


def _join(session: Session, transaction: Transaction, kind: str, id_: str, role: Role) -> None:
    session.add(
        PaymentRecord(transaction_id=transaction.id, payable_type=kind, payable_id=id_, role=role)
    )
