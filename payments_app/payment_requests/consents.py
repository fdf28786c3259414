"""consents: which kept cards of an application's customer may be charged without them.

A consent is stored with the card, by the payment whose page said the words. Without one nothing is
charged off session, whoever the card belongs to at Stripe.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import insert_once
from payments_app.core.language import Words
from payments_app.customers.cards import keep_card
from payments_app.customers.models import SavedCard
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
        history.record(
            session,
            "system",
            "card.agreed",
            transaction_id=paid.id,
            subject=customer_id,
            card=card.id,
            brand=card.brand,
            last4=card.last4,
            version=terms[1],
        )


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


def _in_force(customer_id: str) -> tuple[ColumnElement[bool], ...]:
    return CardConsent.customer_id == customer_id, CardConsent.withdrawn_at.is_(None)
