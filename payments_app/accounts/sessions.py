"""Sessions of signed-in staff: kept in the database, so that they can be revoked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from payments_app.accounts.models import KnownBrowser, SecondFactor, Staff, StaffSession
from payments_app.accounts.permissions import allows
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.web import one_time_links
from payments_app.core.web.tokens import hash_token, new_token

IDLE_SECONDS = 30 * 60
MOST_SECONDS = 8 * 3600
PENDING_SECONDS = 10 * 60
CONFIRMED_SECONDS = 10 * 60  # how long a typed password vouches for refunds and the like
PASSWORD_LINK = "staff_password"  # noqa: S105 - the purpose of a link
_SEEN_EVERY = 60  # seconds between two writes of `seen_at`


@dataclass(frozen=True)
class Member:
    """The signed-in staff member of a request, as plain data."""

    id: str
    email: str
    role: str
    token_hash: str
    just_confirmed: bool
    has_second_factor: bool = False

    def may(self, permission: str) -> bool:
        """Whether their role has this permission."""
        return allows(self.role, permission)


@dataclass(frozen=True)
class Pending:
    """A sign-in whose password was right, and whose code is missing."""

    staff_id: str
    email: str
    token_hash: str


def open_session(session: Session, staff: Staff, *, code_pending: bool = False) -> str:
    """Store a session for a member who gave the right password; return the cookie's token. With
    `code_pending` nobody is in before the code of the second factor."""
    token = new_token()
    session.add(
        StaffSession(
            token_hash=hash_token(token),
            staff_id=staff.id,
            session_version=staff.session_version,
            code_pending=code_pending,
        )
    )
    return token


def find_member(session: Session, token: str, *, sees: bool = True) -> Member | None:
    """The member whose token this is: active, not revoked, seen in the last IDLE_SECONDS, and
    signed in within MOST_SECONDS. They are seen by it, unless not they but their page asks."""
    row = session.execute(
        select(
            Staff.id,
            Staff.email,
            Staff.role,
            StaffSession.token_hash,
            (StaffSession.confirmed_at > database_now(-CONFIRMED_SECONDS)).label("confirmed"),
            (StaffSession.seen_at < database_now(-_SEEN_EVERY)).label("stale"),
            _has_second_factor().label("second_factor"),
        )
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(
            StaffSession.token_hash == hash_token(token),
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > database_now(-IDLE_SECONDS),
            StaffSession.created_at > database_now(-MOST_SECONDS),
            StaffSession.code_pending.is_(False),
            StaffSession.session_version == Staff.session_version,
            Staff.active,
        )
    ).first()
    if row is None:
        return None
    if row.stale and sees:
        _mark_seen(row.token_hash)
    return Member(
        row.id, row.email, row.role, row.token_hash, bool(row.confirmed), bool(row.second_factor)
    )


def find_pending(session: Session, token: str) -> Pending | None:
    """The sign-in whose code is missing, for PENDING_SECONDS."""
    row = session.execute(
        select(Staff.id, Staff.email, StaffSession.token_hash)
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(
            StaffSession.token_hash == hash_token(token),
            StaffSession.ended_at.is_(None),
            StaffSession.created_at > database_now(-PENDING_SECONDS),
            StaffSession.code_pending,
            StaffSession.session_version == Staff.session_version,
            Staff.active,
        )
    ).first()
    return Pending(*row) if row else None


def has_second_factor(session: Session, staff_id: str) -> bool:
    """Whether a code is asked for beside the password."""
    asked = select(_has_second_factor()).select_from(Staff).where(Staff.id == staff_id)
    return bool(session.scalar(asked))


def know_browser(session: Session, staff_id: str, before: str | None) -> str:
    """Let a browser be known as one that the member signed in with, by a new token in place of the
    one of `before`; return it."""
    token = new_token()
    session.execute(
        delete(KnownBrowser).where(
            KnownBrowser.token_hash == hash_token(before or ""), KnownBrowser.staff_id == staff_id
        )
    )
    session.add(KnownBrowser(token_hash=hash_token(token), staff_id=staff_id))
    return token


def forget_browsers(session: Session, staff_id: str) -> None:
    """No browser is known as one that the member signed in with: where the password is somebody
    else's now, so may the browser be."""
    session.execute(delete(KnownBrowser).where(KnownBrowser.staff_id == staff_id))


def _has_second_factor() -> ColumnElement[bool]:
    return exists().where(SecondFactor.staff_id == Staff.id, SecondFactor.confirmed_at.is_not(None))


@atomic
def _mark_seen(session: Session, token_hash: str) -> None:
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == token_hash)
        .values(seen_at=database_now())
    )


def mark_confirmed(session: Session, token_hash: str) -> None:
    """The password was typed again just now."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == token_hash)
        .values(confirmed_at=database_now())
    )


def end_session(session: Session, token_hash: str) -> None:
    """This browser is signed out."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == token_hash, StaffSession.ended_at.is_(None))
        .values(ended_at=database_now())
    )


def end_pending(session: Session, staff: Staff, token_hash: str) -> bool:
    """End a sign-in whose code came, with the member's row locked; False where it was ended
    meanwhile, as with every other session of theirs."""
    ended = (
        update(StaffSession)
        .where(
            StaffSession.token_hash == token_hash,
            StaffSession.code_pending,
            StaffSession.ended_at.is_(None),
            StaffSession.session_version == staff.session_version,
        )
        .values(ended_at=database_now())
        .returning(StaffSession.token_hash)
    )
    return staff.active and session.scalar(ended) is not None


def end_all_sessions(session: Session, staff: Staff) -> None:
    """Every browser of this member is signed out when the caller commits, and no link that sets
    the password works any more."""
    staff.session_version += 1
    one_time_links.void(session, PASSWORD_LINK, staff.id)
