"""member: the demo's own administrator."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts import passwords
from payments_app.accounts.models import Staff
from payments_app.accounts.permissions import ADMIN
from payments_app.accounts.sessions import end_all_sessions
from payments_app.core.db.session import atomic

DEMO_EMAIL = "staff@example.com"


@atomic
def keep_demo_member(session: Session, password: str) -> None:
    """The demo's own admin, with the password that the demo prints. Safe to run again."""
    staff = session.scalars(select(Staff).where(Staff.email == DEMO_EMAIL)).first()
    if staff is None:
        session.add(
            Staff(email=DEMO_EMAIL, role=ADMIN, password_hash=passwords.hash_password(password))
        )
    elif not passwords.matches(staff.password_hash, password):
        staff.password_hash = passwords.hash_password(password)
        end_all_sessions(session, staff)
