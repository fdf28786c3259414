"""Receipts: one for each payment, whatever happens to the worker or the mail server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader, UndefinedError
from sqlalchemy import select

from parts.mailbox import Mailbox
from payments_app import create_app
from payments_app.checkout.status import local_time
from payments_app.config import Config
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.command import Later
from payments_app.notices.mails import POLICY, SEND, send_mail
from payments_app.notices.receipts import NoReceiptError, resend_receipt, write_receipt
from payments_app.notices.smtp import MailDelayedError, MailRefusedError, OutgoingMail, post
from tests.ledger.concurrency import claim, run_at_once
from tests.notices.sent_mails import SentMails, leave_half_sent, mails, readdress, text_of
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


def test_a_paid_order_brings_one_receipt_with_what_was_paid(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay()
    (received,) = sent_mails.all()
    assert received["To"] == "ada@example.com"
    assert received["From"] == "Corner Shop <shop@example.com>"
    assert sent_mails.subjects() == ["Your receipt from Corner Shop: $10.99"]
    for form in ("plain", "html"):
        words = text_of(received, form)
        paid = driver.read(transaction)
        with driver.app.app_context():
            ended = local_time(paid.ended_at, paid.zone)  # as the payment's page writes it
        for fact in ("$10.99", ended, paid.description, paid.reference, "Visa ending in 4242"):
            assert fact in words


def test_a_misspelt_name_on_a_receipt_raises_and_leaves_no_blank(driver: PaymentDriver) -> None:
    pages = driver.app.jinja_env
    source, _, _ = pages.loader.get_source(pages, "mail/receipt.txt")
    misspelt = {"mail/receipt.txt": source.replace("payment.reference", "payment.refrence")}
    pages.loader = ChoiceLoader([DictLoader(misspelt), pages.loader])
    transaction = driver.open()
    driver.work("charges")
    with pytest.raises(UndefinedError, match="refrence"):
        write_receipt(transaction, claim(transaction))
    assert mails() == []


def test_a_receipt_is_in_the_timeline_of_its_payment(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    assert "mail.receipt.sent" in driver.happened(driver.pay())


def test_something_free_has_a_mail_too_and_is_not_called_paid(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay(amount=0)
    (received,) = sent_mails.all()
    assert received["Subject"] == f"Corner Shop: {driver.read(transaction).description}"
    for kind in ("plain", "html"):
        text = text_of(received, kind)
        assert "Nothing was charged." in text
        assert "paid" not in text
        assert "$0.00" not in text


def test_a_receipt_says_what_was_bought_of_whom(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    driver.pay()
    (received,) = sent_mails.all()
    lines = text_of(received, "plain").splitlines()
    assert "- 1 x Thing at $10.99: $10.99" in lines
    assert "Sold by Corner Shop" in lines
    for words in ("Thing", "1 \u00d7 $10.99", "Sold by Corner Shop"):
        assert words in text_of(received, "html")


def test_what_a_buyer_wrote_is_escaped_in_the_html(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    driver.pay(description="<b>Mug</b>\r\nBcc: x@example.com")
    (received,) = sent_mails.all()
    assert "&lt;b&gt;Mug&lt;/b&gt;" in text_of(received, "html")
    assert received["Bcc"] is None


def test_writing_a_receipt_twice_writes_one(driver: PaymentDriver, sent_mails: SentMails) -> None:
    transaction = driver.pay()
    write_receipt(transaction, claim(transaction))
    driver.work()
    assert (len(mails()), len(sent_mails.all())) == (1, 1)


def test_eight_workers_at_once_write_and_send_one_receipt(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.open()
    driver.work("charges")
    run_at_once(driver.app, lambda: write_receipt(transaction, claim(transaction)))
    (mail,) = mails()
    outcomes = run_at_once(driver.app, lambda: send_mail(mail.id, claim(mail.id)))
    assert {type(outcome) for outcome in outcomes} <= {type(None), Later}
    assert len(sent_mails.all()) == 1


def test_sending_twice_in_a_row_sends_once(driver: PaymentDriver, sent_mails: SentMails) -> None:
    driver.pay()
    send_mail(mails()[0].id, claim("by hand"))
    assert len(sent_mails.all()) == 1


def test_a_mail_that_a_worker_died_over_waits_for_its_lease(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    driver.pay()
    leave_half_sent(seconds_left=60)
    with pytest.raises(Later):
        send_mail(mails()[0].id, claim("by hand"))


def test_a_mail_sent_again_after_a_crash_is_the_same_message(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    driver.pay()
    leave_half_sent(seconds_left=-1)
    send_mail(mails()[0].id, claim("by hand"))
    first, second = sent_mails.all()
    assert first["Message-ID"] == second["Message-ID"]
    assert text_of(first) == text_of(second)


def test_a_mail_that_killed_its_workers_is_undelivered_and_can_be_asked_for_again(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.open()
    driver.work("charges", "payment_standard")
    driver.let_workers_die(SEND)
    driver.work("mailers")
    assert (mails()[0].state, sent_mails.all()) == ("undelivered", [])
    assert resend_receipt(transaction, "staff@example.com")


def test_staff_resend_the_same_message_and_it_is_history(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.pay()
    assert resend_receipt(transaction, "staff@example.com")
    driver.work("mailers")
    assert len({received["Message-ID"] for received in sent_mails.all()}) == 1
    assert len(sent_mails.all()) == 2
    asked = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.what == "mail.receipt.resend_asked")
    ).one()
    assert (asked.actor, asked.transaction_id) == ("staff@example.com", transaction)


def test_a_receipt_on_its_way_is_not_sent_twice_by_asking(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.open()
    driver.work("charges", "payment_standard")
    assert not resend_receipt(transaction, "staff@example.com")
    driver.work()
    assert len(sent_mails.all()) == 1


def test_an_unpaid_payment_has_no_receipt_to_resend(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    with pytest.raises(NoReceiptError):
        resend_receipt(driver.open(), "staff@example.com")


@pytest.mark.expects_failure("notices.send_mail")
def test_mail_refused_for_good_is_dead_at_once_with_an_alert(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.open()
    readdress(transaction, "refused@example.com")
    driver.work()
    assert [mail.state for mail in mails()] == ["undelivered"]
    assert [m.dead_at is not None for m in driver.messages("notices.send_mail")] == [True]
    assert "mail.receipt.undelivered" in driver.happened(transaction)
    assert db.session.scalars(select(Alert.kind)).all() == ["dead_letter"]


@pytest.mark.expects_failure("notices.send_mail")
@pytest.mark.parametrize("address", ["jo\n@example.com", "jo\r\nBcc: eve@example.com"])
def test_mail_to_what_is_no_address_is_undelivered_at_once(
    driver: PaymentDriver, sent_mails: SentMails, address: str
) -> None:
    transaction = driver.open()
    readdress(transaction, address)
    driver.work()
    assert [mail.state for mail in mails()] == ["undelivered"]
    assert "mail.receipt.undelivered" in driver.happened(transaction)
    assert sent_mails.all() == []


def test_a_domain_that_is_not_ascii_gets_its_mail(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    """Every mail server knows it by its other name (RFC 5890); few take it as it is written."""
    readdress(driver.open(), "jo@m\u00fcnchen.example")
    driver.work()
    (received,) = sent_mails.all()
    assert received["To"] == "jo@xn--mnchen-3ya.example"
    assert [mail.state for mail in mails()] == ["sent"]


@pytest.mark.expects_failure("notices.send_mail")
def test_a_local_part_that_the_server_does_not_take_is_refused_for_good(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    """It has no SMTPUTF8 (RFC 6531), tomorrow as little as today."""
    transaction = driver.open()
    readdress(transaction, "müller@bücher.example")
    driver.work()
    assert [(mail.state, mail.recipient) for mail in mails()] == [
        ("undelivered", "müller@bücher.example")
    ]
    assert [m.dead_at is not None for m in driver.messages("notices.send_mail")] == [True]
    (told,) = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.what == "mail.receipt.undelivered")
    )
    assert "ask for another address" in told.data["error"]


@pytest.mark.expects_failure("notices.send_mail")
def test_mail_refused_for_now_is_sent_later(driver: PaymentDriver, sent_mails: SentMails) -> None:
    readdress(driver.open(), "later@example.com")
    driver.work()
    (message,) = driver.messages("notices.send_mail")
    assert (message.failures, message.dead_at) == (1, None)
    assert [mail.state for mail in mails()] == ["queued"]


@pytest.mark.expects_failure("notices.send_mail")
def test_a_mail_is_undelivered_after_the_last_try(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    readdress(driver.open(), "later@example.com")
    driver.work()
    for _ in POLICY.waits:
        driver.make_due("notices.send_mail")
        driver.work("mailers")
    assert [mail.state for mail in mails()] == ["undelivered"]


class TestWithoutAMailServer:
    @pytest.fixture
    def silent(self) -> Iterator[str]:
        """A server that takes the connection and never says a word."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"

    def test_a_server_that_is_down_delays_a_mail(self) -> None:
        with pytest.raises(MailDelayedError, match="refused"):
            post("smtp://127.0.0.1:1", _letter())

    def test_a_server_that_says_nothing_delays_a_mail(self, silent: str) -> None:
        with pytest.raises(MailDelayedError, match="timed out"):
            post(silent, _letter())

    def test_a_password_is_not_sent_in_the_clear(self, mailbox: Mailbox) -> None:
        url = mailbox.url.replace("127.0.0.1", "user:word@0.0.0.0")
        with pytest.raises(MailRefusedError, match="STARTTLS"):
            post(url, _letter())

    def test_nothing_is_sent_in_the_clear_to_another_machine(self, mailbox: Mailbox) -> None:
        """A link that signs in needs no password beside it."""
        with pytest.raises(MailRefusedError, match="STARTTLS"):
            post(mailbox.url.replace("127.0.0.1", "0.0.0.0"), _letter())
        post(mailbox.url, _letter())

    def test_mail_is_kept_where_no_server_is_configured(self, settings: dict[str, str]) -> None:
        app = create_app(Config.from_env(settings | {"SMTP_URL": ""}))
        with app.app_context():
            driver = PaymentDriver(app)
            transaction = driver.pay()
            assert [mail.state for mail in mails()] == ["kept"]
            assert "mail.receipt.kept" in driver.happened(transaction)
            _dispose(app)


def _letter() -> OutgoingMail:
    return OutgoingMail(
        key="receipt_1",
        sender_name="Shop",
        sender="shop@example.com",
        recipient="ada@example.com",
        subject="Hello",
        text="Hello",
        html="<p>Hello</p>",
        written_at=utcnow(),
    )


def _dispose(app: Flask) -> None:
    db.session.remove()
    for engine in app.extensions["sqlalchemy"].engines.values():
        engine.dispose()
