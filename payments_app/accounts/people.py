"""Service functions on staff members, for the command line, the members' page and the demo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts import api_keys, passwords
from payments_app.accounts.api_keys import ApiKey
from payments_app.accounts.models import Staff
from payments_app.accounts.permissions import ROLE_NAMES, allows
from payments_app.accounts.sessions import end_all_sessions, forget_browsers
from payments_app.core import alerts, history
from payments_app.core.card_numbers import refuse
from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import compared

CLI = "command line"
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


@atomic
def create_staff(session: Session, email: str, role: str, password: str, actor: str = CLI) -> str:
    """Store a new member and return their id.

    Raises ValueError for an e-mail that is taken or holds a card's number, an unknown role or a
    weak password.
    """
    _check_role(role)
    refuse(email)
    weakness = passwords.weakness(password)
    if weakness:
        raise ValueError(weakness)
    email = compared(email)
    if not _ADDRESS.fullmatch(email) or _find(session, email) is not None:
        raise ValueError(f"{email!r} is no e-mail address, or has an account already")
    staff = Staff(email=email, role=role, password_hash=passwords.hash_password(password))
    session.add(staff)
    session.flush()
    history.record(session, "staff", "staff.created", actor=actor, subject=staff.id, role=role)
    return staff.id


@atomic
def list_staff(session: Session) -> Sequence[Staff]:
    """Everybody, by e-mail."""
    return session.scalars(select(Staff).order_by(Staff.email)).all()


@atomic
def disable_staff(session: Session, email: str, actor: str = CLI) -> None:
    """Close an account and end its sessions; one that is closed stays as it is.

    Raises LookupError for an unknown e-mail, ValueError for the actor's own account.
    """
    staff = locked(session, email)
    refuse_own(staff, actor)
    if not staff.active:
        return
    staff.active = False
    end_all_sessions(session, staff)
    forget_browsers(session, staff.id)
    keys = _tell_of_keys(session, staff, "may sign in no more")
    history.record(session, "staff", "staff.disabled", actor=actor, subject=staff.id, api_keys=keys)


@atomic
def enable_staff(session: Session, email: str, actor: str = CLI) -> None:
    """Open a closed account again, with the role and the password it had; one that is open stays
    as it is. Sessions from before stay ended.

    Raises LookupError for an unknown e-mail.
    """
    staff = locked(session, email)
    if staff.active:
        return
    staff.active = True
    history.record(session, "staff", "staff.enabled", actor=actor, subject=staff.id)


@atomic
def change_role(session: Session, email: str, role: str, actor: str = CLI) -> None:
    """Give a member another role; it holds from their next request on.

    Raises LookupError for an unknown e-mail, ValueError for an unknown role or the actor's own
    account.
    """
    _check_role(role)
    staff = locked(session, email)
    refuse_own(staff, actor)
    if staff.role == role:
        return
    loses_keys = allows(staff.role, "api_keys") and not allows(role, "api_keys")
    history.record(
        session,
        "staff",
        "staff.role_changed",
        actor=actor,
        subject=staff.id,
        **{"from": staff.role, "to": role},
        api_keys=_tell_of_keys(session, staff, f"is {role} now") if loses_keys else None,
    )
    staff.role = role


def _tell_of_keys(session: Session, staff: Staff, what: str) -> list[str] | None:
    """Keys outlive the account of whoever made them, since applications use them: those of which
    the member knows a secret that is good, by name, after a person was told; None for none."""
    names = [f"{key.name} (\u2026{key.ends_in})" for key in api_keys.shown_to(session, staff.id)]
    if not names:
        return None
    alerts.raise_alert(
        session,
        "api_keys_known",
        f"api_keys_known:{staff.id}",
        f"{staff.email} {what}, and was shown the secret of API keys that are still good: "
        f"{', '.join(names)}. Give each a new secret, or revoke it",
    )
    return names


def names_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """For a page that shows who did something: e-mails by staff id, and the names of applications
    by the id of their API key."""
    wanted = set(ids)
    staff = {id_ for id_ in wanted if id_.startswith("stf_")}
    keys = {id_ for id_ in wanted if id_.startswith("key_")}
    names: dict[str, str] = {}
    if staff:
        rows = session.execute(select(Staff.id, Staff.email).where(Staff.id.in_(staff)))
        names |= {row.id: row.email for row in rows}
    if keys:
        found = session.execute(select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(keys)))
        names |= {row.id: f"{row.name} (API key)" for row in found}
    return names


def _find(session: Session, email: str) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.email == compared(email)))


def locked(session: Session, email: str) -> Staff:
    """The member, locked. Raises LookupError for an unknown e-mail."""
    staff: Staff | None = session.scalar(
        select(Staff).where(Staff.email == compared(email)).with_for_update()
    )
    if staff is None:
        raise LookupError(f"there is no account for {email}")
    return staff


def refuse_own(staff: Staff, actor: str) -> None:
    """Raises ValueError where somebody would change their own account."""
    # The last admin could lock everybody out.
    if staff.id == actor:
        raise ValueError("Your own account is for another administrator to change.")


def _check_role(role: str) -> None:
    if role not in ROLE_NAMES:
        raise ValueError(f"a role is one of {', '.join(ROLE_NAMES)}")
