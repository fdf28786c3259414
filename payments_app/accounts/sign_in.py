"""sign_in: a password for a session; also changing the one, confirming and ending the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts import passwords, sessions, throttle
from payments_app.accounts.models import Staff
from payments_app.accounts.sessions import Member
from payments_app.accounts.throttle import Caller, Try
from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import compared
from payments_app.core.extensions import db
from payments_app.core.web import held_threads
from payments_app.core.web.tokens import hash_token

# Passwords of unknown browsers that this process looks at at once: each holds a thread for long.
AT_ONCE = 2
_turns = threading.BoundedSemaphore(AT_ONCE)


class WrongPasswordError(Exception):
    """E-mail and password don't go together; which of the two is wrong is not said."""


class BusyError(Exception):
    """So many strangers try to sign in just now that this browser, which is unknown, may not."""


@dataclass(frozen=True)
class SignedIn:
    """The cookie's new token, and the token by which the browser is known from now on: None while
    the code of the second factor is missing."""

    token: str
    browser: str | None


@dataclass(frozen=True)
class _Checked:
    """Whose password was right, and the version of their sessions then."""

    staff_id: str
    session_version: int


def sign_in(email: str, password: str, caller: Caller, old_token: str | None = None) -> SignedIn:
    """Check a password and open a session. The browser's old session ends.

    Raises TooManyTriesError, WrongPasswordError or BusyError.
    """
    with _turn(caller):
        tried = throttle.claim_try(throttle.PASSWORD, email, caller)
        checked = _checked(email, password)
    return _open(checked, password, tried, caller, old_token)


@contextmanager
def _turn(caller: Caller) -> Iterator[None]:
    """While a password is looked at. Raises BusyError, before the try is counted."""
    if throttle.known_browser(db.session(), caller) is not None:
        yield
        return
    if not _turns.acquire(blocking=False):
        raise BusyError
    try:
        with held_threads.one(held_threads.FOR_ALL):
            yield
    except held_threads.NoneLeftError as error:
        raise BusyError from error
    finally:
        _turns.release()


def confirm(member: Member, password: str) -> None:
    """The member types the password again before something that can't be undone.

    Raises TooManyTriesError or WrongPasswordError.
    """
    tried = throttle.claim_confirmation(member.token_hash)
    _checked(member.email, password)
    _confirmed(tried, member.token_hash)


def change_password(member: Member, old: str, new: str) -> str:
    """Set a new password, end every session, and return the token of a new one.

    Raises TooManyTriesError, WrongPasswordError, or ValueError for a weak new password.
    """
    weakness = passwords.weakness(new)
    if weakness:
        raise ValueError(weakness)
    tried = throttle.claim_confirmation(member.token_hash)
    return _changed(_checked(member.email, old), tried, passwords.hash_password(new))


@atomic
def sign_out(session: Session, member: Member) -> None:
    """End this browser's session."""
    sessions.end_session(session, member.token_hash)
    history.record(session, "staff", "staff.signed_out", actor=member.id, subject=member.id)


def _checked(email: str, password: str) -> _Checked:
    """The active member with this e-mail and password. The try was counted."""
    found = (
        db.session()
        .execute(
            select(Staff.id, Staff.password_hash, Staff.active, Staff.session_version).where(
                Staff.email == compared(email)
            )
        )
        .first()
    )
    # The hash is checked whether or not the account exists or is active: same time, same answer.
    right = passwords.matches(found.password_hash if found else None, password)
    if found is None or not right or not found.active:
        _note_failure(found.id if found else None)
        raise WrongPasswordError
    return _Checked(found.id, found.session_version)


def _locked(session: Session, checked: _Checked) -> Staff:
    """The member, as they are now. To look at a password takes a while: raises WrongPasswordError
    where their sessions were ended meanwhile, as with another password or a disabled account."""
    staff = session.get_one(Staff, checked.staff_id, with_for_update=True, populate_existing=True)
    if not staff.active or staff.session_version != checked.session_version:
        raise WrongPasswordError
    return staff


@atomic
def _note_failure(session: Session, staff_id: str | None) -> None:
    history.record(session, "staff", "staff.sign_in_failed", subject=staff_id or "unknown")


@atomic
def _open(
    session: Session,
    checked: _Checked,
    password: str,
    tried: Try,
    caller: Caller,
    old_token: str | None,
) -> SignedIn:
    staff, staff_id = _locked(session, checked), checked.staff_id
    if passwords.outdated(staff.password_hash):
        staff.password_hash = passwords.hash_password(password)
    if old_token:
        sessions.end_session(session, hash_token(old_token))
    throttle.forgive(session, tried)
    if sessions.has_second_factor(session, staff_id):
        return SignedIn(sessions.open_session(session, staff, code_pending=True), None)
    history.record(session, "staff", "staff.signed_in", actor=staff_id, subject=staff_id)
    known = sessions.know_browser(session, staff_id, caller.browser)
    return SignedIn(sessions.open_session(session, staff), known)


@atomic
def _confirmed(session: Session, tried: Try, token_hash: str) -> None:
    throttle.forgive(session, tried)
    sessions.mark_confirmed(session, token_hash)


@atomic
def _changed(session: Session, checked: _Checked, tried: Try, password_hash: str) -> str:
    staff = _locked(session, checked)
    staff.password_hash = password_hash
    sessions.end_all_sessions(session, staff)
    throttle.forgive(session, tried)
    history.record(session, "staff", "staff.password_changed", actor=staff.id, subject=staff.id)
    return sessions.open_session(session, staff)
