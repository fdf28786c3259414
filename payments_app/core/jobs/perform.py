"""perform: do what one claimed message asks for, and say how it ended."""

from __future__ import annotations

import logging

from payments_app.core import history, tracing
from payments_app.core.extensions import db
from payments_app.core.jobs import leases
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.jobs.outbox import commands
from payments_app.core.logs import about
from payments_app.core.outages import DATABASE, is_database_away

log = logging.getLogger(__name__)


def perform(claim: Claim) -> bool:
    """Do what one claimed message asks for, and store how it ended. Returns whether it went well
    or was put off. Raises only where the database takes no word of it."""
    crashes = max(0, claim.claims - 1)
    with (
        about(message_id=claim.message_id, command=claim.command, subject=claim.subject),
        history.caused_by(
            message=claim.message_id, key=claim.key, crashes=crashes, looked=claim.looked
        ),
    ):
        return _perform(claim)


def _perform(claim: Claim) -> bool:
    command = commands()[claim.command]  # nothing else was claimed
    try:
        with tracing.span(claim.command, claim.traceparent, subject=claim.subject):
            is_done = command.run(claim.subject, claim)
    except Later as later:
        log.info("%s %s: again in %s s (%s)", claim.command, claim.subject, later.seconds, later)
        leases.put_off(claim, later.seconds, later.reason, is_try=later.is_try)
    except Exception as error:
        if is_database_away(error):
            DATABASE.failed(error)
        else:
            log.exception("%s %s failed", claim.command, claim.subject)
        db.session.rollback()
        leases.fail(claim, command, error)
        return False
    else:
        if not is_done:
            leases.finish(claim)
    return True
