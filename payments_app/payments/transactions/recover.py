"""recover: Stripe answers again, so all that waited for it is due now."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.jobs import due
from payments_app.core.jobs.command import Claim

log = logging.getLogger(__name__)

_WAITING = ("charge", "look_up", "expire_action", "retry", "refunds.send", "refunds.look_up")


@atomic
def recover(session: Session, _name: str, _claim: Claim) -> None:
    """Make every charge and look-up that was put off due at once."""
    waiting = due.run_all_now(session, *_WAITING)
    history.record(session, "system", "stripe.recovered", subject="stripe", waiting=waiting)
    log.info("Stripe answers again: %d messages go on", waiting)
