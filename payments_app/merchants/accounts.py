"""accounts: what Stripe lets a merchant's connected account do, in words."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.language import Words
from payments_app.merchants.models import DIRECT, ConnectedAccount, Merchant

SELLER_NOT_READY = "seller_not_ready"
CREATING, REFUSED, ONBOARDING, RESTRICTED, READY, DISCONNECTED = (
    "creating",
    "refused",
    "onboarding",
    "restricted",
    "ready",
    "disconnected",
)
# Ids at Stripe of the accounts that left the platform.
DEAUTHORIZED = select(ConnectedAccount.stripe_account_id).where(
    ConnectedAccount.deauthorized_at.is_not(None),
    ConnectedAccount.stripe_account_id.is_not(None),
)
WORDS = {
    CREATING: "Stripe is creating the account.",
    REFUSED: "Stripe refused to make the account.",
    ONBOARDING: "The merchant must give Stripe its details.",
    RESTRICTED: "Stripe needs more information from the merchant.",
    READY: "The merchant can receive payments.",
    DISCONNECTED: "The merchant left the platform: Connected account permission denied.",
}


@dataclass(frozen=True)
class Seller:
    """The merchant who sells something, for its buyer. `account` is theirs at Stripe where the
    card is entered and charged there (direct charges); `refusal` says why nothing can be bought
    now, empty where it can."""

    name: str
    account: str | None = None
    refusal: str = ""


def state_of(account: ConnectedAccount) -> str:
    """Where the onboarding of an account is: a key of WORDS."""
    if account.deauthorized_at is not None:
        return DISCONNECTED
    if account.stripe_account_id is None:
        return REFUSED if account.error_message else CREATING
    if can_be_paid(account):
        return READY
    return RESTRICTED if account.details_submitted else ONBOARDING


def can_be_paid(account: ConnectedAccount) -> bool:
    """Whether a payment may be made for this account now, by what Stripe last said of it."""
    if account.deauthorized_at is not None or account.stripe_account_id is None:
        return False
    if account.charge_type == DIRECT:
        return account.charges_enabled
    return account.transfers_enabled


def account_at_stripe(session: Session, stripe_account_id: str) -> ConnectedAccount | None:
    """The connected account of this id at Stripe."""
    return session.scalar(
        select(ConnectedAccount).where(ConnectedAccount.stripe_account_id == stripe_account_id)
    )


def ready_account(session: Session, merchant_id: str) -> ConnectedAccount | None:
    """The merchant's account, if it can be paid now."""
    account = session.get(ConnectedAccount, merchant_id)
    return account if account is not None and can_be_paid(account) else None


def seller_of(session: Session, merchant_id: str) -> Seller:
    """The merchant as a buyer meets it. Raises sqlalchemy.exc.NoResultFound."""
    name = session.get_one(Merchant, merchant_id).name
    account = ready_account(session, merchant_id)
    if account is None:
        words = Words(
            "%(seller)s can't take payments just now. Nothing was charged. Please come back later.",
            seller=name,
        )
        return Seller(name, refusal=words)
    return Seller(name, account.stripe_account_id if account.charge_type == DIRECT else None)
