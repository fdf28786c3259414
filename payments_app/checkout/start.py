"""start: the one database transaction behind "Pay". Nothing is charged here: a job does that.

Safe from a double click because the client's key is unique on the row, and from two tabs because a
payable has one active transaction at most: whoever loses a race runs again, and finds the winner.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from payments_app.checkout import buyers
from payments_app.checkout.forms import Purchase, invalid
from payments_app.checkout.keys import SCOPE, made_before, row_key
from payments_app.checkout.offers import offer_of
from payments_app.checkout.payment_source import email_of, payment_source_of
from payments_app.checkout.velocity_fingerprints import VelocityFingerprint
from payments_app.core.db.session import CommitOutcomeUnknownError, advisory_lock, atomic
from payments_app.core.language import Words
from payments_app.core.money import CURRENCIES, Money
from payments_app.core.web.http import ProblemError
from payments_app.core.web.links import seal
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Holder, NotPayableError, Payable
from payments_app.payments.sellable import Offer
from payments_app.payments.transactions.open import asked, not_by_card, open_transaction

_TRIES = 3
LOCK_TIMEOUT = "800ms"  # each of the tries of `atomic`
_LOCK_NOT_AVAILABLE = "55P03"


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
    network: str | None = None,
) -> Started:
    """Store a pending transaction for the purchase, or answer the one that its key names.

    `buyer` names the browser, `known` the customer whom it is known to be: only their saved cards
    can be paid with. `fingerprints` say from where it was asked for. `caller` is whose the key is:
    the browser's name if it had one before this request. `network` is whose address it came from.

    Raises ProblemError (422 for what cannot be bought so, `idempotency_key_reuse`,
    `amount_changed`; 503 when the database was lost, or `busy` where too many wait for the same
    goods) and ActivePaymentError.
    """
    holder = Holder(
        _hashed("browser", buyer), _hashed("customer", known), _hashed("network", network)
    )
    for tries_left in reversed(range(_TRIES)):
        try:
            return _start(purchase, buyer, known, fingerprints, caller, holder)
        except NotPayableError as refusal:
            more: dict[str, Any] = {"see": url_for(refusal.endpoint)} if refusal.endpoint else {}
            raise ProblemError(409, refusal.code, refusal.message, **more) from None
        except IntegrityError:
            if not tries_left:
                raise
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                raise _busy() from error
            raise
        except CommitOutcomeUnknownError as error:
            # It may be stored: the next run reads by key before it does anything.
            if not tries_left:
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
    holder: Holder,
) -> Started:
    _wait_briefly(session)
    # One wish with a name and without is two keys to the row: they must not run side by side.
    advisory_lock(session, f"{SCOPE}:{purchase.key}")
    found = made_before(session, purchase, caller)
    if found is not None:
        return Started(found, replayed=True)
    email = email_of(session, purchase, known)
    customer_id, payable = _payable(session, purchase, email, known)
    proved = known == customer_id
    if (proved or buyer) and (
        already := asked(lambda: payable.already(session, customer_id, None if proved else buyer))
    ):
        raise NotPayableError("already_bought", already, payable.owned_at)
    transaction = open_transaction(
        session,
        payable,
        customer_id=customer_id,
        email=email,
        source=payment_source_of(session, purchase, payable, customer_id, known),
        idempotency_key=row_key(purchase.key, caller),
        fingerprint=purchase.fingerprint,
        buyer=buyer,
        holder=holder,
        reader=buyers.reader(purchase.time_zone),
    )
    for fingerprint in fingerprints:
        session.add(VelocityFingerprint(fingerprint=fingerprint, transaction_id=transaction.id))
    return Started(transaction, replayed=False)


def _hashed(kind: str, value: str | None) -> str | None:
    return seal(f"holder:{kind}", value)[:40] if value else None


def _payable(
    session: Session, purchase: Purchase, email: str, known: str | None
) -> tuple[str, Payable]:
    """Who pays for what: something new of what is for sale, or what was placed before (locked)."""
    offer = offer_of(session, purchase.item, lock=True)
    if offer is None:
        raise invalid({"item": Words("This product is no longer available.")})
    _check(purchase, offer)
    customer_id = _customer(session, purchase, email, known).id
    return customer_id, offer.begin(session, purchase.quantity, customer_id)


def _customer(session: Session, purchase: Purchase, email: str, known: str | None) -> Customer:
    """Whose purchase it is. Whoever has proved to be them reads on in the language of now."""
    reader = buyers.reader(purchase.time_zone)
    customer = customer_for(session, email, reader)
    if known == customer.id:
        customer.language, customer.zone = reader.language, reader.zone or customer.zone
    return customer


def _check(purchase: Purchase, offer: Offer) -> None:
    """So many may be bought, at the price that the page showed; it can be charged, and there is a
    card for it or to be kept."""
    if offer.max_quantity is not None and purchase.quantity > offer.max_quantity:
        words = Words("You can order up to %(most)s of these.", most=offer.max_quantity)
        raise invalid({"quantity": words})
    price = offer.price_of(purchase.quantity)
    as_shown = purchase.amount in (None, price.amount)
    if not as_shown or purchase.currency not in (None, price.currency):
        raise _amount_changed(purchase, price)
    if refusal := not_by_card(price):
        raise invalid({"item": refusal})
    given = purchase.payment_method or purchase.confirmation_token or purchase.saved_card
    if (price.amount > 0 or offer.card_terms) and not given:
        raise invalid({"payment_method": Words("Enter your card details.")})


def _amount_changed(purchase: Purchase, price: Money) -> ProblemError:
    """With what the page showed, where it said an amount of a currency that there is."""
    words = Words(
        "The price is now %(price)s. No payment was made. Check the price and pay again.",
        price=price,
    )
    currency = purchase.currency or price.currency
    if purchase.amount is not None and currency in CURRENCIES:
        words = Words(
            "The price is now %(price)s instead of %(before)s. No payment was made. Check the "
            "price and pay again.",
            price=price,
            before=Money(purchase.amount, currency),
        )
    return ProblemError(
        422,
        "amount_changed",
        words,
        amount=price.amount,
        currency=price.currency,
        amount_text=str(price),
    )


def _wait_briefly(session: Session) -> None:
    """Rather say soon that many want the same than keep a buyer and a thread waiting."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.set_config("lock_timeout", LOCK_TIMEOUT, True)))


def _busy() -> ProblemError:
    return ProblemError(
        503,
        "busy",
        Words(
            "Many people are ordering this right now. No payment was made. Try again in a few "
            "seconds."
        ),
        headers={"Retry-After": "3"},
    )


def _unknown() -> ProblemError:
    return ProblemError(
        503,
        "unavailable",
        Words(
            "We could not tell whether your payment was stored. Send the same form again: it can't "
            "charge you twice."
        ),
        headers={"Retry-After": "5"},
    )
