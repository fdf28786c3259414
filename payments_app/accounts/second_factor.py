"""second_factor: a code of an authenticator app beside the password (TOTP, RFC 6238), or one of ten
recovery codes, each good once.

Whoever may move money needs one outside the demo. The app's secret is stored encrypted, and no code
is taken twice.
"""

from __future__ import annotations

import logging
import re
import secrets
import time

import pyotp
import segno
from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from payments_app.accounts import people, sessions, throttle
from payments_app.accounts.models import RecoveryCode, SecondFactor, Staff
from payments_app.accounts.permissions import allows
from payments_app.accounts.recovery_codes import make_codes, spend_code
from payments_app.accounts.sessions import Member, Pending
from payments_app.accounts.sign_in import SignedIn
from payments_app.core import history, keyring
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import links

log = logging.getLogger(__name__)

_PURPOSE, _STEP_SECONDS = "second factor", 30


class WrongCodeError(Exception):
    """It is not the code of this moment, or was used already."""


class SetUpAlreadyError(Exception):
    """The member has a second factor: only an administrator takes it away."""


def is_missing(member: Member) -> bool:
    """Whether the member may move money and has no second factor, where one is required."""
    required = current_app.config["CONFIG"].second_factor_required and allows(member.role, "refund")
    return required and not member.has_second_factor


@atomic
def begin(session: Session, member: Member) -> str:
    """The secret of this session's enrolment, the same until it is completed. What another session
    began is begun anew: who looked at that secret would have the codes as well.

    Raises SetUpAlreadyError.
    """
    session.get_one(Staff, member.id, with_for_update=True)
    found = session.get(SecondFactor, member.id, populate_existing=True)
    if found is not None and found.confirmed_at is not None:
        raise SetUpAlreadyError
    secret = _begun(found, member) if found is not None else None
    if secret is None:
        secret = pyotp.random_base32()
        stored = keyring.encrypt(_begun_by(member), secret)
        session.merge(SecondFactor(staff_id=member.id, secret=stored, last_step=0))
    return secret


def qr(member: Member, secret: str) -> str:
    """The enrolment as an SVG that an app reads, made of elements alone."""
    shop = links.absolute("").partition("://")[2]
    address = pyotp.TOTP(secret).provisioning_uri(name=member.email, issuer_name=shop)
    return segno.make(address, error="m").svg_inline(scale=5, border=4, light="white")


@atomic
def complete(session: Session, member: Member, typed: str) -> tuple[list[str], str]:
    """End an enrolment with the app's first code: the recovery codes, shown this once, and the
    token of a new session. Every other session ends. Raises WrongCodeError."""
    found = session.get(SecondFactor, member.id, with_for_update=True, populate_existing=True)
    if found is None or found.confirmed_at is not None:
        raise WrongCodeError
    secret = _begun(found, member)
    if secret is None or not _is_code(found, secret, typed):
        raise WrongCodeError
    found.secret, found.confirmed_at = keyring.encrypt(_PURPOSE, secret), database_now()
    staff = session.get_one(Staff, member.id, with_for_update=True, populate_existing=True)
    sessions.end_all_sessions(session, staff)
    history.record(
        session, "staff", "staff.second_factor.set_up", actor=member.id, subject=member.id
    )
    return make_codes(session, member.id), sessions.open_session(session, staff)


def enter(pending: Pending, typed: str, caller: throttle.Caller) -> SignedIn:
    """End a sign-in whose password was right, with a session of another token: whoever had the one
    of before typed no code. Raises WrongCodeError, TooManyTriesError."""
    tried = throttle.claim_try(throttle.CODE, pending.email, caller)
    return _enter(pending, typed, tried, caller)


@atomic
def _enter(
    session: Session, pending: Pending, typed: str, tried: throttle.Try, caller: throttle.Caller
) -> SignedIn:
    who = pending.staff_id
    if not _matches(session, who, typed):
        raise WrongCodeError
    staff = session.get_one(Staff, who, with_for_update=True, populate_existing=True)
    if not sessions.end_pending(session, staff, pending.token_hash):
        raise WrongCodeError
    throttle.forgive(session, tried)
    history.record(session, "staff", "staff.signed_in", actor=who, subject=who)
    known = sessions.know_browser(session, who, caller.browser)
    return SignedIn(sessions.open_session(session, staff), known)


@atomic
def note_failure(session: Session, staff_id: str) -> None:
    """A wrong code, after a right password: somebody may know that."""
    history.record(session, "staff", "staff.code_failed", subject=staff_id)


@atomic
def reset(session: Session, email: str, actor: str) -> None:
    """Take a member's second factor away, and end their sessions.

    Raises LookupError for an unknown e-mail or one without it, ValueError for the actor's own.
    """
    staff = people.locked(session, email)
    people.refuse_own(staff, actor)
    found = session.get(SecondFactor, staff.id, with_for_update=True, populate_existing=True)
    if found is None:
        raise LookupError(f"{email} has no second factor")
    session.delete(found)
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    sessions.end_all_sessions(session, staff)
    history.record(session, "staff", "staff.second_factor.reset", actor=actor, subject=staff.id)


def who_has_one() -> set[str]:
    """The ids of members with a second factor."""
    has = select(SecondFactor.staff_id).where(SecondFactor.confirmed_at.is_not(None))
    return set(db.session.scalars(has))


def _matches(session: Session, staff_id: str, typed: str) -> bool:
    found = session.get(SecondFactor, staff_id, with_for_update=True, populate_existing=True)
    if found is None or found.confirmed_at is None:
        return False
    secret = _opened(found)
    right = secret is not None and _is_code(found, secret, typed)
    return right or spend_code(session, staff_id, typed)


def _is_code(found: SecondFactor, secret: str, typed: str) -> bool:
    """The code of now, or of the step before or after it; none that is as old as the last one."""
    code = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{6}", code):
        return False
    now = int(time.time()) // _STEP_SECONDS
    for step in (now - 1, now, now + 1):
        expected = pyotp.TOTP(secret).generate_otp(step)
        if step > found.last_step and secrets.compare_digest(expected, code):
            found.last_step = step
            return True
    return False


def _begun_by(member: Member) -> str:
    """The purpose under which a secret is stored until the session that began it completes it."""
    return f"{_PURPOSE} begun by {member.token_hash}"


def _begun(found: SecondFactor, member: Member) -> str | None:
    """The secret, where this session began the enrolment."""
    try:
        return keyring.decrypt(_begun_by(member), found.secret)
    except keyring.SealedError:
        return None


def encrypt_anew(session: Session) -> None:
    """Every secret under the newest key, so that an older one may go."""
    for found in session.scalars(select(SecondFactor).with_for_update(skip_locked=True)):
        found.secret = keyring.renewed(_PURPOSE, found.secret) or found.secret


def _opened(found: SecondFactor) -> str | None:
    try:
        return keyring.decrypt(_PURPOSE, found.secret)
    except keyring.SealedError:
        log.exception("the second factor of %s can't be read: reset it", found.staff_id)
        return None
