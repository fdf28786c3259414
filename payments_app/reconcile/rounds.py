"""rounds: which windows of the books are compared now: one message for each, by a key that names
its period, so that any number of rounds make one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core import outbox
from payments_app.core.clock import utcnow
from payments_app.core.database import atomic
from payments_app.core.outbox import Claim, Later
from payments_app.gateway.objects import UnreadableError
from payments_app.reconcile.compare import compare

RECENT_EVERY, RECENT = dt.timedelta(minutes=5), dt.timedelta(hours=2)
DAILY_EVERY, DAILY = dt.timedelta(days=1), dt.timedelta(days=3)
SLICE = dt.timedelta(hours=1)  # of a day's comparison: each ends well within its lease
SLICE_PAUSE = 5.0  # seconds between slices
RETRY_SECONDS = 60.0


def run_compare(window: str, _claim: Claim) -> None:
    """The job: compare one window, named as `<since>-<until>` in seconds since the epoch.

    Raises Later where Stripe could not be read.
    """
    since, until = (dt.datetime.fromtimestamp(int(end), dt.UTC) for end in window.split("-"))
    try:
        compare(since, until)
    except UnreadableError as error:
        raise Later(RETRY_SECONDS, str(error)) from error


@atomic
def stage_rounds(session: Session, now: dt.datetime) -> int:
    """Stage the comparisons that are due by now, if nobody did: the recent window, and each day
    the last days in slices. Returns how many were staged."""
    recent = _floor(now, RECENT_EVERY)
    staged = int(_stage(session, recent + RECENT_EVERY - RECENT, recent + RECENT_EVERY))
    today = _floor(now, DAILY_EVERY)
    for number, (since, until) in enumerate(slices(today - DAILY, today)):
        staged += _stage(session, since, until, f"daily-{today:%F}", number * SLICE_PAUSE)
    return staged


def stage_rounds_now() -> None:
    """Stage what is due by now."""
    stage_rounds(utcnow())


def slices(since: dt.datetime, until: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """A window in pieces of SLICE."""
    pieces = []
    while since < until:
        pieces.append((since, min(since + SLICE, until)))
        since += SLICE
    return pieces


def _stage(
    session: Session, since: dt.datetime, until: dt.datetime, round_: str = "", delay: float = 0
) -> bool:
    window = f"{since.timestamp():.0f}-{until.timestamp():.0f}"
    key = f"reconcile.compare:{round_}:{window}"
    return outbox.stage(session, "reconcile.compare", window, key=key, delay=delay)


def _floor(moment: dt.datetime, period: dt.timedelta) -> dt.datetime:
    seconds = int(moment.timestamp() // period.total_seconds() * period.total_seconds())
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
