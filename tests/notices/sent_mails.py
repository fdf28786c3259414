"""SentMails: what a mail server took, as mail programs read it."""

from __future__ import annotations

import email
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from tests.bystanders import own


class SentMails:
    """The files of a mailbox."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def burn(self) -> None:
        for path in self.directory.glob("*.eml"):
            path.unlink()

    def all(self) -> list[EmailMessage]:
        """Oldest first."""
        paths = sorted(self.directory.glob("*.eml"))
        return [email.message_from_bytes(path.read_bytes(), policy=default) for path in paths]

    def subjects(self) -> list[str]:
        return [str(received["Subject"]).replace("\u00a0", " ") for received in self.all()]


def text_of(received: EmailMessage, subtype: str = "plain") -> str:
    body = received.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


def mails() -> list[Mail]:
    """Every row, oldest first."""
    db.session.rollback()
    rows = select(Mail).where(own(Mail)).order_by(Mail.created_at, Mail.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


@atomic
def leave_half_sent(session: Session, *, seconds_left: float) -> None:
    """As a worker leaves a mail that dies while it sends it."""
    session.execute(
        update(Mail)
        .where(own(Mail))
        .values(state="sending", taken_until=database_now(seconds_left), sent_at=None)
    )


@atomic
def readdress(session: Session, transaction_id: str, email: str) -> None:
    """Let the buyer have another address."""
    session.get_one(Transaction, transaction_id).email = email
