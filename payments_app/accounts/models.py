"""Staff members, their sessions, and the tries of those who may be guessing a password."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.accounts.permissions import ROLE_NAMES
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base

_ROLES = ", ".join(f"'{role}'" for role in ROLE_NAMES)


class Staff(Base):
    """Somebody who may sign in. Raising `session_version` ends every session at once."""

    __tablename__ = "pay_staff"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("stf"))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    session_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("lower(email) = email", name="email_lower"),
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
    )


class StaffSession(Base):
    """A sign-in of one browser. The cookie's token is kept as a SHA-256 only: who reads this
    table can't sign in with it."""

    __tablename__ = "pay_staff_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("pay_staff.id"), index=True)
    session_version: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    confirmed_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    ended_at: Mapped[dt.datetime | None]
    # The password was right, and the code of the second factor is asked for: nobody is in yet.
    code_pending: Mapped[bool] = mapped_column(default=False, server_default=false())


class KnownBrowser(Base):
    """A browser that a member signed in with, by the hash of its token: it may try also while
    others guess."""

    __tablename__ = "pay_staff_browsers"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("pay_staff.id"), index=True)
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())


class SecondFactor(Base):
    """A member's authenticator app: its secret, encrypted, and the last step (30 s) of which a
    code was taken. It is asked for once `confirmed_at`, by its first code."""

    __tablename__ = "pay_staff_second_factors"

    staff_id: Mapped[str] = mapped_column(ForeignKey("pay_staff.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BIGINT, default=0)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    confirmed_at: Mapped[dt.datetime | None]


class RecoveryCode(Base):
    """A code that stands in for the app, once, as a hash."""

    __tablename__ = "pay_staff_recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("pay_staff.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    used_at: Mapped[dt.datetime | None]


class SignInTries(Base):
    """How often something was tried in the window that began at `since`. `account` is a hash of
    what `throttle.py` counts by, whether or not there is such an account."""

    __tablename__ = "pay_sign_in_tries"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    since: Mapped[dt.datetime] = mapped_column(server_default=database_now())
