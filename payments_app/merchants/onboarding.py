"""onboarding: a merchant's way to an account at Stripe. What is asked here, jobs do there."""

from __future__ import annotations

from contextlib import suppress

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history, keyring
from payments_app.core.card_numbers import refuse
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import normal
from payments_app.core.history import SYSTEM
from payments_app.core.jobs import outbox
from payments_app.merchants.accounts import REFUSED, state_of
from payments_app.merchants.create_account import CREATE, refusal_key
from payments_app.merchants.make_link import LINK, MAKE_LINK
from payments_app.merchants.models import DESTINATION, ConnectedAccount, Merchant
from payments_app.merchants.refresh_account import stage_refresh

EVERY_SECONDS = 10


@atomic
def add_merchant(
    session: Session,
    *,
    name: str,
    email: str,
    actor: str,
    charge_type: str = DESTINATION,
    country: str = "US",
) -> str:
    """Store a merchant, with the message that makes its account at Stripe; return its id.

    Raises CardNumberError where name or address holds a card's number.
    """
    refuse(name, email)
    merchant = Merchant(
        name=name, email=normal(email), timezone=current_app.config["CONFIG"].business_timezone
    )
    session.add(merchant)
    session.flush()
    session.add(ConnectedAccount(merchant_id=merchant.id, charge_type=charge_type, country=country))
    history.record(
        session,
        "system" if actor == SYSTEM else "staff",
        "merchant.added",
        actor=actor,
        subject=merchant.id,
        name=name,
        charge_type=charge_type,
    )
    session.flush()
    outbox.stage(session, CREATE, merchant.id)
    return merchant.id


@atomic
def request_account_again(session: Session, merchant_id: str, actor: str) -> bool:
    """Have the account of a merchant whom Stripe refused made after all, under another key: v1
    saves a refusal for its key. The refusal's alert is closed. False where none was refused."""
    account = session.get_one(
        ConnectedAccount, merchant_id, with_for_update=True, populate_existing=True
    )
    if state_of(account) != REFUSED:
        return False
    history.record(
        session,
        "staff",
        "merchant.account_requested_again",
        actor=actor,
        subject=merchant_id,
        refused=account.error_message,
    )
    account.error_message = None
    account.key_number += 1
    alerts.acknowledge(session, refusal_key(merchant_id), actor)
    outbox.stage(session, CREATE, merchant_id, key=f"{CREATE}:{merchant_id}:{account.key_number}")
    return True


@atomic
def request_link(session: Session, merchant_id: str) -> None:
    """Ask for a new link to Stripe's own form, twice in EVERY_SECONDS at most."""
    outbox.stage_every(session, EVERY_SECONDS, MAKE_LINK, merchant_id)


@atomic
def returned_from_stripe(session: Session, merchant_id: str) -> None:
    """The merchant is back from Stripe's form: its link is used up, and the account is read."""
    account = session.get_one(
        ConnectedAccount, merchant_id, with_for_update=True, populate_existing=True
    )
    account.link_url = account.link_expires_at = None
    if account.stripe_account_id is not None:
        stage_refresh(session, account.stripe_account_id)


def find(session: Session, merchant_id: str) -> tuple[Merchant, ConnectedAccount] | None:
    """The merchant and its connected account; None for the shop's own, which has none."""
    row = session.execute(
        select(Merchant, ConnectedAccount)
        .join(ConnectedAccount, ConnectedAccount.merchant_id == Merchant.id)
        .where(Merchant.id == merchant_id)
    ).first()
    return (row[0], row[1]) if row else None


def open_link(session: Session, merchant_id: str) -> str | None:
    """The address of Stripe's own form, as long as it is good."""
    stored = session.scalar(
        select(ConnectedAccount.link_url).where(
            ConnectedAccount.merchant_id == merchant_id,
            ConnectedAccount.link_expires_at > database_now(10),
        )
    )
    with suppress(keyring.SealedError):  # under a key that is gone: another one is asked for
        return keyring.decrypt(LINK, stored) if stored else None
    return None
