"""ask: store a payment request, and take one back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.card_numbers import refuse
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.money import CURRENCIES, Money, chargeable
from payments_app.payment_requests.consents import KEPT_VERSION, KEPT_WORDS, chargeable_card
from payments_app.payment_requests.find_consents import WHY_ENDED, ended_consent
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.payable import NotPayableError, Payable
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt
from payments_app.payments.said import said
from payments_app.payments.transactions.open import NO_PRICE, open_transaction
from payments_app.payments.transactions.stripe_metadata import is_sealed_fingerprint

_TRIES = 3


class AskRefusedError(ValueError):
    """This can't be asked for; `field` is what is wrong, `code` says it to a program, the message
    is a sentence for the asker."""

    def __init__(self, field: str, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.field, self.code = field, code


class KeyUsedError(Exception):
    """The asker used this key for another request."""


class NotOpenError(Exception):
    """It is paid, or may be just now; `code` says which, the message why it stays."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Wish:
    """What is asked for. `money` in minor units; `line_items` (description, quantity, amount of
    one) add up to it, where there are any. `customer_id` names a customer of the asker's, and
    `payment_method` a card of theirs to charge now, without them. `owed` is another payable that is
    paid where the request is: its price is `money`."""

    money: Money
    description: str
    reference: str | None = None
    email: str | None = None
    line_items: Sequence[Mapping[str, Any]] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    return_url: str | None = None
    cancel_url: str | None = None
    save_card: bool = False
    expires_at: dt.datetime | None = None
    customer_id: str | None = None
    payment_method: str | None = None
    owed: Payable | None = None


def ask(
    wish: Wish, actor: str, *, key: str | None = None, fingerprint: str | None = None
) -> tuple[str, bool]:
    """Store a request and return its id; with False where `key` (hashed with whose it is) made it
    before.

    Raises AskRefusedError, CardNumberError, and KeyUsedError where the key's request was another
    one by its `fingerprint`.
    """
    _check(wish)
    for tries_left in reversed(range(_TRIES)):
        try:
            return _ask(wish, actor, key, fingerprint)
        except IntegrityError:  # two of one key came together: the next run finds the winner's
            if not tries_left:
                raise
    raise AssertionError("unreachable")


@atomic
def cancel(session: Session, request_id: str, actor: str) -> None:
    """Nobody can begin to pay it any more. Safe from a buyer who pays meanwhile: both lock it.

    Raises NotOpenError, and sqlalchemy.exc.NoResultFound for an unknown one.
    """
    request = session.get_one(
        PaymentRequest, request_id, with_for_update=True, populate_existing=True
    )
    active = active_attempt(session, request.paid_type, request.paid_id)
    if active is not None and active.state == State.COMPLETE:
        raise NotOpenError("already_paid", "This is already paid. Refund it instead.")
    if active is not None:
        raise NotOpenError(
            "payment_in_progress", "A buyer is paying this just now. Wait for the result."
        )
    if request.canceled_at is None:
        request.canceled_at = session.execute(select(database_now())).scalar_one()
        history.record(
            session, "staff", "payment_request.canceled", actor=actor, subject=request.id
        )


@atomic
def _ask(
    session: Session, wish: Wish, actor: str, key: str | None, fingerprint: str | None
) -> tuple[str, bool]:
    if key is not None:
        made = session.scalar(select(PaymentRequest).where(PaymentRequest.idempotency_key == key))
        if made is not None:
            told = made.fingerprint  # of one that was restored, as Stripe holds it
            if told != fingerprint and not is_sealed_fingerprint(told, fingerprint or ""):
                raise KeyUsedError
            return made.id, False
    if wish.expires_at is not None:
        now = session.execute(select(database_now())).scalar_one()
        if wish.expires_at <= now:
            raise AskRefusedError("expires_at", "This is past. Give a time to come, with its zone.")
    if wish.owed is not None:
        _check_owed(session, wish.owed)
    request = PaymentRequest(
        amount=wish.money.amount,
        currency=wish.money.currency,
        description=wish.description,
        reference=wish.reference,
        email=wish.email,
        line_items=[dict(item) for item in wish.line_items],
        labels=dict(wish.labels),
        return_url=wish.return_url,
        cancel_url=wish.cancel_url,
        save_card=wish.save_card,
        customer_id=wish.customer_id,
        terms=KEPT_WORDS if wish.save_card else None,
        terms_version=KEPT_VERSION if wish.save_card else None,
        owed_type=wish.owed.payable_type if wish.owed else None,
        owed_id=wish.owed.id if wish.owed else None,
        expires_at=wish.expires_at,
        created_by=actor,
        idempotency_key=key,
        fingerprint=fingerprint,
    )
    session.add(request)
    session.flush()
    history.record(
        session,
        "staff",
        "payment_request.created",
        actor=actor,
        subject=request.id,
        amount=request.amount,
        currency=request.currency,
        reference=request.reference,
    )
    if wish.payment_method is not None:
        _charge(session, request, wish, actor)
    return request.id, True


def _check_owed(session: Session, owed: Payable) -> None:
    """Nobody paid it, is paying it, or may not pay it any more. Raises AskRefusedError."""
    if active_attempt(session, owed.payable_type, owed.id) is not None:
        raise AskRefusedError("amount", "This is paid, or somebody is paying it just now.")
    if closed := said(lambda: owed.closed(session), NO_PRICE):
        raise AskRefusedError("amount", str(closed))


def _charge(session: Session, request: PaymentRequest, wish: Wish, actor: str) -> None:
    """Charge the customer's kept card by the same job as any other payment. Whether there is such
    a card that is somebody else's is not said."""
    card = chargeable_card(session, wish.customer_id or "", wish.payment_method or "")
    if card is None:
        raise _not_agreed(session, wish)
    try:
        open_transaction(
            session,
            request,
            customer_id=card.customer_id,
            email=wish.email or "",
            source=card.payment_source(off_session=True),
            actor=actor,
        )
    except NotPayableError as error:
        raise AskRefusedError("payment_method", error.message) from None


def _not_agreed(session: Session, wish: Wish) -> AskRefusedError:
    ended = ended_consent(session, wish.customer_id or "", wish.payment_method or "")
    if ended is None:
        return AskRefusedError(
            "payment_method", "This customer agreed to have no such card charged without them."
        )
    why = WHY_ENDED.get(ended.ended_why or "", "The consent ended.")
    return AskRefusedError(
        "payment_method",
        f"{why} This card isn't charged without its owner any more. Ask for a payment with "
        "save_card and without payment_method, and send the customer to its next_url: they agree "
        "anew by paying it.",
        "consent_ended",
    )


def _check(wish: Wish) -> None:
    if wish.money.amount <= 0:
        raise AskRefusedError("amount", "This must be above zero, in minor units.")
    if reason := chargeable(wish.money):
        name = "amount" if wish.money.currency in CURRENCIES else "currency"
        raise AskRefusedError(name, f"This can't be paid by card: {reason}.")
    if wish.save_card and wish.customer_id is None:
        raise AskRefusedError("customer", "Name the customer whose card is to be kept.")
    if wish.payment_method is not None:
        _check_kept(wish)
    total = sum(item["quantity"] * item["amount"] for item in wish.line_items)
    if wish.line_items and total != wish.money.amount:
        raise AskRefusedError(
            "line_items",
            f"The lines add up to {Money(total, wish.money.currency)}, and amount is {wish.money}.",
        )
    texts = (wish.description, wish.reference, wish.email, wish.return_url, wish.cancel_url)
    refuse(*(text for text in texts if text))
    refuse(*(item["description"] for item in wish.line_items))
    refuse(*wish.labels, *wish.labels.values())


def _check_kept(wish: Wish) -> None:
    if wish.customer_id is None:
        raise AskRefusedError("customer", "Name the customer whose card is charged.")
    if wish.save_card:
        raise AskRefusedError(
            "save_card", "A card that is charged without its owner is kept already. Leave this out."
        )
