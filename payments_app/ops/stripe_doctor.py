"""doctor: is our account at Stripe what the product needs? Reads only, unless it is told to write.

Every result is kept in the history, so that staff see the last one. It also runs as the sweeper
starts, as a job that nothing waits for.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.session import CommitOutcomeUnknownError, atomic
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.core.logs import redact
from payments_app.core.own_commands import as_typed_here
from payments_app.gateway import look
from payments_app.gateway.results import Verdict
from payments_app.ops.stripe_checks import Check, account_checks, refused
from payments_app.ops.stripe_destination_checks import destination_checks, domain_checks

log = logging.getLogger(__name__)

COMMAND = "ops.stripe_doctor"
_WHAT, _SUBJECT = "stripe.doctor", "stripe"
WRITES = (
    "post a ping to each event destination, and wait until it arrives here",
    "make a payment intent that nobody pays and cancel it, where the account has none",
    "ask to cancel, refund, change and detach objects that do not exist, to see what the key may",
)


@dataclass(frozen=True)
class Result:
    """What was last seen, and when."""

    at: dt.datetime
    checks: list[Check]

    @property
    def wrong(self) -> list[Check]:
        """The lines that a person must do something about."""
        return [check for check in self.checks if not check.ok]


def examine(now: float | None = None, *, write: bool = False) -> list[Check]:
    """Look at all of it, keep what was seen, and return it. `now` is our clock, in seconds since
    the epoch; `write` also does what WRITES says."""
    now = time.time() if now is None else now
    checks = [
        *account_checks(now, write=write),
        *destination_checks(write=write),
        *domain_checks(),
        *(_permissions() if write else ()),
    ]
    checks = [Check(check.name, check.ok, redact(check.words)) for check in checks]
    _keep(checks)
    return checks


def last_result(session: Session) -> Result | None:
    """What was seen last; None before the first time."""
    entry = session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.subject == _SUBJECT, HistoryEntry.what == _WHAT)
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    ).first()
    if entry is None:
        return None
    return Result(entry.at, [Check(**check) for check in entry.data["checks"]])


def stage_at_start() -> None:
    """Have a worker look, as a process starts that runs with the real Stripe. A database that is
    away stops nobody."""
    if current_app.config["CONFIG"].sandboxed:
        return
    try:
        _stage()
    except (DBAPIError, CommitOutcomeUnknownError) as error:
        log.warning("our account at Stripe is not looked at: %s", error)


def run(_subject: str, _claim: Claim) -> None:
    """The job: look, log, and tell a person of what is wrong."""
    wrong = [check for check in examine() if not check.ok]
    for check in wrong:
        log.error("%s at Stripe: %s", check.name, check.words)
    if wrong:
        _tell(wrong)
    else:
        _all_well()


@atomic
def _stage(session: Session) -> None:
    outbox.stage(session, COMMAND, "start", key=f"{COMMAND}:start:{secrets.token_hex(8)}")


@atomic
def _tell(session: Session, wrong: list[Check]) -> None:
    words = "; ".join(f"{check.name}: {check.words}" for check in wrong)
    alerts.raise_alert(
        session,
        "stripe_doctor",
        "stripe:doctor",
        as_typed_here(
            f"Our account at Stripe is not as it must be. {words}."
            " `flask --app wsgi stripe doctor` looks again."
        ),
    )


@atomic
def _all_well(session: Session) -> None:
    alerts.acknowledge(session, "stripe:doctor", history.SYSTEM)


@atomic
def _keep(session: Session, checks: list[Check]) -> None:
    listed = [asdict(check) for check in checks]
    history.record(session, "system", _WHAT, subject=_SUBJECT, checks=listed)


def _permissions() -> Iterator[Check]:
    for kind, answer in look.probe_permissions():
        allowed = answer.verdict != Verdict.MISCONFIGURED and answer.http_status in (200, 400, 404)
        name = f"permission {kind}"
        yield Check(name, allowed, "given" if allowed else refused(answer))
