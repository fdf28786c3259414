"""offers: what a checkout page offers, by the name of something for sale or by a public id."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.web.links import masked
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Payable, find_payable
from payments_app.payments.said import known_price
from payments_app.payments.sellable import ITEM, Offer, sellables


def offer_of(session: Session, item: str, *, lock: bool = False) -> Offer | None:
    """What is for sale by this name, else what was placed under this id: that is locked for a
    payment where asked."""
    if not ITEM.fullmatch(item):
        return None
    for sellable in sellables():
        if (offer := sellable.find(session, item)) is not None:
            return offer
    payable = placed(session, item, lock=lock)
    return offer_of_payable(payable) if payable else None


def offer_of_payable(payable: Payable) -> Offer | None:
    """Something placed already, at the price of that moment; None where it has none."""
    price = known_price(payable)
    if price is None:
        return None
    return Offer(
        item=payable.id,
        name=payable.payment_description,
        summary=payable.summary,
        price=price,
        begin=lambda *_: payable,
        card_terms=payable.card_terms,
        payee_id=payable.payee_id,
        way_back=payable.way_back(paid=False),
        heading=payable.heading,
        button=payable.button,
        asked_of=masked(payable.payer_email) if payable.payer_email else "",
        placed=payable.items,
    )


def placed(session: Session, item: str, *, lock: bool = False) -> Payable | None:
    """The payable of this public id, locked for a payment where asked."""
    return find_payable(session, item, lock=lock) if ITEM.fullmatch(item) else None


def active_transaction(payable: Payable) -> Transaction | None:
    """The payable's transaction that is complete or may still charge."""
    return next((record.transaction for record in payable.payment_records if record.active), None)
