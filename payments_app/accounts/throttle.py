"""throttle: failed sign-ins, counted in the database. Redis has no part in it.

Five in fifteen minutes for an account and an address together: who guesses locks out themselves.
Beyond fifty an hour for an account, from whatever addresses, only browsers that signed in to it
before may try; they are counted by themselves. So nobody keeps a member out of their own browser.
To confirm is counted by session.

A try is counted before its password is looked at, under row locks: parallel guesses can't slip
through between the look and the count. Nothing here tells whether there is such an account.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from payments_app.accounts.models import KnownBrowser, SignInTries, Staff
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.email_addresses import compared
from payments_app.core.web.tokens import hash_token

MAX_FAILURES, WINDOW_SECONDS = 5, 15 * 60
MOST_AN_HOUR, HOUR = 50, 3600
KNOWN_SECONDS = 180 * 24 * 3600
PASSWORD, CODE = "password", "code"


class TooManyTriesError(Exception):
    """The account was tried too often; whether it exists is not said."""


@dataclass(frozen=True)
class Caller:
    """Who tries: the address, and the token of a browser that signed in before, if it sent one."""

    address: str
    browser: str | None = None


@dataclass(frozen=True)
class Try:
    """A try that was counted. `own` counts those of its kind by this caller; `account` those by
    browsers that are not known, and is None for one that is."""

    own: str
    account: str | None = None


@atomic
def claim_try(session: Session, kind: str, email: str, caller: Caller) -> Try:
    """Count a try at the PASSWORD or the CODE of an account. Raises TooManyTriesError."""
    email = compared(email)
    if _is_known(session, email, caller):
        tried = Try(_hash(kind, email, "browser", caller.browser or ""))
    else:
        tried = Try(_hash(kind, email, "address", caller.address), _hash(kind, email))
    _count(session, tried)
    return tried


@atomic
def claim_confirmation(session: Session, token_hash: str) -> Try:
    """Count a try to confirm in this session. Raises TooManyTriesError."""
    tried = Try(_hash("confirm", token_hash))
    _count(session, tried)
    return tried


def known_browser(session: Session, caller: Caller) -> str | None:
    """What names the caller's browser, where any member signed in with it before."""
    if caller.browser is None:
        return None
    known = select(KnownBrowser.token_hash).where(
        KnownBrowser.token_hash == hash_token(caller.browser),
        KnownBrowser.seen_at > database_now(-KNOWN_SECONDS),
    )
    return session.scalar(known)


def forgive(session: Session, tried: Try) -> None:
    """It was right: forget this caller's failures, take the try back from the account's, and
    forget everybody's whose window is over."""
    session.execute(delete(SignInTries).where(SignInTries.account == tried.own))
    if tried.account is not None:
        one_less = update(SignInTries).where(
            SignInTries.account == tried.account, SignInTries.tries > 0
        )
        session.execute(
            one_less.values(tries=SignInTries.tries - 1),
            execution_options={"synchronize_session": False},
        )
    session.execute(delete(SignInTries).where(SignInTries.since < database_now(-HOUR)))


def _is_known(session: Session, email: str, caller: Caller) -> bool:
    known = (
        select(KnownBrowser.staff_id)
        .join(Staff, Staff.id == KnownBrowser.staff_id)
        .where(
            Staff.email == email,
            KnownBrowser.token_hash == hash_token(caller.browser or ""),
            KnownBrowser.seen_at > database_now(-KNOWN_SECONDS),
        )
    )
    return session.scalar(known) is not None


def _count(session: Session, tried: Try) -> None:
    limits = {tried.own: (MAX_FAILURES, WINDOW_SECONDS)}
    if tried.account is not None:
        limits[tried.account] = (MOST_AN_HOUR, HOUR)
    rows = []
    for key in sorted(limits):  # in one order, so that two never wait for each other
        most, seconds = limits[key]
        row = _locked(session, key, seconds)
        if row.tries >= most:
            raise TooManyTriesError
        rows.append(row)
    for row in rows:
        row.tries += 1


def _locked(session: Session, key: str, seconds: int) -> SignInTries:
    """The count of a key, which begins anew where its window is over."""
    insert_once(session, SignInTries, account=key, tries=0)
    asked = select(SignInTries).where(SignInTries.account == key).with_for_update()
    row = session.scalars(asked.execution_options(populate_existing=True)).one()
    over = select(SignInTries.since < database_now(-seconds)).where(SignInTries.account == key)
    if session.scalar(over):
        row.tries, row.since = 0, database_now()
    return row


def _hash(*parts: str) -> str:
    # Hashed: people type passwords into the wrong field.
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()
