"""request: ask for another try of a failed payment.

Only a saved card can be charged without the buyer; where there is none, or where the bank wants the
buyer, there is a link for the buyer instead. A job asks Stripe about every earlier attempt first.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic, note_change
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.payments import states
from payments_app.payments.retries.verdict import CHARGE, COMMAND, NONE, RetryVerdict, verdict_on

REQUESTED = "retry.requested"


class RetryRefusedError(Exception):
    """This payment can't be retried; the message is a sentence for staff."""


@atomic
def preview_retry(session: Session, transaction_id: str) -> RetryVerdict:
    """What a retry of this transaction would be, from what is known here.

    Raises sqlalchemy.exc.NoResultFound for an unknown id.
    """
    return verdict_on(session, states.lock(session, transaction_id))


@atomic
def request_retry(session: Session, transaction_id: str, actor: str) -> RetryVerdict:
    """Ask for a retry: a job makes it, or (`link`) it is recorded that the link was asked for.

    Raises RetryRefusedError with the sentence where it makes no sense. Safe from two staff at
    once: the second finds the first one's retry under way.
    """
    transaction = states.lock(session, transaction_id)
    verdict = verdict_on(session, transaction)
    if verdict.how == NONE:
        raise RetryRefusedError(verdict.sentence)
    what = REQUESTED if verdict.how == CHARGE else "retry.link_given"
    history.record(
        session,
        "staff",
        what,
        actor=actor,
        transaction_id=transaction_id,
        attempt=verdict.attempt,
        link=verdict.link,
    )
    if verdict.how == CHARGE:
        session.flush()
        key = f"{COMMAND}:{transaction_id}:{requests(session, transaction_id)}"
        outbox.stage(session, COMMAND, transaction_id, key=key)
        note_change(session, transaction_id)
    return verdict


def requests(session: Session, transaction_id: str) -> int:
    """How often a retry of this transaction was asked for."""
    asked = select(func.count()).where(
        HistoryEntry.transaction_id == transaction_id, HistoryEntry.what == REQUESTED
    )
    return session.scalar(asked) or 0
