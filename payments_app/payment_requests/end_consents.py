"""end_consents: a kept card is charged no more for an application's customer, since they say so, or
somebody for them, or because of what their bank said.

What has ended stays ended, also where a dispute is won afterwards: the bank decided about that
payment, and not that its owner wants another one. By paying on our page they agree anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.free_text import free_text
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.customers.cards import method_of, take_off
from payments_app.customers.detach import DETACH
from payments_app.customers.models import Customer, SavedCard
from payments_app.gateway.declines import decline_policy
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payment_requests.find_consents import Ending
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.queries import payable_id_of

ANNOUNCE = "notices.announce_consent"
MOST_REASON = 300


def _any(_consent: CardConsent) -> bool:
    return True


@atomic
def withdraw(session: Session, customer_id: str, card_id: str, actor: str) -> bool:
    """The application charges a card no more for its customer; False where there is no such
    consent."""
    card = session.get(SavedCard, card_id)
    if card is None:
        return False

    def theirs(one: CardConsent) -> bool:
        return one.customer_id == customer_id

    return _end(session, card, theirs, Ending.APPLICATION, actor)


@atomic
def end_for_owner(session: Session, consent_id: str, actor: str) -> None:
    """Its owner ends a consent, and each other by which its customer's same card is charged. Twice
    is once. Raises sqlalchemy.exc.NoResultFound for an unknown one."""
    _end_one(session, consent_id, Ending.OWNER, actor)


@atomic
def end_for_staff(session: Session, consent_id: str, reason: str, actor: str) -> None:
    """The same by staff, who say why. Raises ValueError, in words for them, for a reason that
    can't be kept."""
    reason = free_text(
        reason, what="A reason", most=MOST_REASON, if_empty="Enter why this consent ends."
    )
    _end_one(session, consent_id, Ending.STAFF, actor, reason)


def withdraw_all(session: Session, owner_id: str, actor: str) -> None:
    """Charge no card of this owner (a customer of the shop) for any application any more. The
    cards stay: what is still to be charged by their owner's own wish may be."""
    given = select(CardConsent.card_id).where(CardConsent.withdrawn_at.is_(None))
    cards = select(SavedCard).where(SavedCard.customer_id == owner_id, SavedCard.id.in_(given))
    for card in session.scalars(cards).all():
        _end(session, card, _any, Ending.ERASURE, actor, keep=True)


@atomic
def on_decline(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a failed payment of whatever kind: a card that the bank takes back is charged no
    more by any consent that was given before."""
    failed = session.get_one(Transaction, transaction_id, populate_existing=True)
    policy = decline_policy(failed.error)
    ended = failed.ended_at
    if failed.phase != Phase.FAILED or policy is None or not policy.ends_card or ended is None:
        return

    def given_before(one: CardConsent) -> bool:
        return one.given_at <= ended

    for card in _same_cards(session, failed):
        _end(session, card, given_before, Ending.DECLINED, "stripe", transaction_id=failed.id)


@atomic
def on_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """Runs after a dispute changed, an inquiry too: whoever disputes what was charged by their
    consent, or the payment by which they gave it, is charged no more by it. Stripe's times are
    whole seconds."""
    dispute = session.get_one(Dispute, dispute_id, populate_existing=True)
    paid = session.get_one(Transaction, dispute.transaction_id)
    request_id = payable_id_of(session, paid.id, PaymentRequest.payable_type)
    request = session.get(PaymentRequest, request_id) if request_id else None
    if request is None or request.customer_id is None:
        return
    whose, opened = request.customer_id, dispute.opened_at

    def meant(one: CardConsent) -> bool:
        return one.customer_id == whose and one.given_at.replace(microsecond=0) <= opened

    for card in _same_cards(session, paid):
        _end(session, card, meant, Ending.DISPUTED, "stripe", transaction_id=paid.id)


@atomic
def on_card_taken_off(session: Session, card_id: str, _claim: Claim) -> None:
    """Runs after a card was removed, or was found to be gone at Stripe."""
    card = session.get_one(SavedCard, card_id, populate_existing=True)
    _end(session, card, _any, Ending.CARD_REMOVED, history.SYSTEM, keep=True)


def _same_cards(session: Session, transaction: Transaction) -> Iterable[SavedCard]:
    """The kept card that a payment was made with, or kept, under each of its names at Stripe."""
    by_it = select(CardConsent.card_id).where(CardConsent.transaction_id == transaction.id)
    named: ColumnElement[bool] = SavedCard.id.in_(by_it)
    if method := method_of(transaction):
        named = or_(named, SavedCard.payment_method == method)
    number = SavedCard.fingerprint.in_(select(SavedCard.fingerprint).where(named))
    found = select(SavedCard).where(or_(named, number)).order_by(SavedCard.id)
    return session.scalars(found).all()


def _end_one(
    session: Session, consent_id: str, why: Ending, actor: str, reason: str | None = None
) -> None:
    consent = session.get_one(CardConsent, consent_id)
    card, whose = session.get_one(SavedCard, consent.card_id), consent.customer_id
    _end(session, card, lambda one: one.customer_id == whose, why, actor, reason=reason)


def _end(
    session: Session,
    card: SavedCard,
    which: Callable[[CardConsent], bool],
    why: Ending,
    actor: str,
    *,
    transaction_id: str | None = None,
    reason: str | None = None,
    keep: bool = False,
) -> bool:
    """End those consents of a card that are in force and are meant; False where there is none. The
    card is taken off at Stripe, unless it is to be kept, or is in its owner's account here, or
    another consent holds it: then it is theirs to remove."""
    owner = session.get_one(
        Customer, card.customer_id, with_for_update=True, populate_existing=True
    )
    session.refresh(card)
    in_force = (CardConsent.card_id == card.id, CardConsent.withdrawn_at.is_(None))
    given = session.scalars(
        select(CardConsent).where(*in_force).execution_options(populate_existing=True)
    ).all()
    meant = [consent for consent in given if which(consent)]
    if not meant or (card.removed_at is not None and why != Ending.CARD_REMOVED):
        return False
    for consent in meant:
        consent.withdrawn_at, consent.ended_why = database_now(), why
        history.record(
            session,
            "staff" if why == Ending.STAFF else "system",
            "card.consent_ended",
            actor=actor,
            transaction_id=transaction_id or consent.transaction_id,
            subject=consent.customer_id,
            card=card.id,
            brand=card.brand,
            last4=card.last4,
            consent=consent.id,
            why=why,
            reason=reason,
        )
        outbox.stage(session, ANNOUNCE, consent.id)
    if not keep and card.joined_at is None and len(meant) == len(given):
        take_off(session, owner, card, "card.removed")
        outbox.stage(session, DETACH, card.id)
    return True
