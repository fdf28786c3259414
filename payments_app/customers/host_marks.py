"""host_marks: for whom the host that we are part of vouched in a browser, kept in our own cookie.
As that changes, what was paid until then is shown there no more."""

from __future__ import annotations

import hashlib
import hmac

from flask import session as cookie
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import compared
from payments_app.core.keyring import secret_keys
from payments_app.core.web.tokens import hash_token
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State

_MARK = "vouched"  # in the cookie: a keyed hash of the address


def changed(email: str | None) -> bool:
    """Whether the host vouched for somebody in this browser, and now vouches for nobody or for
    somebody else: for `email`, which is kept from now on."""
    marks = [_mark(key, email) for key in secret_keys()] if email else []
    before = cookie.get(_MARK)
    if before in marks:
        return False
    if marks:
        cookie[_MARK] = marks[0]
        cookie.pop("was", None)  # whoever is signed in now did not begin what was under way
    elif before:
        cookie.pop(_MARK)
    return before is not None


def name_under_way(browser: str) -> str:
    """What payments that are under way are called by, once their browser has left its name."""
    return hash_token(browser)


@atomic
def leave_payments(session: Session, browser: str) -> None:
    """Those of this name that have ended are no browser's any more; those under way are of
    another name, which no copy of the cookie has."""
    for state, name in (
        (Transaction.state != State.PENDING, None),
        (Transaction.state == State.PENDING, name_under_way(browser)),
    ):
        session.execute(
            update(Transaction)
            .where(Transaction.buyer == browser, state)
            .values(buyer=name, updated_at=Transaction.updated_at)
            .execution_options(synchronize_session=False)
        )


def _mark(key: str, email: str) -> str:
    said = f"vouched:{compared(email)}".encode()
    return hmac.new(key.encode(), said, hashlib.sha256).hexdigest()[:32]
