"""look_up: ask Stripe what became of a refund whose outcome is open."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.gateway.results import Verdict
from payments_app.payments.look_ups import Unclear, look_again
from payments_app.payments.refunds.apply_stripe_state import (
    apply_stripe_refund,
    end_refund,
    note,
)
from payments_app.payments.refunds.models import UNCLEAR, RefundState, lock
from payments_app.payments.refunds.refund_snapshot import RefundSnapshot, snapshot_of
from payments_app.payments.refunds.send import NOT_MADE, create, find

PENDING_DAYS = 10  # https://docs.stripe.com/refunds: most arrive within 10 business days


def look_up(refund_id: str, claim: Claim) -> None:
    """Apply the state that Stripe says now; raise Later while its outcome stays open.

    One that moved to another open state is looked up by that state's own message.
    """
    found = _open(refund_id)
    if found is None:
        return
    snapshot, unclear = found
    state = _ask(snapshot, claim)
    if state == snapshot.state:
        look_again(
            unclear, state, told_after_days=1 if state == RefundState.UNKNOWN else PENDING_DAYS
        )


def _ask(snapshot: RefundSnapshot, claim: Claim) -> str:
    """The state that the refund is in then. One that Stripe does not have is sent again, as long
    as its key keeps a second copy from giving money back twice."""
    answer = find(snapshot)
    if answer.body is not None:
        return apply_stripe_refund(snapshot.refund_id, answer)
    if answer.verdict != Verdict.ANSWERED:
        note(snapshot.refund_id, answer)
        return snapshot.state
    if snapshot.key_forgotten:
        return end_refund(snapshot.refund_id, RefundState.FAILED, NOT_MADE, answer)
    return create(snapshot, claim)


@atomic
def _open(session: Session, refund_id: str) -> tuple[RefundSnapshot, Unclear] | None:
    refund = lock(session, refund_id)
    if refund.state not in UNCLEAR:
        return None
    unclear = Unclear(refund_id, refund.transaction_id, refund.money, refund.state_at)
    return snapshot_of(session, refund), unclear
