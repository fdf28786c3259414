"""Links that sign a browser in: each works once, for some minutes, and is stored as a hash.

To open a link spends nothing, since scanners of mails open what they find. The button on its page
spends it. A link names the address that it was made for: once its owner has another one, it is no
good any more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import ColumnElement, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.extensions import Base
from payments_app.core.web.tokens import hash_token, new_token

PREFIX = "link_"  # by which a log knows what to cut


class OneTimeLink(Base):
    """A link that signs `subject` in, for one `purpose`, and leads on to the path `to`."""

    __tablename__ = "pay_one_time_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(40), index=True)
    address: Mapped[str] = mapped_column(String(254))
    to: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
    used_at: Mapped[dt.datetime | None]


@dataclass(frozen=True)
class Opened:
    """What a good link says."""

    subject: str
    address: str
    to: str


def minutes() -> int:
    """For how long a link is good: SIGN_IN_LINK_MINUTES."""
    found: int = current_app.config["CONFIG"].sign_in_link_minutes
    return found


def make(session: Session, purpose: str, subject: str, address: str, to: str) -> str:
    """Store a new link; return its token, which nobody can read again."""
    token = new_token(PREFIX)
    session.add(
        OneTimeLink(
            token_hash=hash_token(token),
            purpose=purpose,
            subject=subject,
            address=address,
            to=to,
            expires_at=database_now(minutes() * 60),
        )
    )
    return token


def look(session: Session, purpose: str, token: str) -> Opened | None:
    """What a link says; None where it is forged, spent or too old. It changes nothing."""
    asked = select(OneTimeLink.subject, OneTimeLink.address, OneTimeLink.to)
    row = session.execute(asked.where(*_good(purpose, token))).first()
    return Opened(*row) if row else None


def spend(session: Session, purpose: str, token: str) -> Opened | None:
    """The same, once: of two that come together one gets it."""
    spent = update(OneTimeLink).where(*_good(purpose, token)).values(used_at=database_now())
    row = session.execute(
        spent.returning(OneTimeLink.subject, OneTimeLink.address, OneTimeLink.to),
        execution_options={"synchronize_session": False},
    ).first()
    return Opened(*row) if row else None


def void(session: Session, purpose: str, subject: str) -> None:
    """No link of this purpose that was made for `subject` until now is good any more."""
    session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.subject == subject,
            OneTimeLink.used_at.is_(None),
        )
        .values(used_at=database_now()),
        execution_options={"synchronize_session": False},
    )


def _good(purpose: str, token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeLink.token_hash == hash_token(token),
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > database_now(),
    )
