"""start: the one database transaction behind "Pay". Nothing is charged here: a job does that.

Safe from a double click because the client's key is unique on the row, and from two tabs because a
payable has one live transaction at most: whoever loses a race runs again, and finds the winner.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments_app.checkout.forms import Purchase, invalid
from payments_app.checkout.keys import SCOPE, made_before, row_key
from payments_app.checkout.means import means_of
from payments_app.checkout.offers import (
    digital_for_sale,
    offer_of_plan,
    placed,
    plan_for_sale,
    product_for_sale,
)
from payments_app.checkout.velocity_fingerprints import VelocityFingerprint
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import CommitOutcomeUnknownError, atomic, hold_name
from payments_app.core.money import Money, chargeable
from payments_app.core.web.http import ProblemError
from payments_app.customers.find import customer_for
from payments_app.downloads.purchase import purchase as buy
from payments_app.orders.place import place
from payments_app.payments.models import Transaction
from payments_app.payments.payable import NotPayableError, Payable
from payments_app.payments.transactions.open import open_transaction
from payments_app.subscriptions.subscribe import subscribe

_TRIES = 3


@dataclass(frozen=True)
class Started:
    """The transaction that answers a purchase; `replayed` where an earlier request made it."""

    transaction: Transaction
    replayed: bool


def start(
    purchase: Purchase,
    buyer: str | None,
    known: str | None = None,
    fingerprints: Collection[str] = (),
    caller: str | None = None,
) -> Started:
    """Store a pending transaction for the purchase, or answer the one that its key names.

    `buyer` names the browser, `known` the customer whom it is known to be: only their saved cards
    can be paid with. `fingerprints` say from where it was asked for. `caller` is whose the key is:
    the browser's name if it had one before this request.

    Raises ProblemError (422 for what cannot be bought so, `idempotency_key_reuse`,
    `amount_changed`; 503 when the database was lost) and LivePaymentError.
    """
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            return _start(purchase, buyer, known, fingerprints, caller)
        except NotPayableError as refusal:
            raise ProblemError(409, refusal.code, refusal.message) from None
        except IntegrityError:
            if last:
                raise
        except CommitOutcomeUnknownError as error:
            # It may be stored: the next run reads by key before it does anything.
            if last:
                raise _unknown() from error
    raise AssertionError("unreachable")


@atomic
def _start(
    session: Session,
    purchase: Purchase,
    buyer: str | None,
    known: str | None,
    fingerprints: Collection[str],
    caller: str | None,
) -> Started:
    # One wish with a name and without is two keys to the row: they must not run side by side.
    hold_name(session, f"{SCOPE}:{purchase.key}")
    found = made_before(session, purchase, caller)
    if found is not None:
        return Started(found, replayed=True)
    customer_id, payable = _payable(session, purchase)
    transaction = open_transaction(
        session,
        payable,
        customer_id=customer_id,
        email=purchase.email,
        means=means_of(session, purchase, payable, customer_id, known),
        idempotency_key=row_key(purchase.key, caller),
        fingerprint=purchase.fingerprint,
        buyer=buyer,
    )
    for fingerprint in fingerprints:
        session.add(VelocityFingerprint(fingerprint=fingerprint, transaction_id=transaction.id))
    return Started(transaction, replayed=False)


def _payable(session: Session, purchase: Purchase) -> tuple[str, Payable]:
    """Who pays for what: a new order, or what was placed before (locked)."""
    product = product_for_sale(session, purchase.item)
    if product is not None:
        if purchase.quantity > product.max_quantity:
            raise invalid({"quantity": f"You can order up to {product.max_quantity} of these."})
        _check(purchase, product.price * purchase.quantity)
        customer = customer_for(session, purchase.email)
        return customer.id, place(session, product, purchase.quantity, customer.id)
    plan = plan_for_sale(session, purchase.item)
    if plan is not None:
        _check(purchase, offer_of_plan(plan).choices[0].price, keeps_card=bool(plan.card_terms))
        customer = customer_for(session, purchase.email)
        return customer.id, subscribe(session, plan, customer.id, utcnow())
    digital = digital_for_sale(session, purchase.item)
    if digital is not None:
        _check(purchase, digital.price)
        customer = customer_for(session, purchase.email)
        return customer.id, buy(session, digital, customer.id)
    payable = placed(session, purchase.item, lock=True)
    if payable is None:
        raise invalid({"item": "This product is no longer available."})
    _check(purchase, payable.price, keeps_card=bool(payable.card_terms))
    return customer_for(session, purchase.email).id, payable


def _check(purchase: Purchase, price: Money, *, keeps_card: bool = False) -> None:
    """The shop's price is what the page showed, can be charged, and there is a card for it, or to
    be kept."""
    if purchase.amount not in (None, price.amount) or purchase.currency not in (
        None,
        price.currency,
    ):
        raise ProblemError(
            422,
            "amount_changed",
            f"The price is now {price}. No payment was made. Check the price and pay again.",
            amount=price.amount,
            currency=price.currency,
            amount_text=str(price),
        )
    if reason := chargeable(price):
        raise invalid({"item": f"This can't be paid by card: {reason}."})
    given = purchase.payment_method or purchase.confirmation_token or purchase.saved_card
    if (price.amount > 0 or keeps_card) and not given:
        raise invalid({"payment_method": "Enter your card details."})


def _unknown() -> ProblemError:
    return ProblemError(
        503,
        "unavailable",
        "We could not tell whether your payment was stored. Send the same form again: it can't "
        "charge you twice.",
        headers={"Retry-After": "5"},
    )
