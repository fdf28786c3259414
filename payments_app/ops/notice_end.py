"""notice_end: what is wrong at Stripe ends without a word. While it lasts somebody looks, so that
its end is seen within the 30 seconds of the runbook, whoever buys then or nobody.

The watch sends the look. Stripe is asked by a call that gives up soon, or each could hang for 20
seconds. Where it answers, those who wait the longest go on: only their own calls say that payments
go through.
"""

from __future__ import annotations

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import due, outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.gateway import breaker, reach
from payments_app.gateway.results import Verdict
from payments_app.ops.incident import DOWN, ERRORS, REFUSES, measure
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.waiting import NEXT, is_waiting

COMMAND = "ops.notice_end"
AGAIN_SECONDS = 10.0
PAYMENTS = 3  # as many calls that go through are most of the last five
UNENDING = "Stripe is asked for as long as it is away: its alert is open, and staff read it"
_UNSEEN = (DOWN, REFUSES, ERRORS)  # a slow one ends with its calls, a late queue as it is worked on


def stage_look(session: Session) -> None:
    """Have somebody look for the end of what is wrong, until it is there."""
    found = measure(session)
    if found is not None and found.kind in _UNSEEN:
        outbox.stage(session, COMMAND, "stripe", key=f"{COMMAND}:{time.time():.0f}")


def notice_end(_subject: str, _claim: Claim) -> None:
    """Look whether it is over. Raises Later while it is not."""
    kind = _kind()
    if kind not in _UNSEEN:
        return
    answer = reach.look()
    if kind == DOWN:
        if answer.reached and not _hurry(1):
            breaker.report(reached=True)
    elif answer.verdict == Verdict.INVALID:  # our key is taken: there is no such intent
        _hurry(PAYMENTS)
    raise Later(AGAIN_SECONDS, "what is wrong at Stripe is not over", is_try=False)


@atomic
def _kind(session: Session) -> str | None:
    found = measure(session)
    return found.kind if found is not None else None


@atomic
def _hurry(session: Session, count: int) -> bool:
    """Make the payments that wait the longest due at once, so many of them; say whether one was.
    What is due soon is left alone, and so is whom Stripe told when to come back."""
    rows = session.execute(
        select(Message.command, Message.subject)
        .join(Transaction, Transaction.id == Message.subject)
        .where(
            Message.command.in_(NEXT),
            Message.available_at > database_now(1),
            func.coalesce(Message.last_error, "").not_like("%rate_limit%"),
            due.free(),
            is_waiting(),
            *OPEN,
        )
        .order_by(Transaction.created_at, Transaction.id)
        .limit(count)
    ).all()
    breaker.end_rest(session)
    hurried = [due.run_now(session, row.command, row.subject) for row in rows]
    return any(hurried)
