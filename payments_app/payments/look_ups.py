"""look_ups: an outcome that is open is asked for again, and at last a person is told.

After 5 s, 15 s, 30 s, then every minute for an hour, then at 6 h and 24 h, then every day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Later
from payments_app.core.money import Money

_HOUR, _DAY = 3600.0, 86_400.0
_IN_WORDS = {1: "a day", 10: "ten days"}


@dataclass(frozen=True)
class Unclear:
    """A charge or a refund (`id`) whose outcome is open, and since when."""

    id: str
    transaction_id: str
    money: Money
    since: dt.datetime


def look_again(unclear: Unclear, state: str, *, told_after_days: int = 1) -> NoReturn:
    """It is still in `state`: raise Later with the time of the next look-up. A person is told
    where that has lasted for so many days."""
    age = (utcnow() - unclear.since).total_seconds()
    if age >= told_after_days * _DAY:
        _tell_a_person(unclear, state, told_after_days)
    raise Later(next_look_up(age), f"still {state}")


def next_look_up(age: float) -> float:
    """Seconds until the next look-up of what has been unclear for `age` seconds."""
    if age < 15:
        return 10.0
    if age < 30:
        return 15.0
    if age < _HOUR:
        return 60.0
    if age < 6 * _HOUR:
        return 6 * _HOUR - age
    if age < _DAY:
        return _DAY - age
    return _DAY


@atomic
def _tell_a_person(session: Session, unclear: Unclear, state: str, days: int) -> None:
    alerts.raise_alert(
        session,
        "outcome_unknown",
        f"unknown:{unclear.id}",
        f"{unclear.id} ({unclear.money}) has been {state} for {_IN_WORDS[days]}: look at Stripe, "
        "and at the payment's timeline",
        severity="critical",
        transaction_id=unclear.transaction_id,
    )
