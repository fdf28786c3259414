"""find_cards: a customer's own saved cards, all of them or one."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from payments_app.customers.models import Customer, SavedCard


def own_cards(customer_id: str) -> tuple[ColumnElement[bool], ...]:
    """What a customer may choose among: not what others kept under their address."""
    return (
        SavedCard.customer_id == customer_id,
        SavedCard.joined_at.is_not(None),
        SavedCard.removed_at.is_(None),
    )


def saved_cards(session: Session, customer_id: str) -> list[SavedCard]:
    """A customer's own cards, the default one first, then the newest; each number once."""
    default = session.scalar(
        select(Customer.default_payment_method_id).where(Customer.id == customer_id)
    )
    found = session.scalars(
        select(SavedCard)
        .where(*own_cards(customer_id))
        .order_by(SavedCard.created_at.desc(), SavedCard.id)
    )
    first: dict[str, SavedCard] = {}
    for card in sorted(found, key=lambda card: card.payment_method != default):
        first.setdefault(card.fingerprint or card.id, card)
    return list(first.values())


def card_of(session: Session, customer_id: str, card_id: str) -> SavedCard | None:
    """This card, if it is this customer's own and was not removed."""
    return session.scalar(select(SavedCard).where(SavedCard.id == card_id, *own_cards(customer_id)))


def card_of_method(session: Session, customer_id: str, payment_method: str) -> SavedCard | None:
    """The same, by the card's id at Stripe."""
    named = SavedCard.payment_method == payment_method
    return session.scalar(select(SavedCard).where(named, *own_cards(customer_id)))


def is_same(card: SavedCard) -> ColumnElement[bool]:
    """Condition on SavedCard: it is this card of the customer's own, by its number where that is
    known, which may have been kept before its owner was known."""
    if card.fingerprint is None:
        return SavedCard.id == card.id
    return and_(SavedCard.fingerprint == card.fingerprint, *own_cards(card.customer_id))


def is_same_removed(card: SavedCard) -> ColumnElement[bool]:
    """The same of a card that was removed, and with it every other row of its number."""
    if card.fingerprint is None:
        return SavedCard.id == card.id
    return and_(
        SavedCard.fingerprint == card.fingerprint,
        SavedCard.customer_id == card.customer_id,
        SavedCard.joined_at.is_not(None),
        SavedCard.removed_at.is_not(None),
    )
