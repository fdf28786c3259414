"""lost: whether Stripe knows a payment of this installation that the database does not.

A transaction is stored before its intent is made. So one that only Stripe knows was here once: the
database was restored from a backup, and nobody said so.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import alerts, restores
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.own_commands import as_typed_here
from payments_app.gateway.listing import intents_created
from payments_app.gateway.numbers import moment
from payments_app.gateway.results import UnreadableError
from payments_app.payments.transactions.stripe_metadata import is_here, read_metadata

log = logging.getLogger(__name__)

RESTORED = (
    "Stripe knows payments of this shop that its database does not: it was restored from a backup,"
    " or is a new one that was given the keys of another"
)
RESTORE = "Run `flask --app wsgi restore`; a new database needs another account's keys"
_BACK = dt.timedelta(days=30)
_AHEAD = dt.timedelta(minutes=5)  # Stripe's clock is not ours


def close_if_restored() -> bool:
    """Close the shop where Stripe's newest payments are not here; whether it was closed now. While
    Stripe can't be read nobody is stopped."""
    try:
        since = last_known()
    except UnreadableError as error:
        log.warning("whether this database is whole was not checked: %s", error)
        return False
    return since is not None and _close(since)


def last_known() -> dt.datetime | None:
    """When the last payment was made that is here, before the first that is not; None where none
    is missing. Reads on until a whole page is known."""
    now, oldest, missing = utcnow(), None, False
    for page in intents_created(now - _BACK, now + _AHEAD):
        found = _split(page)
        if not found[1] and not missing:
            return None
        if found[1]:
            missing = True
            oldest = moment(page[-1].get("created"))
            continue
        return moment(found[0][0].get("created")) if found[0] else oldest
    return oldest


@atomic
def _split(
    session: Session, page: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Those of a page that are ours and here, and those that are ours and not."""
    here: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    for intent in page:
        told = read_metadata(intent)
        if told is not None:
            (here if is_here(session, told.transaction_id) else missing).append(intent)
    return here, missing


@atomic
def _close(session: Session, since: dt.datetime) -> bool:
    if not restores.begin(session, since, "Stripe knows payments of ours that are not here"):
        return False
    alerts.raise_alert(
        session,
        "restored",
        "restored",
        as_typed_here(f"{RESTORED}. The shop is closed, and no job runs. {RESTORE}"),
        severity="critical",
    )
    return True
