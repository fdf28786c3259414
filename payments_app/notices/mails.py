"""mails: write one once, and send it.

The row comes first, unique by its key; then it is sent, and marked. A worker that dies between the
two sends it again: the same message by its Message-ID, which mail programs show once.
"""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.email_addresses import ERASED_DOMAIN
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later, Policy
from payments_app.core.jobs.sent import forget_sent, is_sent, note_sent
from payments_app.core.language import Reader, speaking
from payments_app.core.logs import redact
from payments_app.merchants.find import shop_name
from payments_app.notices import mail_links, smtp
from payments_app.notices.models import Mail
from payments_app.notices.queries import failure_stands

SEND = "notices.send_mail"
SEND_LINK = "notices.send_link"  # of a mail that somebody waits for, to sign in
TAKE_SECONDS = 60  # longer than a conversation with the mail server can last
_ENGLISH = Reader()  # of whoever is no buyer
_MOST_SUBJECT = 300  # characters; what is paid for may be called by more
_DONE = frozenset({"sent", "kept", "dropped"})


class MailPolicy(Policy):
    """A mail server may be away for a day; what it refuses for good is not sent again."""

    def wait(self, failures: int, error: BaseException) -> float | None:
        return None if isinstance(error, smtp.MailRefusedError) else super().wait(failures, error)


POLICY = MailPolicy((30, 120, 600, 1800, 7200, 6 * 3600, 16 * 3600))


def write(
    session: Session,
    kind: str,
    about: str,
    recipient: str,
    subject: str,
    *,
    transaction_id: str | None = None,
    link: dict[str, str] | None = None,
    reader: Reader = _ENGLISH,
    **words: object,
) -> bool:
    """Write a mail of this kind about this thing, once, and stage its sending, all in the caller's
    transaction; False where it is written already, or the recipient was erased. `words` go to
    `mail/<kind>.txt` and `.html`, in the language of the `reader`; `link` (of mail_links) is made
    as the mail is sent.
    """
    if recipient.endswith(f"@{ERASED_DOMAIN}"):
        return False
    mail_id = new_id("ml")
    words["link"] = None if link is None else mail_links.PLACEHOLDER
    with speaking(reader):
        told = {"shop": shop_name(), "subject": str(subject)[:_MOST_SUBJECT]}
        written = _written(kind, {**words, **told})
    fresh = insert_once(
        session,
        Mail,
        id=mail_id,
        key=f"{kind}_{about}",
        kind=kind,
        transaction_id=transaction_id,
        recipient=recipient,
        link=link,
        **written,
    )
    if fresh:
        outbox.stage(session, _sending(link), mail_id)
    return fresh


def _written(kind: str, words: dict[str, object]) -> dict[str, object]:
    templates = current_app.jinja_env  # without the context of a page: there is no request
    names = f"mail/{kind}.txt", "mail/_foot.txt"
    return {
        "subject": words["subject"],
        "text": "".join(templates.get_template(name).render(words) for name in names),
        "html": templates.get_template(f"mail/{kind}.html").render(words),
    }


def send_again(session: Session, mail: Mail) -> bool:
    """Stage the sending of a locked mail once more; False where it is on its way already."""
    if mail.state in {"queued", "sending"}:
        return False
    mail.state, mail.rounds = "queued", mail.rounds + 1
    command = _sending(mail.link)
    return outbox.stage(session, command, mail.id, key=f"{command}:{mail.id}:{mail.rounds}")


def _sending(link: dict[str, Any] | None) -> str:
    """The command that sends a mail with this link: whoever signs in waits behind no others."""
    return SEND_LINK if link is not None and mail_links.is_to_sign_in(link) else SEND


def send_mail(mail_id: str, claim: Claim) -> None:
    """The command: take the mail, hand it to the mail server, mark it.

    Raises Later while another worker has it, MailRefusedError, MailDelayedError.
    """
    url = current_app.config["CONFIG"].smtp_url
    if not is_sent(claim):
        outgoing = _take(mail_id, to_send=url is not None)
        if outgoing is None:
            return
        if url is None:
            _mark(mail_id, "kept")
            return
        try:
            smtp.post(url, outgoing)
        except (smtp.MailRefusedError, smtp.MailDelayedError) as error:
            last = POLICY.wait(claim.failures, error) is None
            # A mail server that refuses a mail for its link quotes it.
            _mark(mail_id, "undelivered" if last else "queued", error=redact(str(error)))
            raise
        note_sent(claim)
    _mark(mail_id, "sent")
    forget_sent(claim)


@atomic
def _take(session: Session, mail_id: str, *, to_send: bool) -> smtp.OutgoingMail | None:
    """Take the mail for TAKE_SECONDS, with a new link where one is `to_send`; None where there is
    nothing to send."""
    mail = _lock(session, mail_id)
    if mail.state in _DONE:
        return None
    if mail.state == "sending" and session.scalar(
        select(Mail.taken_until > database_now()).where(Mail.id == mail_id)
    ):
        raise Later(TAKE_SECONDS / 4, "another worker is sending it")
    if mail.kind == "payment_failed" and not failure_stands(session, str(mail.transaction_id)):
        mail.state, mail.taken_until = "dropped", None
        _note(session, mail, reason="no longer true")
        return None
    mail.state, mail.taken_until = "sending", database_now(TAKE_SECONDS)
    link = mail_links.PLACEHOLDER
    if mail.link is not None and to_send:
        link = mail_links.make(session, mail.link, mail.recipient)
    return smtp.OutgoingMail(
        key=mail.key,
        sender_name=shop_name(),
        sender=current_app.config["CONFIG"].mail_from,
        recipient=mail.recipient,
        subject=mail.subject,
        text=mail.text.replace(mail_links.PLACEHOLDER, link),
        html=mail.html.replace(mail_links.PLACEHOLDER, link),
        written_at=mail.created_at,
    )


@atomic
def _mark(session: Session, mail_id: str, state: str, error: str | None = None) -> None:
    mail = _lock(session, mail_id)
    if mail.state != "sending":
        return  # whoever took it after us has said how it ended
    mail.state, mail.taken_until = state, None
    if state == "sent":
        mail.sent_at = database_now()
    if state != "queued":
        _note(session, mail, error=error)


def mark_mail_dead(session: Session, mail_id: str) -> None:
    """Its message died, of whatever: the mail was not delivered, and may be asked for again."""
    mail = _lock(session, mail_id)
    if mail.state in {"queued", "sending"}:
        mail.state, mail.taken_until = "undelivered", None
        _note(session, mail, error="its message died")


def _lock(session: Session, mail_id: str) -> Mail:
    return session.get_one(Mail, mail_id, with_for_update=True, populate_existing=True)


def _note(session: Session, mail: Mail, **data: Any) -> None:
    history.record(
        session,
        "mail",
        f"mail.{mail.kind}.{mail.state}",
        transaction_id=mail.transaction_id,
        subject=mail.id,
        round=mail.rounds,
        **data,
    )
