"""payment_source: what a purchase is paid with, and whose it is.

A card is spent by its owner alone: by a browser that has proved to be the customer whose card it
is. What a request names proves nothing, for whoever sends it may have read it somewhere. A new card
comes as a confirmation token, which Stripe's own fields make from what was typed.
"""

from __future__ import annotations

import re

from flask import current_app
from sqlalchemy.orm import Session

from payments_app.checkout.forms import Purchase, invalid
from payments_app.core.language import Words
from payments_app.customers.find_cards import card_of, card_of_method
from payments_app.customers.models import Customer, SavedCard
from payments_app.merchants.accounts import seller_of
from payments_app.payments.payable import Payable
from payments_app.payments.transactions.open import PaymentSource

# Stripe's own, each a new card whenever it is named: https://docs.stripe.com/testing
_TEST_CARD = re.compile(r"pm_card_\w+", re.ASCII)
_NOT_TAKEN = Words(
    "This payment method can't be charged from here. Send a confirmation token from the card "
    "fields, or a saved card of your own."
)
_NOT_TAKEN_IN_TEST_MODE = Words(
    "This payment method can't be charged from here. Send a confirmation token from the card "
    "fields, or a saved card of your own. In test mode one of Stripe's test cards will do, such as "
    "pm_card_visa."
)


def email_of(session: Session, purchase: Purchase, known: str | None) -> str:
    """Whose purchase it is: with a saved card its owner's, whatever else the form said."""
    card = purchase.saved_card
    owner = session.get(Customer, known) if known and card else None
    if owner is None or card is None or card_of(session, owner.id, card) is None:
        return purchase.email
    return owner.email


def payment_source_of(
    session: Session, purchase: Purchase, payable: Payable, customer_id: str, known: str | None
) -> PaymentSource:
    """How the purchase of this customer is paid, `known` being the customer whom the browser has
    proved to be. Only then a card is kept with the customer's own ones at Stripe.

    Raises ProblemError 422 for a card that this browser may not pay with, or that can't pay a
    seller who charges on an account of their own.
    """
    seller = seller_of(session, payable.payee_id) if payable.payee_id else None
    if seller is not None and seller.account is not None:
        if purchase.saved_card is not None:
            words = Words("A saved card can't pay this seller. Enter a card.")
            raise invalid({"payment_method": words})
        _refuse_named(purchase)
        return PaymentSource(purchase.confirmation_token, purchase.payment_method)
    card = _own_card(session, purchase, known)
    if card is not None:
        if known != customer_id:
            words = Words("This saved card belongs to another e-mail address. Use another card.")
            raise invalid({"email": words})
        return card.payment_source(off_session=False)
    save = purchase.save_card or bool(payable.card_terms)
    owner = session.get_one(Customer, customer_id) if save and known == customer_id else None
    return PaymentSource(
        purchase.confirmation_token,
        purchase.payment_method,
        stripe_customer_id=owner.known_at_stripe if owner else None,
        save_card=save,
        customer_known=owner is not None,
    )


def _own_card(session: Session, purchase: Purchase, known: str | None) -> SavedCard | None:
    """The buyer's own card that is named, by our id or by Stripe's; None for a new one."""
    if purchase.saved_card is not None:
        card = card_of(session, known, purchase.saved_card) if known else None
        if card is None:
            words = Words("This saved card was removed. Use another card.")
            raise invalid({"payment_method": words})
        return card
    if known is not None and purchase.payment_method is not None:
        card = card_of_method(session, known, purchase.payment_method)
        if card is not None:
            return card
    _refuse_named(purchase)
    return None


def _refuse_named(purchase: Purchase) -> None:
    """Whether a card is not there, or is somebody else's, is not said."""
    method, live = purchase.payment_method, current_app.config["CONFIG"].live
    if method is None or (not live and _TEST_CARD.fullmatch(method)):
        return
    raise invalid({"payment_method": _NOT_TAKEN if live else _NOT_TAKEN_IN_TEST_MODE})
