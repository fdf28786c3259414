"""tell: write what became of a subscription into the history, and mail it to its owner.

The entry holds the lines that the owner read before; the mail is made of it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.jobs import outbox
from payments_app.subscriptions.effects import Line
from payments_app.subscriptions.models import Subscription

MAIL_CHANGED = "notices.subscription_changed"


def record_and_tell(
    session: Session,
    what: str,
    subscription: Subscription,
    lines: list[Line],
    *,
    actor: str,
    kind: str,
    mailed: bool = True,
    **data: Any,
) -> None:
    """Both in the caller's database transaction; not `mailed` where another mail says it."""
    entry = history.record(
        session,
        kind,
        what,
        actor=actor,
        subject=subscription.id,
        lines=[list(line) for line in lines],
        plan_name=subscription.plan.name,
        **data,
    )
    session.flush()
    if mailed:
        outbox.stage(session, MAIL_CHANGED, str(entry.id))
