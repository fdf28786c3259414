"""incident: what is wrong right now that buyers wait for, and how many of them do: Stripe is slow,
refuses us or is down, or a queue of ours is late. Every staff page asks, so a process measures it
once in a few seconds.

How soon a page says it: NORMAL_SECONDS of `payments/transactions/waiting.py`, MEASURED_EVERY, and
`data-seconds` of `templates/staff/layout.html`, together within the 15 seconds of the runbook. How
soon it is gone: `notice_end.py` sees to it where no call of ours would; within 30 seconds.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.extensions import db
from payments_app.core.history import last_entries
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.gateway.breaker import NAME, Breaker
from payments_app.gateway.numbers import MOST_BIGINT, whole
from payments_app.gateway.results import Verdict
from payments_app.ops import diagnosis, measures
from payments_app.ops.late_work import late_now
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.transactions.waiting import FAILING, NEXT, is_waiting

MEASURED_EVERY = 2.0  # seconds, in one process
DOWN, REFUSES, ERRORS, SLOW, LATE = "down", "refuses", "errors", "slow", "late"
SLOW_SECONDS = 3.0  # of half of the calls; a charge takes about one
_CALLS, _CALL_SECONDS, _LATELY = 5, 900, 20.0
_LAST_ENTRIES = 2000  # of the history, at most
_OPEN_UNTIL = select(Breaker.open_until).where(Breaker.name == NAME)
_GOES_ON = "All of it goes on by itself. Nobody is charged twice."
_BY_ITSELF = {
    REFUSES: "All of it goes on by itself once this is corrected. Nobody is charged twice.",
    LATE: "All of it goes on by itself when its queue does. Nobody is charged twice.",
}


@dataclass(frozen=True)
class Incident:
    """What is wrong, in a sentence; how many `payments` of how many `customers` wait, the oldest
    since `oldest` (where a queue is late: that its jobs are about, of which the oldest is due since
    then); when it is tried again, where that is known. `alert_id` is of the alert of a late queue.
    Where it is not `exact`, more may wait.
    """

    kind: str
    what: str
    payments: int = 0
    customers: int = 0
    oldest: dt.datetime | None = None
    next_at: dt.datetime | None = None
    by_itself: str = _GOES_ON
    alert_id: int | None = None
    exact: bool = True


@dataclass(frozen=True)
class _Call:
    """A call to Stripe that was made: so many seconds ago, for so many milliseconds."""

    verdict: str
    age: float
    milliseconds: int
    message: str

    @property
    def failed(self) -> bool:
        return self.verdict in FAILING

    @property
    def sentence(self) -> str:
        """The message with a stop behind it: more sentences follow."""
        return self.message if self.message.endswith((".", "!", "?")) else f"{self.message}."


def incident() -> Incident | None:
    """What is wrong now, as it was measured within the last MEASURED_EVERY seconds."""
    kept: dict[str, tuple[float, Incident | None]] = current_app.extensions.setdefault(
        "incident", {}
    )
    until, found = kept.get("now", (0.0, None))
    if time.monotonic() >= until:
        found = measure(db.session())
        kept["now"] = (time.monotonic() + MEASURED_EVERY, found)
    return found


def measure(session: Session) -> Incident | None:
    """What is wrong at this moment; None where nothing is."""
    row = session.execute(
        select(
            func.count(),
            func.count(func.distinct(Transaction.email)),
            func.min(Transaction.created_at),
        ).where(is_waiting())
    ).one()
    found = _at_stripe(session, waits=row[0] > 0)
    if found is None:
        return _late(session)
    if found[0] == DOWN:
        next_at = session.scalar(_OPEN_UNTIL.where(Breaker.open_until > database_now()))
    else:
        next_at = _next_try(session)
    by_itself = _BY_ITSELF.get(found[0], _GOES_ON)
    return Incident(*found, row[0], row[1], row[2], next_at, by_itself)


def _at_stripe(session: Session, *, waits: bool) -> tuple[str, str] | None:
    """What is wrong at Stripe, as the breaker, the last calls and those under way say."""
    if session.scalar(_OPEN_UNTIL) is not None:
        return DOWN, "Stripe does not answer."
    return _by_calls(_last_calls(session), waits=waits) or _in_flight(session)


def _late(session: Session) -> Incident | None:
    found = diagnosis.late(measures.loads(session), current_app.extensions["queue_threads"])
    if not found:
        return None
    words = "; ".join(trouble.what.rstrip(".") for trouble in found)
    work = late_now(session, [trouble.key.partition(":")[2] for trouble in found])
    return Incident(
        LATE,
        f"Our queue {words}. {found[0].meaning}",
        work.payments,
        work.customers,
        work.since,
        by_itself=_BY_ITSELF[LATE],
        alert_id=work.alert_id,
        exact=work.exact,
    )


def _by_calls(calls: Sequence[_Call], *, waits: bool) -> tuple[str, str] | None:
    """What the last calls to Stripe say. Their failures count while a payment `waits`."""
    failed = [call for call in calls if call.failed]
    if waits and 2 * len(failed) > len(calls):
        if failed[0].verdict == Verdict.MISCONFIGURED:
            return REFUSES, f"Stripe refuses our requests: {failed[0].sentence}"
        return ERRORS, f"Stripe answers with errors, or not at all: {failed[0].sentence}"
    lately = [call.milliseconds / 1000 for call in calls if call.age < _LATELY]
    if len(lately) > 1 and (half := statistics.median(lately)) > SLOW_SECONDS:
        return SLOW, f"Stripe is slow: half of our calls take over {half:.0f} s."
    return None


def _in_flight(session: Session) -> tuple[str, str] | None:
    """Charges that were sent and are not answered for long."""
    count = session.scalar(
        select(func.count())
        .select_from(Message)
        .join(Transaction, Transaction.id == Message.subject)
        .where(
            Message.command == "charge",
            Message.leased_until > database_now(),
            *OPEN,
            is_waiting(),
            Transaction.phase == Phase.PROCESSING,
        )
    )
    return (SLOW, f"Stripe is slow: {_charges(count)} for its answer.") if count else None


def _charges(count: int) -> str:
    return "1 charge waits" if count == 1 else f"{count} charges wait"


def _last_calls(session: Session) -> list[_Call]:
    """The last calls that were made, the newest first; without those by which Stripe refused one
    merchant, whose payments ended by it."""
    entry = last_entries(_LAST_ENTRIES)
    rows = session.execute(
        select(entry.at, entry.data, database_now().label("now"), Transaction.state)
        .outerjoin(Transaction, Transaction.id == entry.transaction_id)
        .where(entry.kind == "stripe", entry.at > database_now(-_CALL_SECONDS))
        .order_by(entry.id.desc())
        .limit(4 * _CALLS)
    )
    calls = [
        _Call(
            str(data["verdict"]),
            (now - at).total_seconds(),
            whole(data.get("milliseconds"), 0, MOST_BIGINT) or 0,
            without_payment_methods(
                str(data.get("message") or data.get("error_code") or "no answer")
            ),
        )
        for at, data, now, state in ((row[0], as_object(row[1]), row[2], row[3]) for row in rows)
        if "verdict" in data
        and not (data["verdict"] == Verdict.MISCONFIGURED and state == State.FAILED)
    ]
    return calls[:_CALLS]


def _next_try(session: Session) -> dt.datetime | None:
    """When the next payment that waits is taken up again."""
    return session.scalar(
        select(func.min(Message.available_at)).where(
            Message.command.in_(NEXT), Message.available_at > database_now(), *OPEN
        )
    )
