"""throttle: five failed sign-ins for an account in fifteen minutes, counted in the database.

A try is counted before its password is looked at, under a row lock: parallel guesses can't slip
through between the look and the count. Redis has no part in it.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from payments_app.accounts.models import SignInTries
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.email_addresses import compared

MAX_FAILURES = 5
WINDOW_SECONDS = 15 * 60


@atomic
def claim_try(session: Session, email: str) -> bool:
    """Count a try for this account; False where it has had too many."""
    account = _account(email)
    insert_once(session, SignInTries, account=account, tries=0)
    row = session.scalars(
        select(SignInTries)
        .where(SignInTries.account == account)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    window_over = select(SignInTries.since < database_now(-WINDOW_SECONDS))
    if session.scalar(window_over.where(SignInTries.account == account)):
        row.tries, row.since = 0, database_now()
    if row.tries >= MAX_FAILURES:
        return False
    row.tries += 1
    return True


def forgive(session: Session, email: str) -> None:
    """The password was right: forget this account's tries, and everybody's whose window is over."""
    session.execute(delete(SignInTries).where(SignInTries.account == _account(email)))
    session.execute(delete(SignInTries).where(SignInTries.since < database_now(-WINDOW_SECONDS)))


def _account(email: str) -> str:
    # Hashed: people type passwords into the wrong field.
    return hashlib.sha256(compared(email).encode()).hexdigest()
