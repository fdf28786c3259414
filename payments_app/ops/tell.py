"""tell: an alert to those who run the product, by mail and by a signed webhook.

Each way is a message of its own, tried until it succeeds or somebody acknowledges the alert. Its
subject is the alert's id, for a reminder `<id>:<number>`. The webhook is signed: its `webhook-id`
is the same for every try of one telling, so that a receiver can drop a repetition.
"""

from __future__ import annotations

import html
import json
import time
import urllib.request
from typing import Any
from urllib.error import URLError

from flask import current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.config import Config
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.logs import redacted
from payments_app.core.web import links
from payments_app.core.web.signing import signed_headers
from payments_app.notices import smtp

UNENDING = "an alert is told until somebody has heard it, or has acknowledged it"
HTTP_SECONDS = 5.0
LONGEST_WAIT = 600


def mail(telling: str, claim: Claim) -> None:
    """Mail the alert to ALERT_MAIL_TO. Raises Later where the mail server did not take it."""
    config, (alert, reminder) = _config(), _open(telling)
    if alert is None or not config.alert_mail_to or not config.smtp_url:
        return
    try:
        smtp.post(config.smtp_url, _letter(config, alert, reminder))
    except (smtp.MailDelayedError, smtp.MailRefusedError) as error:
        raise Later(_wait(claim), str(error)) from error
    _delivered(alert.id)


def webhook(telling: str, claim: Claim) -> None:
    """POST the alert to ALERT_WEBHOOK_URL. Raises Later where that did not answer 2xx."""
    config, (alert, reminder) = _config(), _open(telling)
    if alert is None or not config.alert_webhook_url:
        return
    body = json.dumps(as_json(alert, reminder))
    request = urllib.request.Request(  # noqa: S310 - a setting, checked at the start
        config.alert_webhook_url,
        data=body.encode(),
        headers={
            "Content-Type": "application/json",
            **signed_headers(
                _key(alert, reminder), int(time.time()), body, config.alert_webhook_secrets
            ),
        },
        method="POST",
    )
    try:
        with _DIRECT.open(request, timeout=HTTP_SECONDS):
            pass
    except (URLError, OSError) as error:
        raise Later(_wait(claim), f"{type(error).__name__}: {error}") from error
    _delivered(alert.id)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A signed body goes to the address of the settings and nowhere else."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_DIRECT = urllib.request.build_opener(_NoRedirect)


def as_json(alert: Alert, reminder: int = 0) -> dict[str, object]:
    """The webhook's body: for a dead letter its job, arguments, error and retries are in `data`.
    `reminder` counts how often it was told again."""
    return {
        "type": "alert.raised",
        "timestamp": alert.first_at.isoformat(),
        "data": {
            "id": alert.id,
            "kind": alert.kind,
            "key": alert.key,
            "severity": alert.severity,
            "reminder": reminder,
            "message": alert.message,
            "url": links.absolute("/staff/alerts"),
            **{name: value for name, value in _facts(alert).items() if name != "message"},
        },
    }


def _facts(alert: Alert) -> dict[str, Any]:
    """What is told beside the message: an older release may have kept secrets in it."""
    facts: dict[str, Any] = redacted(as_object(alert.data))
    return facts


def _letter(config: Config, alert: Alert, reminder: int) -> smtp.OutgoingMail:
    facts = [f"{name}: {value}" for name, value in sorted(_facts(alert).items())]
    where = links.absolute("/staff/alerts")
    still = f"Still open, reminder {reminder}: " if reminder else ""
    text = "\n".join([alert.message, "", *facts, "", f"Acknowledge it at {where}", ""])
    return smtp.OutgoingMail(
        key=_key(alert, reminder),
        sender_name="Payments",
        sender=config.mail_from,
        recipient=config.alert_mail_to or "",
        subject=f"[{alert.severity}] {still}{alert.message[:120]}",
        text=text,
        html=f"<pre>{html.escape(text)}</pre>",
        written_at=alert.first_at,
    )


def _config() -> Config:
    config: Config = current_app.config["CONFIG"]
    return config


def _open(telling: str) -> tuple[Alert | None, int]:
    """The alert, None where somebody deals with it; and which reminder this is, 0 for none."""
    alert_id, _, reminder = telling.partition(":")
    alert = db.session.get(Alert, int(alert_id), populate_existing=True)
    db.session.commit()  # no connection is held while somebody else's server is asked
    still_open = alert is not None and alert.acknowledged_at is None
    return alert if still_open else None, int(reminder or 0)


def _key(alert: Alert, reminder: int) -> str:
    return f"alert_{alert.id}_{reminder}" if reminder else f"alert_{alert.id}"


def _wait(claim: Claim) -> float:
    return float(min(LONGEST_WAIT, 2 ** min(10, claim.tries)))


@atomic
def _delivered(session: Session, alert_id: int) -> None:
    session.execute(
        update(Alert)
        .where(Alert.id == alert_id, Alert.delivered_at.is_(None))
        .values(delivered_at=database_now())
    )
