"""Somebody typed an address and wants a sign-in link.

The request stores what was typed and stages a job, the same for every address: only the job looks
whose it is, so that neither the answer nor its time tells.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from dataclasses import dataclass

from sqlalchemy import String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import keyring
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import compared
from payments_app.core.extensions import Base
from payments_app.core.jobs import outbox

EVERY_SECONDS = 60
# A path of ours: not //host, and no backslash that a browser would read as a slash.
_OUR_PATH = re.compile(r"/(?![/\\])[^\\\s]{0,400}")
_HOLDS_LINK = re.compile(r"[^/]{33}")  # as nginx reads an address: longer than any name or id
_MOST_SEALED = 300  # characters, of which a column holds what they are encrypted to
_SEALED = "path that a link leads on to"


class LinkRequest(Base):
    """An address as it is compared, and the path that its link is to lead on to, as `stored`.
    The job that looks whose it is takes the row away."""

    __tablename__ = "pay_link_requests"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    to: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now(), index=True)


@dataclass(frozen=True)
class Asked:
    """What was asked for."""

    address: str
    to: str


@atomic
def ask(session: Session, command: str, email: str, to: str) -> None:
    """Stage the command for an address, once in EVERY_SECONDS."""
    address, request_id = compared(email)[:254], new_id("ask")
    window = int(time.time() // EVERY_SECONDS)
    # Hashed: staff read the keys of messages.
    named = hashlib.sha256(address.encode()).hexdigest()[:32]
    if outbox.stage(session, command, request_id, key=f"{command}:{named}:{window}"):
        session.add(LinkRequest(id=request_id, address=address, to=stored(to)))


def take(session: Session, request_id: str) -> Asked | None:
    """What was asked for, and take it away; None where that was done."""
    taken = delete(LinkRequest).where(LinkRequest.id == request_id)
    row = session.execute(taken.returning(LinkRequest.address, LinkRequest.to)).first()
    return Asked(*row) if row else None


def stored(to: str) -> str:
    """A path as tables keep it. One that may itself be somebody's link, such as a link to pay, is
    encrypted; where that is too long to be kept, it is none."""
    if not _HOLDS_LINK.search(to):
        return to
    return keyring.encrypt(_SEALED, to) if len(to) <= _MOST_SEALED else ""


def read(stored_to: str, instead: str) -> str:
    """The path of ours that was stored; `instead` where there is none that can be read."""
    if not stored_to.startswith("/"):
        try:
            stored_to = keyring.decrypt(_SEALED, stored_to)
        except keyring.SealedError:
            return instead
    return our_path(stored_to, instead)


def our_path(typed: str, instead: str) -> str:
    """A path of ours that somebody named; `instead` where it is none."""
    return typed if _OUR_PATH.fullmatch(typed) else instead
