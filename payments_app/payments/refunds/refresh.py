"""refresh: read a payment's refunds at Stripe again, and take in those made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.refunds import refunds_of, refunds_of_charge, retrieve_refund
from payments_app.gateway.results import Verdict
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import payment_of
from payments_app.payments.phases import State
from payments_app.payments.read_or_later import RETRY_SECONDS, read_or_later
from payments_app.payments.refunds.import_refunds import import_refunds, keep_as_failed
from payments_app.payments.refunds.models import Refund
from payments_app.payments.transactions.their_own import is_of_their_own
from payments_app.payments.unmatched import read_subject, store_unmatched

_OF_A_CHARGE = ("ch_", "py_")


@dataclass(frozen=True)
class _Owner:
    """The payment whose refunds are read."""

    transaction_id: str
    intent_id: str
    account: str | None
    failed: bool


def refresh(subject: str, _claim: Claim) -> None:
    """Move every refund of one payment to Stripe's state. `subject` is the id of a refund at
    Stripe (`re_...`), of a payment intent (`pi_...`) or of a charge (`ch_...`); it may name the
    account that it is on (`re_...@acct_...`). Refunds of a payment that is not known here are set
    aside, but those of a merchant's own sales.

    Those of a payment that ended without money are kept as failed. Raises Later while Stripe can't
    be read, and while one that was made outside finds nothing left to refund beside those of ours
    that are not decided yet.
    """
    stripe_id, account = read_subject(subject)
    owner = _owner_here(stripe_id)
    account = owner.account if owner else account
    named = [] if owner and owner.intent_id == stripe_id else _read(stripe_id, account)
    owner = owner or _owner_of(named)
    if owner is None:
        _set_aside([body for body in named if not is_of_their_own(body, account)], account)
        return
    # One that names its charge alone is not in the list of the intent.
    found = {body["id"]: body for body in [*named, *_read(owner.intent_id, owner.account)]}
    if found and _never_paid(owner):
        keep_as_failed(owner.transaction_id, list(found.values()))
        return
    blocked = import_refunds(owner.transaction_id, list(found.values()))
    if blocked:
        raise Later(RETRY_SECONDS, f"nothing left to refund yet for {', '.join(blocked)}")


def _never_paid(owner: _Owner) -> bool:
    """Whether the payment ended here without money, and Stripe says so too.

    Raises Later while Stripe can't be read.
    """
    if not owner.failed:
        return False
    answer = charges.retrieve_intent(owner.intent_id, owner.account)
    if answer.body is None:
        raise Later(RETRY_SECONDS, f"{owner.intent_id}: {answer.error_code}")
    unpaid = answer.verdict in (Verdict.CANCELED, Verdict.DECLINED, Verdict.OPEN)
    return unpaid and not answer.body.get("amount_received")


def _read(stripe_id: str, account: str | None) -> list[dict[str, Any]]:
    """The refunds at Stripe of an intent or of a charge, or the one of this id."""
    if stripe_id.startswith("pi_"):
        return read_or_later(stripe_id, lambda: refunds_of(stripe_id, account))
    if stripe_id.startswith(_OF_A_CHARGE):
        return read_or_later(stripe_id, lambda: refunds_of_charge(stripe_id, account))
    return read_or_later(stripe_id, lambda: [retrieve_refund(stripe_id, account).expect_body()])


@atomic
def _owner_here(session: Session, stripe_id: str) -> _Owner | None:
    """The payment that this id of Stripe's names, by what we know ourselves."""
    if stripe_id.startswith(("pi_", *_OF_A_CHARGE)):
        kind = "payment_intent" if stripe_id.startswith("pi_") else "charge"
        return _as_owner(payment_of(session, {kind: stripe_id}))
    owner = select(Refund.transaction_id).where(Refund.stripe_refund_id == stripe_id)
    return _as_owner(
        session.scalar(select(Transaction).where(Transaction.id == owner.scalar_subquery()))
    )


@atomic
def _owner_of(session: Session, bodies: list[dict[str, Any]]) -> _Owner | None:
    """The payment that refunds at Stripe are about: all of one."""
    return _as_owner(payment_of(session, bodies[0])) if bodies else None


def _as_owner(found: Transaction | None) -> _Owner | None:
    if found is None or found.stripe_payment_id is None:
        return None
    return _Owner(found.id, found.stripe_payment_id, account_of(found), found.state == State.FAILED)


@atomic
def _set_aside(session: Session, bodies: list[dict[str, Any]], account: str | None) -> None:
    for body in bodies:
        store_unmatched(session, body, account)
