"""mark_gone: what a read showed to be gone at Stripe is marked, and charged no more.

With the key of another account everything would look gone: after MOST_AN_HOUR nothing is marked
until a person has looked.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import advisory_lock, atomic, insert_once
from payments_app.customers.cards import take_off
from payments_app.customers.look_again import READ_CARD, stage_read
from payments_app.customers.models import Customer, GoneAtStripe, SavedCard

MOST_AN_HOUR = 5  # customers at Stripe, with all of their cards
STOPPED = "stripe:forgetting"
STOPPED_SECONDS = 600.0


@atomic
def forget_card(session: Session, payment_method: str) -> bool:
    """Mark a card that a read showed to be gone. False where nothing may be forgotten now."""
    kept = session.scalars(
        select(SavedCard).where(SavedCard.payment_method == payment_method)
    ).one()
    if not _may_forget(session, kept.stripe_customer_id):
        return False
    customer = session.get_one(
        Customer, kept.customer_id, with_for_update=True, populate_existing=True
    )
    session.refresh(kept, with_for_update=True)
    if kept.removed_at is None:
        _mark(session, payment_method, kept.stripe_customer_id)
        kept.detached_at = database_now()
        take_off(session, customer, kept, "card.gone")
    return True


@atomic
def forget_customer(session: Session, stripe_customer_id: str) -> bool:
    """The same of a customer at Stripe; each of its cards is read next."""
    if not _may_forget(session, stripe_customer_id):
        return False
    _mark(session, stripe_customer_id, stripe_customer_id)
    customer = session.scalars(
        select(Customer)
        .where(Customer.stripe_customer_id == stripe_customer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if customer is not None:
        customer.stripe_customer_gone_at = database_now()
        history.record(
            session,
            "system",
            "customer.gone",
            actor="stripe",
            subject=customer.id,
            customer=stripe_customer_id,
        )
    cards = select(SavedCard.payment_method).where(
        SavedCard.stripe_customer_id == stripe_customer_id, SavedCard.removed_at.is_(None)
    )
    for payment_method in session.scalars(cards):
        stage_read(session, READ_CARD, payment_method, stripe_customer_id)
    return True


def _mark(session: Session, stripe_id: str, stripe_customer_id: str) -> None:
    insert_once(session, GoneAtStripe, stripe_id=stripe_id, stripe_customer_id=stripe_customer_id)


def _may_forget(session: Session, stripe_customer_id: str) -> bool:
    """Whether one customer more may be forgotten: the sixth in an hour is too much, until a person
    has acknowledged that."""
    advisory_lock(session, STOPPED)
    stopped = select(alerts.Alert.id).where(
        alerts.Alert.key == STOPPED, alerts.Alert.acknowledged_at.is_(None)
    )
    if session.scalar(stopped) is not None:
        return False
    others = select(func.count(func.distinct(GoneAtStripe.stripe_customer_id))).where(
        GoneAtStripe.found_at > database_now(-3600),
        GoneAtStripe.stripe_customer_id != stripe_customer_id,
    )
    if (session.scalar(others) or 0) < MOST_AN_HOUR:
        return True
    alerts.raise_alert(
        session,
        "forgetting_stopped",
        STOPPED,
        f"Stripe says that the cards of more than {MOST_AN_HOUR} customers within an hour are gone:"
        " no more are marked. Check that STRIPE_SECRET_KEY is of the right account; acknowledge "
        "this where it is",
        severity="critical",
    )
    return False
