"""rounds: which windows of the books are compared now: one message for each, by a key that names
its period, so that any number of rounds make one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.own_commands import as_typed_here
from payments_app.gateway.results import UnreadableError
from payments_app.reconcile.compare import compare

RECENT_EVERY, RECENT = dt.timedelta(minutes=5), dt.timedelta(hours=2)
DAILY_EVERY, DAILY = dt.timedelta(days=1), dt.timedelta(days=3)
SLICE = dt.timedelta(hours=1)  # of a day's comparison: each ends well within its lease
SLICE_PAUSE = 5.0  # seconds between slices
RETRY_SECONDS, RETRIES = 60.0, 60


def run_compare(window: str, claim: Claim) -> None:
    """The job: compare one window, named as `<since>-<until>` in seconds since the epoch.

    Raises Later where Stripe could not be read, RETRIES times; after that a person is told, and
    the next day's comparisons have the window in them.
    """
    since, until = (dt.datetime.fromtimestamp(int(end), dt.UTC) for end in window.split("-"))
    try:
        compare(since, until)
    except UnreadableError as error:
        if claim.tries < RETRIES:
            raise Later(RETRY_SECONDS, str(error)) from error
        _give_up(window, str(error))


@atomic
def _give_up(session: Session, window: str, error: str) -> None:
    alerts.raise_alert(
        session,
        "not_compared",
        "reconcile:not_compared",
        as_typed_here(
            f"The books of {window} (seconds since 1970, UTC) could not be compared for an hour "
            f"({error}). They are in the next days' comparisons; `flask --app wsgi reconcile run` "
            "makes one now"
        ),
        window=window,
    )


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
