"""read_again: connected accounts are read again by the clock, and when somebody looks at one.

Stripe tells of changes by events; what it could not deliver is noticed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import DAY
from payments_app.merchants.models import ConnectedAccount
from payments_app.merchants.refresh_account import REFRESH

READ_DUE = "merchants.read_due_accounts"
LOOKED_SECONDS = 300.0  # between two readings of an account since somebody looks at it
MOST = 100  # readings that are asked for at once


def read_due_accounts() -> None:
    """Ask for readings of accounts that were not read for a day, MOST of them: those that have
    waited longest. The schedule comes back for the rest."""
    _ask_for_readings(DAY, ())


def read_looked_at(merchant_ids: Sequence[str]) -> None:
    """Ask for readings of these merchants' accounts, since somebody looks at them: of each at most
    one in LOOKED_SECONDS, and MOST at once. The page does not wait for them."""
    looked_at = (ConnectedAccount.merchant_id.in_(merchant_ids),)
    if db.session().scalar(select(_due(LOOKED_SECONDS, looked_at).exists())):
        _ask_for_readings(LOOKED_SECONDS, looked_at)


def _due(seconds: float, among: Sequence[ColumnElement[bool]]) -> Select[ConnectedAccount]:
    """Accounts that were neither read nor asked for in so many seconds. One that left is read only
    when Stripe or a person says so."""
    read, asked = ConnectedAccount.refreshed_at, ConnectedAccount.read_asked_at
    return select(ConnectedAccount).where(
        ConnectedAccount.stripe_account_id.is_not(None),
        ConnectedAccount.deauthorized_at.is_(None),
        or_(read.is_(None), read < database_now(-seconds)),
        or_(asked.is_(None), asked < database_now(-seconds)),
        *among,
    )


@atomic
def _ask_for_readings(
    session: Session, seconds: float, among: Sequence[ColumnElement[bool]]
) -> None:
    due = _due(seconds, among).order_by(
        ConnectedAccount.read_asked_at.asc().nulls_first(), ConnectedAccount.merchant_id
    )
    for account in session.scalars(due.limit(MOST).with_for_update(skip_locked=True)):
        account.read_asked_at = database_now()
        outbox.stage(
            session, REFRESH, str(account.stripe_account_id), key=f"{REFRESH}:{new_id('read')}"
        )
