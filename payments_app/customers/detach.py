"""detach: take a card that was removed off its customer at Stripe."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.customers.models import SavedCard
from payments_app.gateway.customers import detach_card
from payments_app.gateway.results import Verdict

DETACH = "customers.detach_card"
RETRY_SECONDS = 60.0


def detach(card_id: str, _claim: Claim) -> None:
    """The job of a removal. Raises Later while Stripe does not answer."""
    method = _to_detach(card_id)
    if method is None:
        return
    answer = detach_card(method)
    # Refused for good: it is on no customer any more, which is what was wanted.
    if answer.body is None and answer.verdict != Verdict.INVALID:
        raise Later(answer.retry_after or RETRY_SECONDS, f"detach: {answer.error_code}")
    _detached(card_id)


@atomic
def _to_detach(session: Session, card_id: str) -> str | None:
    card = session.get_one(SavedCard, card_id, populate_existing=True)
    return None if card.removed_at is None or card.detached_at else card.payment_method


@atomic
def _detached(session: Session, card_id: str) -> None:
    card = session.get_one(SavedCard, card_id, with_for_update=True, populate_existing=True)
    card.detached_at = card.detached_at or database_now()
