"""member: the demo's own administrator, and its own API key."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts import passwords
from payments_app.accounts.api_keys import SCOPES, ApiKey
from payments_app.accounts.models import Staff
from payments_app.accounts.permissions import ADMIN
from payments_app.accounts.sessions import end_all_sessions
from payments_app.core.db.session import atomic
from payments_app.core.web.tokens import hash_token

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


@atomic
def keep_demo_key(session: Session, secret: str) -> None:
    """The demo's own API key, with the secret that the demo prints. Safe to run again."""
    hashed = hash_token(secret)
    if session.scalar(select(ApiKey.id).where(ApiKey.secret_hash == hashed)) is None:
        key = ApiKey(
            name="demo",
            scopes=sorted(SCOPES),
            secret_hash=hashed,
            ends_in=secret[-4:],
            created_by="demo",
        )
        session.add(key)
