"""password_links: a link by which a member sets the password, made by an administrator.

The link works once and for minutes, and only the newest one works at all. Whatever ends a member's
sessions ends it too.
"""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from payments_app.accounts import passwords, people, sessions
from payments_app.accounts.models import Staff
from payments_app.accounts.sign_in import SignedIn
from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.web import one_time_links
from payments_app.core.web.tokens import hash_token

PURPOSE = sessions.PASSWORD_LINK


class BadLinkError(Exception):
    """The link is none of ours, too old, or used already."""


def invite(email: str, role: str, actor: str) -> str:
    """Create an account that nobody knows a password of; return its link's token.

    Raises ValueError for an e-mail that is taken or none, or an unknown role.
    """
    return _first_link(people.create_staff(email, role, secrets.token_urlsafe(32), actor))


@atomic
def make_link(session: Session, email: str, actor: str) -> str:
    """A link for a member who lost the password; signs them out everywhere. Returns its token.

    Raises LookupError for an unknown e-mail, ValueError for an account that is disabled.
    """
    staff = people.locked(session, email)
    if not staff.active:
        raise ValueError("This account is disabled.")
    sessions.end_all_sessions(session, staff)
    sessions.forget_browsers(session, staff.id)
    history.record(session, "staff", "staff.link_made", actor=actor, subject=staff.id)
    return _token(session, staff)


@atomic
def email_of(session: Session, token: str) -> str:
    """Whose password a link sets. Raises BadLinkError."""
    email: str = _member(session, one_time_links.look(session, PURPOSE, token)).email
    return email


@atomic
def set_password(
    session: Session, token: str, new: str, browser: str | None, old_token: str | None = None
) -> SignedIn:
    """Set the password by a link, which spends it, and open a session; `browser` is the token by
    which the browser was known. Whoever was signed in there, with `old_token`, is not any more. A
    second factor is asked for as at any sign-in.

    Raises BadLinkError, or ValueError for a weak password: then the link stays as it was.
    """
    staff = _member(session, one_time_links.spend(session, PURPOSE, token))
    weakness = passwords.weakness(new)
    if weakness:
        raise ValueError(weakness)
    staff.password_hash = passwords.hash_password(new)
    sessions.end_all_sessions(session, staff)
    if old_token:
        sessions.end_session(session, hash_token(old_token))
    history.record(session, "staff", "staff.password_set", actor=staff.id, subject=staff.id)
    if sessions.has_second_factor(session, staff.id):
        return SignedIn(sessions.open_session(session, staff, code_pending=True), None)
    known = sessions.know_browser(session, staff.id, browser)
    return SignedIn(sessions.open_session(session, staff), known)


@atomic
def _first_link(session: Session, staff_id: str) -> str:
    return _token(session, session.get_one(Staff, staff_id, populate_existing=True))


def _member(session: Session, opened: one_time_links.Opened | None) -> Staff:
    if opened is None:
        raise BadLinkError
    staff = session.get(Staff, opened.subject, with_for_update=True, populate_existing=True)
    if staff is None or not staff.active or staff.email != opened.address:
        raise BadLinkError
    return staff


def _token(session: Session, staff: Staff) -> str:
    return one_time_links.make(session, PURPOSE, staff.id, staff.email, "/staff")
