"""offers: what a checkout page offers, by the name of something for sale or by a public id."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from payments_app.core.web.links import masked, unsigned
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Payable, find_payable
from payments_app.payments.said import known_items, known_price, said
from payments_app.payments.sellable import ITEM, Offer, sellables
from payments_app.payments.transactions.open import asked


def offer_of(session: Session, item: str, *, lock: bool = False) -> Offer | None:
    """What is for sale by this name, else what was placed under this id: that is locked for a
    payment where asked."""
    if not ITEM.fullmatch(item):
        return None
    for sellable in sellables():
        if (offer := sellable.find(session, item)) is not None:
            return offer
    payable = placed(session, item, lock=lock)
    return offer_of_payable(session, payable, lock=lock) if payable else None


def offer_of_payable(session: Session, payable: Payable, *, lock: bool = False) -> Offer | None:
    """Something placed already, at the price of that moment; None where it has none, or its host
    fails at what it is asked. What a link asks for is locked, too, where asked."""
    return said(lambda: _offer_of(session, payable, lock=lock), None)


def _offer_of(session: Session, payable: Payable, *, lock: bool) -> Offer | None:
    owed = payable.owed(session, lock=lock)
    price = known_price(owed) if owed else None
    if owed is None or price is None:
        return None
    return Offer(
        item=payable.checkout_name,
        name=owed.payment_description,
        summary=owed.summary,
        price=price,
        begin=partial(_begin, payable, owed),
        card_terms=owed.card_terms,
        payee_id=owed.payee_id,
        way_back=owed.way_back(paid=False),
        heading=owed.heading,
        button=owed.button,
        asked_of=masked(payable.payer_email) if payable.payer_email else "",
        placed=known_items(owed),
    )


def _begin(
    payable: Payable, owed: Payable, session: Session, _quantity: int, customer_id: str
) -> Payable:
    """What is paid. A link that asks for it may be over while it is not itself."""
    if owed is not payable:
        asked(lambda: payable.before_payment(session, customer_id))
    return owed


def placed(session: Session, item: str, *, lock: bool = False) -> Payable | None:
    """The payable of this public id, locked for a payment where asked: by its id alone only where
    its link need not be signed."""
    if not ITEM.fullmatch(item):
        return None
    payable = find_payable(session, unsigned(item), lock=lock)
    if payable is None:
        return None
    known = item != payable.id or said(lambda: payable.opens_unsigned, instead=False)
    return payable if known else None


def active_transaction(payable: Payable) -> Transaction | None:
    """The payable's transaction that is complete or may still charge."""
    return next((record.transaction for record in payable.payment_records if record.active), None)
