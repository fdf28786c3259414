"""find_consents: by which consents whose cards are charged, for whoever reads or ends them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from payments_app.accounts.api_keys import ApiKey
from payments_app.core.language import as_said
from payments_app.customers.models import SavedCard
from payments_app.payment_requests.consents import KEPT_WORDS, cards_of
from payments_app.payment_requests.customer_models import ApplicationCustomer, CardConsent
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import Transaction
from payments_app.payments.queries import payable_id_of

# Of the signed link to one.
PURPOSE, PATH = "consent", "/consents/"


class Ending(StrEnum):
    """By what a consent ended."""

    OWNER = "owner"
    APPLICATION = "application"
    STAFF = "staff"
    ERASURE = "erasure"
    DECLINED = "declined"  # the bank says that the card must not be tried again
    DISPUTED = "disputed"
    CARD_REMOVED = "card_removed"  # by its owner, or it is gone at Stripe


# As whoever would charge by it reads.
WHY_ENDED: dict[str, str] = {
    Ending.OWNER: "The customer ended their consent.",
    Ending.APPLICATION: "The card was removed by your own call.",
    Ending.STAFF: "The shop's staff ended the consent.",
    Ending.ERASURE: "The customer asked to be erased.",
    Ending.DECLINED: "The bank said that the card must not be tried again.",
    Ending.DISPUTED: "The customer disputed a payment with this card.",
    Ending.CARD_REMOVED: "The card was removed.",
}


@dataclass(frozen=True)
class Given:
    """A consent with its card. `application` is what the shop calls the one that charges by it,
    `about` what was paid for as it was given."""

    consent: CardConsent
    card: SavedCard
    application: str
    about: str

    @property
    def words(self) -> str:
        """What was agreed to, as its reader reads it."""
        return as_said(self.consent.words, KEPT_WORDS)

    @property
    def whose(self) -> str:
        """The id of the shop's customer under whose address the card was kept."""
        return self.card.customer_id


def given_for(session: Session, owner_id: str) -> list[Given]:
    """Those in force of the cards that were kept under this owner's address (a customer of the
    shop), whoever kept them: the newest of each application's customer and card, the newest
    first."""
    return _given(session, SavedCard.customer_id == owner_id)


def given(session: Session, consent_id: str) -> Given | None:
    """The one of this id, while it is in force."""
    found = _given(session, CardConsent.id == consent_id)
    return found[0] if found else None


def owner_of(session: Session, consent_id: str) -> str | None:
    """The shop's customer under whose address the card of a consent was kept, in force or not."""
    return session.scalar(
        select(SavedCard.customer_id)
        .join(CardConsent, CardConsent.card_id == SavedCard.id)
        .where(CardConsent.id == consent_id)
    )


def ended_consent(session: Session, customer_id: str, payment_method: str) -> CardConsent | None:
    """The consent of an application's customer to charge this card that ended last; None where
    there was none."""
    return session.scalars(
        select(CardConsent)
        .join(SavedCard, SavedCard.id == CardConsent.card_id)
        .where(
            SavedCard.payment_method == payment_method,
            CardConsent.customer_id == customer_id,
            CardConsent.withdrawn_at.is_not(None),
        )
        .order_by(CardConsent.withdrawn_at.desc(), CardConsent.id.desc())
    ).first()


def charged_by(session: Session, paid: Transaction) -> CardConsent | None:
    """The consent in force by which a payment was made without its buyer; None of any other."""
    request_id = payable_id_of(session, paid.id, PaymentRequest.payable_type)
    request = session.get(PaymentRequest, request_id) if request_id and paid.off_session else None
    if request is None or request.customer_id is None:
        return None
    for card, consent in cards_of(session, request.customer_id):
        if card.payment_method == paid.payment_method:
            return consent
    return None


def _given(session: Session, which: ColumnElement[bool]) -> list[Given]:
    rows = session.execute(
        select(CardConsent, SavedCard, ApiKey.name, Transaction.description)
        .join(SavedCard, SavedCard.id == CardConsent.card_id)
        .join(ApplicationCustomer, ApplicationCustomer.id == CardConsent.customer_id)
        .join(Transaction, Transaction.id == CardConsent.transaction_id)
        .outerjoin(ApiKey, ApiKey.id == ApplicationCustomer.application)
        .where(which, CardConsent.withdrawn_at.is_(None), SavedCard.removed_at.is_(None))
        .order_by(CardConsent.given_at.desc(), CardConsent.id.desc())
    )
    newest: dict[tuple[str, str], Given] = {}
    for consent, card, application, about in rows:
        one = Given(consent, card, application or "", about)
        newest.setdefault((consent.customer_id, card.id), one)
    return list(newest.values())
