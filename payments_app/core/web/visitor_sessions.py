"""The sessions of buyers and merchants: a row for each browser that a mailed link let in.

The cookie holds a token, the row its hash. So a session ends here and not only in one browser: a
copy of the cookie is of no use after sign-out. It ends as well with the address that was proved.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from flask import request
from flask import session as cookie
from sqlalchemy import ColumnElement, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base, db
from payments_app.core.language import Words
from payments_app.core.web import one_time_links
from payments_app.core.web.tokens import hash_token, new_token

CUSTOMER, MERCHANT = "customer", "merchant"
_SEEN_EVERY = 60  # seconds between two writes of `seen_at`
_BROWSERS = ("Edg", "Firefox", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


class VisitorSession(Base):
    """A browser that is known as `subject` (of this audience), by the `address` that it proved."""

    __tablename__ = "pay_visitor_sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ses"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    audience: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(40), index=True)
    address: Mapped[str] = mapped_column(String(254))
    browser: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
    ended_at: Mapped[dt.datetime | None]


def open_session(session: Session, audience: str, subject: str, address: str, seconds: int) -> None:
    """Make this browser known for so long; whoever it was before is signed out here."""
    end_here(session, audience)
    token = new_token()
    session.add(
        VisitorSession(
            token_hash=hash_token(token),
            audience=audience,
            subject=subject,
            address=address,
            browser=browser_words(request.user_agent.string),
            expires_at=database_now(seconds),
        )
    )
    cookie.permanent = True
    cookie[audience] = token


def of_this_browser(audience: str) -> VisitorSession | None:
    """The session that this browser's cookie names. Whether the address is still its owner's is
    for the caller to look."""
    token = cookie.get(audience)
    if not isinstance(token, str):
        return None
    found = select(VisitorSession, VisitorSession.seen_at < database_now(-_SEEN_EVERY)).where(
        VisitorSession.token_hash == hash_token(token),
        VisitorSession.audience == audience,
        *_open(),
    )
    row = db.session.execute(found.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    known, stale = row
    if stale:
        db.session.expunge(known)
        _mark_seen(known.id)
    return known


def was_ended_elsewhere(audience: str) -> bool:
    """Whether the session that this browser's cookie names was ended, and not by this browser:
    that takes it out of the cookie."""
    return (
        _named_here(VisitorSession.id, audience, VisitorSession.ended_at.is_not(None)) is not None
    )


def subject_here(audience: str) -> str | None:
    """Whom this browser's cookie names, also where the session's time is over: a copy of it still
    has the browser's name. None once it was ended."""
    subject: str | None = _named_here(
        VisitorSession.subject, audience, VisitorSession.ended_at.is_(None)
    )
    return subject


def _named_here(what: Any, audience: str, which: ColumnElement[bool]) -> Any:
    """This of the session that the cookie names, where it is one of `which`; else None."""
    token = cookie.get(audience)
    if not isinstance(token, str):
        return None
    named = VisitorSession.token_hash == hash_token(token), VisitorSession.audience == audience
    return db.session.scalar(select(what).where(*named, which))


def sessions_of(session: Session, audience: str, subject: str) -> Sequence[VisitorSession]:
    """Those that are open, the one used last first."""
    rows = select(VisitorSession).where(*_of(audience, subject), *_open())
    return session.scalars(rows.order_by(VisitorSession.seen_at.desc(), VisitorSession.id)).all()


def end_here(session: Session, audience: str) -> None:
    """This browser is nobody's any more, nor is a copy of its cookie."""
    token = cookie.pop(audience, None)
    if isinstance(token, str):
        session.execute(_ending(VisitorSession.token_hash == hash_token(token)))


@atomic
def sign_out(session: Session, audience: str) -> None:
    """The same, of a button."""
    end_here(session, audience)


@atomic
def sign_out_everywhere(session: Session, audience: str, subject: str, actor: str) -> int:
    """End every session of somebody, by themselves or by staff, and every link that would open
    another; return how many sessions there were. One whose time is over is ended as well: its
    browser has a name by which it reads what it paid."""
    one_time_links.void(session, audience, subject)
    counted = select(func.count()).where(*_of(audience, subject), *_open())
    ended = session.scalar(counted) or 0
    session.execute(_ending(*_of(audience, subject)))
    history.record(
        session,
        "system" if actor == subject else "staff",
        f"{audience}.signed_out_everywhere",
        actor=actor,
        subject=subject,
        sessions=ended,
    )
    return ended


def shown_browser(words: str) -> str:
    """The same in the reader's language."""
    browser, _, system = words.partition(" on ")
    browser = Words("A browser") if browser == "A browser" else browser
    system = Words("a Mac") if system == "a Mac" else system
    if not system:
        return browser
    return Words("%(browser)s on %(system)s", browser=browser, system=system)


def browser_words(user_agent: str) -> str:
    """A browser as people name it: "Firefox on Windows"."""
    browser = next((name for name in _BROWSERS if f"{name}/" in user_agent), "A browser")
    system = next((name for name in _SYSTEMS if name in user_agent), "")
    words = f"{browser} on {system}" if system else browser
    return re.sub("Edg ", "Edge ", words).replace("Mac OS X", "a Mac")


def _ending(*which: ColumnElement[bool]) -> Any:
    ended = update(VisitorSession).where(*which, VisitorSession.ended_at.is_(None))
    return ended.values(ended_at=database_now()).execution_options(synchronize_session=False)


def _of(audience: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return VisitorSession.audience == audience, VisitorSession.subject == subject


def _open() -> tuple[ColumnElement[bool], ...]:
    return VisitorSession.ended_at.is_(None), VisitorSession.expires_at > database_now()


@atomic
def _mark_seen(session: Session, session_id: str) -> None:
    session.execute(
        update(VisitorSession)
        .where(VisitorSession.id == session_id)
        .values(seen_at=database_now())
        .execution_options(synchronize_session=False)
    )
