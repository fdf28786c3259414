"""gone_at_stripe: a card or customer that we remember may be gone at Stripe, or have changed there.

What told us (an event, a refused payment) is only a hint. The object is read at Stripe. What the
read shows to be gone is marked, and charged no more; nothing is erased.
"""

from __future__ import annotations

from typing import Any, NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.customers.mark_gone import STOPPED_SECONDS, forget_card, forget_customer
from payments_app.customers.models import Customer, GoneAtStripe, SavedCard
from payments_app.gateway.customers import retrieve_card, retrieve_customer
from payments_app.gateway.ids import id_of
from payments_app.gateway.numbers import whole
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.waits import used_up
from payments_app.gateway.words import word

UNENDING = "what is gone is asked for until Stripe says it; a person is told where that waits"
RETRY_SECONDS = 60.0


def read_card(payment_method: str, claim: Claim) -> None:
    """Read a saved card at Stripe, and take over what it says. Do nothing for any other.

    Raises Later while Stripe does not answer, and while nothing may be forgotten.
    """
    owner = _owner_of(payment_method)
    if owner is None:
        return
    answer = retrieve_card(payment_method)
    if _is_missing(answer) or _is_on_another(answer, owner):
        if not forget_card(payment_method):
            raise Later(STOPPED_SECONDS, "too much is gone at Stripe: a person must look")
    elif answer.body is None:
        _wait(answer, claim)
    else:
        _learn(payment_method, as_object(answer.body.get("card")))


def read_customer(stripe_customer_id: str, claim: Claim) -> None:
    """Read a customer of ours at Stripe, and mark it where it was deleted; its cards are read
    then. Do nothing for any other. Raises Later as `read_card` does."""
    if not _is_remembered(stripe_customer_id):
        return
    answer = retrieve_customer(stripe_customer_id)
    if _is_missing(answer) or (answer.body or {}).get("deleted") is True:
        if not forget_customer(stripe_customer_id):
            raise Later(STOPPED_SECONDS, "too much is gone at Stripe: a person must look")
    elif answer.body is None:
        _wait(answer, claim)


def _wait(answer: Answer, claim: Claim) -> NoReturn:
    """Raises Later, and UnreadableError where Stripe refuses for good: a person must look. So must
    one where our key may not look, or where no answer lasts."""
    if answer.verdict == Verdict.INVALID:
        answer.expect_body()
    if answer.was_made and (answer.verdict == Verdict.MISCONFIGURED or used_up(claim.tries)):
        _tell_of_unread(answer)
    raise Later(answer.retry_after or RETRY_SECONDS, f"{answer.call}: {answer.error_code}")


@atomic
def _tell_of_unread(session: Session, answer: Answer) -> None:
    alerts.raise_alert(
        session,
        "stripe_unread",
        f"unread:{answer.call}:{answer.error_code}",
        f"Whether a saved card or its customer is gone can't be read at Stripe ({answer.call}): "
        f"{answer.words}. It is asked again each minute, and stays as it is until then",
    )


def _is_missing(answer: Answer) -> bool:
    return answer.verdict == Verdict.INVALID and answer.error_code == "resource_missing"


def _is_on_another(answer: Answer, owner: str) -> bool:
    """Whether a card is on no customer any more, or on another one. A field that is missing
    decides nothing."""
    body = answer.body
    if body is None or "customer" not in body:
        return False
    return body["customer"] is None or id_of(body["customer"]) not in (None, owner)


@atomic
def _owner_of(session: Session, payment_method: str) -> str | None:
    """The customer at Stripe whose card this is; None where it is no card that is charged here."""
    return session.scalar(
        select(SavedCard.stripe_customer_id).where(
            SavedCard.payment_method == payment_method, SavedCard.removed_at.is_(None)
        )
    )


@atomic
def _is_remembered(session: Session, stripe_customer_id: str) -> bool:
    gone = session.get(GoneAtStripe, stripe_customer_id)
    ours = select(Customer.id).where(Customer.stripe_customer_id == stripe_customer_id)
    cards = select(SavedCard.id).where(SavedCard.stripe_customer_id == stripe_customer_id)
    return gone is None and bool(session.scalar(ours) or session.scalar(cards.limit(1)))


@atomic
def _learn(session: Session, payment_method: str, card: dict[str, Any]) -> None:
    """The card's network gave it another number or date: what people read follows."""
    kept = session.scalars(
        select(SavedCard).where(SavedCard.payment_method == payment_method).with_for_update()
    ).one()
    before = kept.last4, kept.exp_month, kept.exp_year
    kept.last4 = word(card.get("last4"), 4) or kept.last4
    kept.exp_month = whole(card.get("exp_month"), 1, 12) or kept.exp_month
    kept.exp_year = whole(card.get("exp_year"), 1970, 9999) or kept.exp_year
    if before != (kept.last4, kept.exp_month, kept.exp_year):
        history.record(
            session,
            "system",
            "card.updated",
            actor="stripe",
            subject=kept.customer_id,
            card=kept.id,
            last4=kept.last4,
        )
