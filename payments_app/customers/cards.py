"""cards: keep one, join it to its owner's account, choose the default, remove one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.jobs import outbox
from payments_app.customers.detach import DETACH
from payments_app.customers.find_cards import card_of, is_same, saved_cards
from payments_app.customers.models import Customer, SavedCard
from payments_app.gateway.ids import clean_id, id_of
from payments_app.gateway.numbers import whole
from payments_app.gateway.words import word
from payments_app.payments.models import Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import attempts, joined

MAIL_REMOVED = "notices.card_removed"
TAKEN_OFF = "payment_requests.on_card_taken_off"


def keep_card(session: Session, transaction_id: str) -> SavedCard | None:
    """The card that a completed payment was made with, kept if its buyer agreed to that, or the
    saved one that it was; None otherwise. Safe to run twice: a card is kept once.

    Who only typed an address at the checkout changes nothing of that customer's account: the card
    is in it once they have proved the address. The first one there is the default; a later one is
    not, until its owner says so.
    """
    paid = session.get_one(Transaction, transaction_id, populate_existing=True)
    method, stripe_customer = method_of(paid), paid.stripe_customer_id
    if paid.state != State.COMPLETE or method is None or stripe_customer is None:
        return None
    if paid.save_card:
        _insert(session, paid, method, stripe_customer)
    return session.scalar(
        select(SavedCard).where(SavedCard.payment_method == method, SavedCard.removed_at.is_(None))
    )


@atomic
def verify_cards(session: Session, customer_id: str, browser: str) -> None:
    """A browser has proved to be the customer's: the cards that it kept under their address are
    theirs from now on, also those of its payments that have not ended yet."""
    customer = _lock(session, customer_id)
    paid = session.scalars(
        attempts(Customer.payable_type, customer_id, Role.CUSTOMER)
        .where(Transaction.buyer == browser, Transaction.save_card)
        .execution_options(populate_existing=True)
    ).all()
    session.execute(
        update(Transaction)
        .where(Transaction.id.in_([each.id for each in paid]))
        .values(customer_known=True, updated_at=Transaction.updated_at)
        .execution_options(synchronize_session=False)
    )
    kept = select(SavedCard).where(
        SavedCard.payment_method.in_([method_of(each) for each in paid]),
        SavedCard.customer_id == customer_id,
        SavedCard.joined_at.is_(None),
    )
    for card in session.scalars(kept.order_by(SavedCard.created_at, SavedCard.id)):
        card.joined_at = database_now()
        _add_to_account(customer, card)
        _record(session, "card.joined", customer_id, card)


@atomic
def choose_default(session: Session, customer_id: str, card_id: str) -> bool:
    """Make a card the one that is charged by default; False where there is no such card."""
    customer = _lock(session, customer_id)
    card = card_of(session, customer_id, card_id)
    if card is None:
        return False
    if customer.default_payment_method_id != card.payment_method:
        _set_default(customer, card)
        _record(session, "card.default", customer_id, card)
    return True


@atomic
def remove(session: Session, customer_id: str, card_id: str) -> bool:
    """Never charge a card again, and take it off the customer at Stripe by a job; False where
    there is no such card."""
    customer = _lock(session, customer_id)
    card = card_of(session, customer_id, card_id)
    if card is None:
        return False
    for same in session.scalars(select(SavedCard).where(is_same(card))).all():
        take_off(session, customer, same, "card.removed")
        outbox.stage(session, DETACH, same.id)
    outbox.stage(session, MAIL_REMOVED, card.id)
    return True


def take_off(session: Session, customer: Customer, card: SavedCard, what: str) -> None:
    """Never charge a card of a locked customer again, with `what` in the history. Another one
    becomes the default, if there is one, and the consents to charge it end by a job."""
    card.removed_at = database_now()
    session.flush()
    if customer.default_payment_method_id == card.payment_method:
        left = saved_cards(session, customer.id)
        _set_default(customer, left[0] if left else None)
    _record(session, what, customer.id, card)
    outbox.stage(session, TAKEN_OFF, card.id)


def _insert(session: Session, paid: Transaction, method: str, stripe_customer: str) -> None:
    customer_id = session.scalars(joined(paid.id, Role.CUSTOMER)).one()
    customer = _lock(session, customer_id)
    session.refresh(paid, ["customer_known"])  # `verify_cards` changes it with the customer locked
    details = _details(as_object(paid.stripe_data))
    fresh = insert_once(
        session,
        SavedCard,
        id=new_id("card"),
        customer_id=customer_id,
        payment_method=method,
        stripe_customer_id=stripe_customer,
        brand=word(details.get("brand"), 24) or paid.card_brand or "card",
        last4=word(details.get("last4"), 4) or paid.card_last4 or "",
        exp_month=whole(details.get("exp_month"), 1, 12),
        exp_year=whole(details.get("exp_year"), 1970, 9999),
        fingerprint=clean_id(details.get("fingerprint")),
        joined_at=database_now() if paid.customer_known else None,
    )
    if not fresh:
        return
    card = session.scalars(select(SavedCard).where(SavedCard.payment_method == method)).one()
    if paid.customer_known and (kept := _kept_before(session, card)) is not None:
        _renew(session, customer, kept, card)
        return
    if paid.customer_known:
        _add_to_account(customer, card)
    _record(session, "card.saved", customer_id, card, transaction_id=paid.id)


def _kept_before(session: Session, card: SavedCard) -> SavedCard | None:
    """The customer's own card of the same number."""
    others = select(SavedCard).where(is_same(card), SavedCard.id != card.id)
    return session.scalars(others.order_by(SavedCard.created_at, SavedCard.id)).first()


def _renew(session: Session, customer: Customer, kept: SavedCard, entered: SavedCard) -> None:
    """A card that was kept is entered anew: it stays one card, of the newest details, and what it
    was at Stripe before is taken off there."""
    was_default = customer.default_payment_method_id == kept.payment_method
    before = (kept.payment_method, kept.stripe_customer_id)
    newest = (entered.payment_method, entered.stripe_customer_id)
    entered.payment_method, entered.removed_at = f"{entered.id}:moved", database_now()
    session.flush()
    kept.payment_method, kept.stripe_customer_id = newest
    kept.exp_month, kept.exp_year = entered.exp_month, entered.exp_year
    session.flush()
    entered.payment_method, entered.stripe_customer_id = before
    session.flush()
    if was_default:
        _set_default(customer, kept)
    outbox.stage(session, DETACH, entered.id)
    _record(session, "card.renewed", customer.id, kept)


def _add_to_account(customer: Customer, card: SavedCard) -> None:
    """A card that is the customer's own is the default where there is none."""
    if customer.known_at_stripe is None:
        _name_at_stripe(customer, card.stripe_customer_id)
    if customer.default_payment_method_id is None:
        _set_default(customer, card)


def method_of(paid: Transaction) -> str | None:
    """The card's id at Stripe: of a setup it comes as the whole object, and where nothing had to
    be asked at Stripe it is the saved card that was named."""
    return id_of(as_object(paid.stripe_data).get("payment_method") or paid.payment_method)


def _details(intent: dict[str, Any]) -> dict[str, Any]:
    charge, method = intent.get("latest_charge"), intent.get("payment_method")
    if isinstance(charge, dict):
        method = charge.get("payment_method_details")
    card = method.get("card") if isinstance(method, dict) else None
    return card if isinstance(card, dict) else {}


def _set_default(customer: Customer, card: SavedCard | None) -> None:
    """The card, and the customer at Stripe that it belongs to: the two are charged together."""
    customer.default_payment_method_id = card.payment_method if card else None
    if card:
        _name_at_stripe(customer, card.stripe_customer_id)
    customer.version += 1


def _name_at_stripe(customer: Customer, stripe_customer_id: str) -> None:
    if customer.stripe_customer_id != stripe_customer_id:
        customer.stripe_customer_id, customer.stripe_customer_gone_at = stripe_customer_id, None


def _lock(session: Session, customer_id: str) -> Customer:
    return session.get_one(Customer, customer_id, with_for_update=True, populate_existing=True)


def _record(
    session: Session,
    what: str,
    customer_id: str,
    card: SavedCard,
    transaction_id: str | None = None,
) -> None:
    history.record(
        session,
        "system",
        what,
        transaction_id=transaction_id,
        subject=customer_id,
        card=card.id,
        brand=card.brand,
        last4=card.last4,
    )
