"""tell: an alert to those who run the product, by mail and by a signed webhook.

Each way is a message of its own, tried until it succeeds or somebody acknowledges the alert;
`telling.py` says what its subject means. The webhook is signed: its `webhook-id` is the same for
every try of one telling, so that a receiver can drop a repetition.
"""

from __future__ import annotations

import html
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.config import Config
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import leases
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.jobs.sent import forget_sent, is_sent, note_sent
from payments_app.core.web.signing import signed_headers
from payments_app.notices import smtp
from payments_app.notices.call import post
from payments_app.notices.webhook_retries import DeliveryError
from payments_app.ops.telling import Telling, read

UNENDING = "an alert is told until somebody has heard it, or has acknowledged it"
LONGEST_WAIT = 600
WAIT_SECONDS, BUSY_SECONDS = 0.5, 1.0  # for a turn; until it is tried again
# At once, of the sweeper's few threads: a mail server that hangs keeps nobody from hearing by the
# webhook, and neither of them keeps the sweeper from its rounds.
_mails, _calls = threading.BoundedSemaphore(2), threading.BoundedSemaphore(1)


def mail(subject: str, claim: Claim) -> bool:
    """Mail the alert to ALERT_MAIL_TO. Raises Later where the mail server did not take it."""
    try:
        return _tell(subject, claim, _mails, send_mail)
    except (smtp.MailDelayedError, smtp.MailRefusedError) as error:
        raise Later(_wait(claim), str(error)) from error


def webhook(subject: str, claim: Claim) -> bool:
    """POST the alert to ALERT_WEBHOOK_URL. Raises Later where that did not answer 2xx."""
    try:
        return _tell(subject, claim, _calls, call)
    except DeliveryError as error:
        raise Later(_wait(claim), f"{type(error).__name__}: {error}") from error


def _tell(
    subject: str,
    claim: Claim,
    turns: threading.BoundedSemaphore,
    send: Callable[[Config, Telling], bool],
) -> bool:
    """Tell in this way, once; say whether the message was marked as done."""
    telling = _read(subject)
    if telling is None:
        return False
    if not is_sent(claim):
        with _turn(turns):
            if not send(_config(), telling):
                return False
        note_sent(claim)
    _end(claim, telling.alert_id)
    forget_sent(claim)
    return True


def send_mail(config: Config, telling: Telling) -> bool:
    """False where nobody is to be mailed. Raises MailDelayedError and MailRefusedError."""
    if not config.alert_mail_to or not config.smtp_url:
        return False
    text = telling.text()
    letter = smtp.OutgoingMail(
        key=telling.key,
        sender_name="Payments",
        sender=config.mail_from,
        recipient=config.alert_mail_to,
        subject=telling.subject,
        text=text,
        html=f"<pre>{html.escape(text)}</pre>",
        written_at=telling.at,
    )
    smtp.post(config.smtp_url, letter)
    return True


def call(config: Config, telling: Telling) -> bool:
    """POST the signed webhook. False where there is no address. Raises DeliveryError."""
    if not config.alert_webhook_url:
        return False
    body = json.dumps(telling.as_json())
    signed = signed_headers(telling.key, int(time.time()), body, config.alert_webhook_secrets)
    headers = {"Content-Type": "application/json", "User-Agent": "payments-alerts/1", **signed}
    post(config.alert_webhook_url, headers, body)
    return True


def _config() -> Config:
    config: Config = current_app.config["CONFIG"]
    return config


def _read(subject: str) -> Telling | None:
    telling = read(db.session(), subject)
    db.session.commit()  # no connection is held while somebody else's server is asked
    return telling


@contextmanager
def _turn(turns: threading.BoundedSemaphore) -> Iterator[None]:
    """Raises Later while others are told in this way, and take their time."""
    if not turns.acquire(timeout=WAIT_SECONDS):
        raise Later(BUSY_SECONDS, "another alert is being told", is_try=False)
    try:
        yield
    finally:
        turns.release()


def _wait(claim: Claim) -> float:
    return float(min(LONGEST_WAIT, 2 ** min(10, claim.tries)))


@atomic
def _end(session: Session, claim: Claim, alert_id: int | None) -> None:
    if alert_id is not None:
        session.execute(
            update(Alert)
            .where(Alert.id == alert_id, Alert.delivered_at.is_(None))
            .values(delivered_at=database_now())
        )
    leases.finish_with(session, claim)
