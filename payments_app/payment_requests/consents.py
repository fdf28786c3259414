"""consents: which kept cards of an application's customer may be charged without them.

A consent is stored with the card, by the payment whose page said the words. Without one nothing is
charged off session, whoever the card belongs to at Stripe.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.jobs import outbox
from payments_app.core.language import Words
from payments_app.customers.cards import keep_card, take_off
from payments_app.customers.detach import DETACH
from payments_app.customers.models import Customer, SavedCard
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State

KEPT_WORDS = Words(
    "Your card is kept for later payments that you agreed to with the seller. You can remove it "
    "in your account."
)
KEPT_VERSION = "2026-11-26"  # a new one with every change of the words


def keep_consent(
    session: Session, customer_id: str, terms: tuple[str, str], paid: Transaction
) -> None:
    """The buyer paid on a page that said the terms (words, version): keep that with the card.

    Safe to run twice, and before or after the card is kept. What was taken without the buyer says
    nothing of what they agree to.
    """
    if paid.state != State.COMPLETE or paid.off_session:
        return
    card = keep_card(session, paid.id)
    if card is None:
        return
    fresh = insert_once(
        session,
        CardConsent,
        id=new_id("agr"),
        customer_id=customer_id,
        card_id=card.id,
        transaction_id=paid.id,
        words=terms[0],
        version=terms[1],
        given_at=paid.created_at,
    )
    if fresh:
        _record(session, "card.agreed", customer_id, card, version=terms[1], transaction_id=paid.id)


def chargeable_card(session: Session, customer_id: str, payment_method: str) -> SavedCard | None:
    """This card (`pm_...`) of the application's customer, if it may be charged without them."""
    agreed = select(CardConsent.id).where(
        CardConsent.card_id == SavedCard.id, *_in_force(customer_id)
    )
    return session.scalar(
        select(SavedCard).where(
            SavedCard.payment_method == payment_method,
            SavedCard.removed_at.is_(None),
            agreed.exists(),
        )
    )


def cards_of(session: Session, customer_id: str) -> list[tuple[SavedCard, CardConsent]]:
    """Each such card with its newest consent, the newest first."""
    rows = session.execute(
        select(SavedCard, CardConsent)
        .join(CardConsent, CardConsent.card_id == SavedCard.id)
        .where(SavedCard.removed_at.is_(None), *_in_force(customer_id))
        .order_by(CardConsent.given_at.desc(), CardConsent.id.desc())
    )
    newest: dict[str, tuple[SavedCard, CardConsent]] = {}
    for card, consent in rows:
        newest.setdefault(card.id, (card, consent))
    return list(newest.values())


@atomic
def withdraw(session: Session, customer_id: str, card_id: str, actor: str) -> bool:
    """Charge a card no more for this customer; False where there is no such card. It is taken off
    at Stripe, unless it is in its owner's account here, or another consent holds it: then it is
    theirs to remove."""
    card = session.get(SavedCard, card_id)
    if card is None:
        return False
    owner = session.get_one(
        Customer, card.customer_id, with_for_update=True, populate_existing=True
    )
    given = session.scalars(
        select(CardConsent).where(
            CardConsent.card_id == card_id, CardConsent.withdrawn_at.is_(None)
        )
    ).all()
    theirs = [consent for consent in given if consent.customer_id == customer_id]
    session.refresh(card)
    if card.removed_at is not None or not theirs:
        return False
    for consent in theirs:
        consent.withdrawn_at = database_now()
    _record(session, "card.consent_withdrawn", customer_id, card, actor=actor)
    if card.joined_at is None and len(theirs) == len(given):
        take_off(session, owner, card, "card.removed")
        outbox.stage(session, DETACH, card.id)
    return True


def withdraw_all(session: Session, owner_id: str, actor: str) -> None:
    """Charge no card of this owner (a customer of the shop) for any application any more. The
    cards stay: what is still to be charged by their owner's own wish may be."""
    given = session.execute(
        select(CardConsent, SavedCard)
        .join(SavedCard, SavedCard.id == CardConsent.card_id)
        .where(SavedCard.customer_id == owner_id, CardConsent.withdrawn_at.is_(None))
    ).all()
    for consent, card in given:
        consent.withdrawn_at = database_now()
        _record(session, "card.consent_withdrawn", consent.customer_id, card, actor=actor)


def _in_force(customer_id: str) -> tuple[ColumnElement[bool], ...]:
    return CardConsent.customer_id == customer_id, CardConsent.withdrawn_at.is_(None)


def _record(
    session: Session,
    what: str,
    customer_id: str,
    card: SavedCard,
    *,
    version: str | None = None,
    transaction_id: str | None = None,
    actor: str = history.SYSTEM,
) -> None:
    history.record(
        session,
        "system",
        what,
        actor=actor,
        transaction_id=transaction_id,
        subject=customer_id,
        card=card.id,
        brand=card.brand,
        last4=card.last4,
        version=version,
    )
