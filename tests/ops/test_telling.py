"""An alert reaches those who run the product, by mail and by a signed webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.alerts import QUIET_SECONDS, Alert, raise_alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.web.links import absolute
from payments_app.ops import tell
from payments_app.ops.acknowledge import acknowledge
from payments_app.ops.alert_kinds import KINDS
from tests.ops.receivers import Received, mail_server, web_server
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable
KEY, NEXT_KEY = b"0123456789abcdefghijklmn", b"nopqrstuvwxyz9876543210_"


@pytest.fixture
def mails() -> Iterator[Received]:
    with mail_server() as received:
        yield received


@pytest.fixture
def hooks() -> Iterator[Received]:
    with web_server() as received:
        yield received


@pytest.fixture
def settings(settings: dict[str, str], mails: Received, hooks: Received) -> dict[str, str]:
    return settings | {
        "SMTP_URL": mails.url,
        "ALERT_MAIL_TO": "ops@example.com",
        "ALERT_WEBHOOK_URL": hooks.url,
        "ALERT_WEBHOOK_SECRET": ",".join(
            f"whsec_{base64.b64encode(key).decode()}" for key in (KEY, NEXT_KEY)
        ),
    }


def test_an_alert_is_mailed_to_those_who_run_the_product(
    job_driver: JobDriver, mails: Received
) -> None:
    job_driver.dead_letter(queue="payment_critical")
    job_driver.work("sweeper")
    (mail,) = mails.mails
    assert "To: ops@example.com" in mail
    assert "[critical] test.fails for it on payment_critical is dead" in mail


def test_an_alert_says_what_it_means_what_to_do_and_where(
    job_driver: JobDriver, mails: Received, hooks: Received
) -> None:
    letter = job_driver.dead_letter(queue="payment_critical")
    job_driver.work("sweeper")
    kind, url = KINDS["dead_letter"], absolute(f"/staff/queues/dead/{letter}")
    for words in (f"It means: {kind.meaning}.", f"Next: {kind.next_step}", f"Dead letter: {url}"):
        assert words in mails.mails[0].replace("=\r\n", "").replace("\r\n", " ")
    data = json.loads(hooks.webhooks[0][1])["data"]
    assert (data["meaning"], data["next_step"]) == (kind.meaning, kind.next_step)
    assert data["object_url"] == url


def test_an_alert_is_posted_with_a_signature_of_its_body_by_each_secret(
    job_driver: JobDriver, hooks: Received
) -> None:
    job_driver.dead_letter()
    job_driver.work("sweeper")
    ((headers, body),) = hooks.webhooks
    names = {name.lower(): value for name, value in headers.items()}
    signed = f"{names['webhook-id']}.{names['webhook-timestamp']}.".encode() + body
    digests = [
        base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        for key in (KEY, NEXT_KEY)
    ]
    assert names["webhook-signature"].split() == [f"v1,{digest}" for digest in digests]


def test_the_webhook_names_the_job_its_arguments_its_error_and_its_retries(
    job_driver: JobDriver, hooks: Received
) -> None:
    job_driver.dead_letter()
    job_driver.work("sweeper")
    data = json.loads(hooks.webhooks[0][1])["data"]
    assert (data["command"], data["subject"], data["retries"]) == ("test.fails", "it", 0)
    assert (data["error"], data["reminder"]) == ("RuntimeError: the cause", 0)


def test_a_delivered_alert_says_so(job_driver: JobDriver) -> None:
    job_driver.dead_letter()
    job_driver.work("sweeper")
    assert [alert.delivered_at is not None for alert in job_driver.alerts()] == [True]


def test_each_way_tells_once_even_if_the_other_fails(
    job_driver: JobDriver, mails: Received, hooks: Received
) -> None:
    hooks.refuses = True
    job_driver.dead_letter()
    job_driver.work("sweeper")
    hooks.refuses = False
    job_driver.make_due()
    job_driver.work("sweeper")
    assert (len(mails.mails), len(hooks.webhooks)) == (1, 1)


def test_a_try_that_is_repeated_carries_the_same_id(job_driver: JobDriver, hooks: Received) -> None:
    job_driver.dead_letter()
    job_driver.work("sweeper")
    (alert,) = job_driver.alerts()
    headers = {name.lower(): value for name, value in hooks.webhooks[0][0].items()}
    assert headers["webhook-id"] == f"alert_{alert.id}"


def test_an_alert_that_was_acknowledged_meanwhile_is_not_told(
    job_driver: JobDriver, mails: Received
) -> None:
    job_driver.dead_letter()
    acknowledge(job_driver.alerts()[0].id, "ada")
    job_driver.work("sweeper")
    assert mails.mails == []


def test_an_alert_is_acknowledged_once(job_driver: JobDriver) -> None:
    job_driver.dead_letter()
    (alert,) = job_driver.alerts()
    assert acknowledge(alert.id, "ada")
    assert not acknowledge(alert.id, "bob")
    assert [a.acknowledged_by for a in job_driver.alerts()] == ["ada"]
    assert [entry.actor for entry in job_driver.history("alert.acknowledged")] == ["ada"]


SECRETS = {
    "error": "no such pm_1NnQUf2eZvKYlo2CIObdtbnb",
    "seen pm_1NnQUf2eZvKYlo2CIObdtbnb": ["sk_test_51AbcDef", {"typed": "4242 4242 4242 4242"}],
}
CUT = ("pm_1NnQ", "51AbcDef", "4242 4242")


@pytest.mark.parametrize("kept_by_an_older_release", [False, True])
def test_what_is_told_beside_the_message_holds_no_secret(
    job_driver: JobDriver,
    mails: Received,
    hooks: Received,
    kept_by_an_older_release: bool,
) -> None:
    raise_it(kept_raw=kept_by_an_older_release)
    job_driver.work("sweeper")
    told = mails.mails[0] + hooks.webhooks[0][1].decode()
    assert "pm_[cut]" in told
    assert "card number cut" in told
    assert [secret for secret in CUT if secret in told] == []
    (alert,) = job_driver.alerts()
    if not kept_by_an_older_release:
        assert [secret for secret in CUT if secret in str(alert.data)] == []
        assert alert.data["subject"] == "txn_0123456789abcdefghjkmnpqrs"


@atomic
def raise_it(session: Session, *, kept_raw: bool) -> None:
    raise_alert(session, "test", "test", "odd", **SECRETS, subject="txn_0123456789abcdefghjkmnpqrs")
    if kept_raw:
        session.execute(update(Alert).values(data=SECRETS))


@atomic
def _again(session: Session, key: str = "test") -> None:
    raise_alert(session, "test", key, "Something is wrong.")


@atomic
def _gone(session: Session, key: str = "test") -> None:
    alerts.acknowledge(session, key, "system")


@atomic
def _quiet(session: Session) -> None:
    session.execute(update(Alert).values(last_at=database_now(-QUIET_SECONDS)))


def subjects(mails: Received) -> list[str]:
    lines = [line for mail in mails.mails for line in mail.splitlines()]
    return [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: ")]


def test_that_an_alert_closed_by_itself_is_told_once(
    job_driver: JobDriver, mails: Received
) -> None:
    _again()
    job_driver.work("sweeper")
    _gone()
    _gone()
    job_driver.work("sweeper")
    assert subjects(mails) == [
        "[warning] Something is wrong.",
        "[warning] Closed: Something is wrong.",
    ]


def test_an_alert_whose_cause_returns_is_told_again(job_driver: JobDriver, mails: Received) -> None:
    _again()
    job_driver.work("sweeper")
    _gone()
    _again()
    job_driver.work("sweeper")
    assert subjects(mails).count("[warning] Something is wrong.") == 2


def test_an_open_alert_does_not_swallow_the_next_incident(
    job_driver: JobDriver, mails: Received
) -> None:
    _again()
    _again()
    job_driver.work("sweeper")
    _quiet()
    _again()
    _again()
    job_driver.work("sweeper")
    assert subjects(mails) == [
        "[warning] Something is wrong.",
        "[warning] Again, 4 times by now: Something is wrong.",
    ]


def test_a_hundred_of_a_kind_are_three_and_a_summary(
    job_driver: JobDriver, mails: Received
) -> None:
    for number in range(100):
        _again(f"test:{number}")
    job_driver.work("sweeper")
    assert len(mails.mails) == 3
    job_driver.make_due()
    job_driver.work("sweeper")
    assert ["100 alerts within ten minutes" in mail for mail in mails.mails[3:]] == [True]


def test_a_mail_server_that_hangs_keeps_nobody_from_hearing_by_the_webhook(
    job_driver: JobDriver, mails: Received, hooks: Received
) -> None:
    """As many mails as may be sent at once are under way, and end never."""
    job_driver.dead_letter(queue="payment_critical")
    with tell._mails, tell._mails:
        job_driver.work("sweeper")
        assert (len(mails.mails), len(hooks.webhooks)) == (0, 1)
    job_driver.make_due()
    job_driver.work("sweeper")
    assert (len(mails.mails), len(hooks.webhooks)) == (1, 1)


def test_a_webhook_that_hangs_keeps_nobody_from_hearing_by_mail(
    job_driver: JobDriver, mails: Received, hooks: Received
) -> None:
    job_driver.dead_letter(queue="payment_critical")
    with tell._calls:
        job_driver.work("sweeper")
        assert (len(mails.mails), len(hooks.webhooks)) == (1, 0)
    job_driver.make_due()
    job_driver.work("sweeper")
    assert (len(mails.mails), len(hooks.webhooks)) == (1, 1)
