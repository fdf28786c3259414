"""record_call: every call to Stripe is a history row: what, request id, milliseconds, verdict."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.gateway.results import Answer


def record_call(
    session: Session,
    answer: Answer,
    *,
    transaction_id: str | None = None,
    subject: str | None = None,
) -> None:
    """Keep a call in the history of a transaction, of another `subject`, or of both, in the
    caller's database transaction."""
    history.record(
        session,
        "stripe",
        f"stripe.{answer.call}",
        transaction_id=transaction_id,
        subject=subject,
        **answer.as_history(),
    )
