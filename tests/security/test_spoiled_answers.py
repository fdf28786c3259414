"""What others say may hold what no database keeps: it is kept with U+FFFD in its place, and ends
neither a job nor an event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from payments_app.core import alerts, history
from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import Message
from payments_app.customers.models import Customer
from payments_app.gateway import exchange
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import word
from payments_app.merchants.create_account import _refused as merchant_refused
from payments_app.notices import smtp
from payments_app.notices.models import Mail
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.apply_stripe_state import end_refund
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account, create_merchant
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import ask, give_back, read, refund_outside, refunds

pytestmark = pytest.mark.portable

ODD, KEPT = "a\x00\ud800b", "a\ufffd\ufffdb"
# What people or banks wrote of their own, in Stripe's objects.
_FREE = frozenset(
    "description message email name reason failure_message statement_descriptor receipt_url"
    " calculated_statement_descriptor seller_message network_decline_code currently_due".split()
)


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every object that is read at Stripe holds them from now on: in keys, in metadata, and in
    each free text."""
    plain, told = exchange.plain, exchange.sort
    monkeypatch.setattr(exchange, "plain", lambda found: _spoil(plain(found)))

    def sort(error: Exception) -> Any:
        verdict, body = told(error)
        return verdict, _spoil(body)

    monkeypatch.setattr(exchange, "sort", sort)


def _spoil(value: Any) -> Any:
    if isinstance(value, list):
        return [_spoil(item) for item in value]
    if not isinstance(value, dict):
        return value
    spoiled = {name: _spoil(item) for name, item in value.items()} | {ODD: [ODD, {ODD: ODD}]}
    for name in _FREE & spoiled.keys():
        if isinstance(spoiled[name], str):
            spoiled[name] += ODD
    return spoiled


def dead() -> list[tuple[str, str | None]]:
    db.session.rollback()
    rows = select(Message.command, Message.last_error).where(Message.dead_at.is_not(None))
    return [(row.command, row.last_error) for row in db.session.execute(rows)]


def failed() -> list[tuple[str, str | None]]:
    db.session.rollback()
    rows = select(Message.command, Message.last_error).where(Message.failures > 0)
    return [(row.command, row.last_error) for row in db.session.execute(rows)]


@pytest.mark.usefixtures("spoiled")
def test_a_payment_completes_and_all_that_follows(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.work()
    assert driver.read(transaction).state == "complete"
    assert driver.read(transaction).stripe_data[KEPT] == [KEPT, {KEPT: KEPT}]
    assert failed() == []


@pytest.mark.usefixtures("spoiled")
def test_a_decline_is_told_in_the_bank_s_words(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    assert driver.read(transaction).state == "failed"
    assert (driver.read(transaction).error_message or "").endswith(KEPT)
    assert failed() == []


@pytest.mark.usefixtures("spoiled")
def test_a_refund_is_sent_and_posted(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    give_back(driver, transaction)
    driver.work()
    assert [refund.state for refund in refunds(transaction)] == ["succeeded"]
    assert failed() == []


@pytest.mark.usefixtures("spoiled")
def test_a_dispute_is_kept(driver: PaymentDriver) -> None:
    driver.pay("pm_card_createDispute")
    subject = str(driver.sandbox("GET", "/v1/disputes")["data"][0]["id"])
    refresh(subject, claim(subject))
    driver.work()
    db.session.rollback()
    assert db.session.scalars(select(Dispute.reason).where(own(Dispute))).one().endswith(KEPT)
    assert failed() == []


@pytest.mark.usefixtures("spoiled")
def test_a_payment_made_elsewhere_is_recorded_with_its_customer(driver: PaymentDriver) -> None:
    post = WebhookSender(driver)
    customer = post.stripe("customers", email="bob@example.com")["id"]
    intent = post.pay_elsewhere(customer=customer, description="By hand")
    event = post.told("payment_intent.succeeded", intent["id"])
    post.send(event)
    assert post.state(event) == "processed"
    row = db.session.scalars(select(Transaction).where(own(Transaction))).one()
    assert (row.state, row.description) == ("complete", f"By hand{KEPT}")
    assert (
        db.session.scalars(select(Customer.email).where(own(Customer))).one()
        == f"bob@example.com{KEPT}"
    )
    assert failed() == []


def test_what_stripe_sends_over_the_wire_is_kept(driver: PaymentDriver) -> None:
    post = WebhookSender(driver)
    intent = post.pay_elsewhere(description="By\x00hand", **{"metadata[a\x00b]": "c\x00d"})
    post.send(post.told("payment_intent.succeeded", intent["id"]))
    row = db.session.scalars(select(Transaction).where(own(Transaction))).one()
    assert (row.state, row.description) == ("complete", "By\ufffdhand")
    assert row.stripe_data["metadata"] == {"a\ufffdb": "c\ufffdd"}


@pytest.mark.parametrize("kind", ["charge.refunded", "charge.dispute.created", "a.b"])
def test_an_event_is_taken_whatever_its_object_says(driver: PaymentDriver, kind: str) -> None:
    post = WebhookSender(driver)
    event = create_event(
        kind, description=ODD, status=ODD, reason=ODD, customer=ODD, metadata={ODD: ODD}, **{ODD: 1}
    )
    assert post.send(event).status_code == 200
    assert dead() == []


@pytest.mark.parametrize("name", ["id", "type", "account", "created", "data", "livemode", "object"])
@pytest.mark.parametrize("odd", ["\x00", "\ud800"])
def test_an_event_that_is_odd_itself_is_refused(driver: PaymentDriver, name: str, odd: str) -> None:
    post = WebhookSender(driver)
    assert post.send({**create_event(), name: odd}).status_code == 400
    assert dead() == []


@pytest.mark.expects_failure("notices.send_mail")
def test_a_mail_server_s_words_are_kept(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise smtp.MailRefusedError("550 a\x00b")

    monkeypatch.setattr(smtp, "post", refuse)
    driver.app.config["CONFIG"] = _with_mail_server(driver)
    driver.pay()
    driver.work()
    db.session.rollback()
    assert set(db.session.scalars(select(Mail.state).where(own(Mail)))) == {"undelivered"}
    assert all("550 a\ufffdb" in (error or "") for _, error in dead())
    assert dead()


def _with_mail_server(driver: PaymentDriver) -> Any:
    from dataclasses import replace

    return replace(driver.config, smtp_url="smtp://127.0.0.1:1")


def test_history_and_alerts_keep_what_they_are_given(driver: PaymentDriver) -> None:
    @atomic
    def write(session: Any) -> None:
        history.record(session, "system", "test", actor=ODD, subject=ODD, **{ODD: {ODD: ODD}})
        alerts.raise_alert(session, "test", ODD, ODD, **{ODD: ODD})
        alerts.raise_alert(session, "test", ODD, ODD, **{ODD: ODD})

    write()
    entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.what == "test")).one()
    db.session.refresh(entry)
    assert (entry.actor, entry.data) == (KEPT, {KEPT: {KEPT: KEPT}})
    alert = db.session.scalars(select(Alert)).one()
    db.session.refresh(alert)
    assert (alert.key, alert.message, alert.times) == (KEPT, KEPT, 2)


@pytest.mark.parametrize(
    "words",
    [
        ("staff", "create", f"{ODD}@example.com"),
        ("staff", "role", f"{ODD}@example.com", "viewer"),
        ("merchants", "add-endpoint", f"https://example.com/{ODD}"),
        ("queues", "retry", "1", "--reason", ODD),
        ("alerts", "acknowledge", "1", "--by", ODD),
        ("reconcile", "run", "--since", ODD),
    ],
)
def test_a_command_refuses_what_can_not_be_stored(cli: FlaskCliRunner, words: Any) -> None:
    answer = cli.invoke(args=list(words))
    assert answer.exit_code == 2
    assert "can't be stored" in answer.output or "not match" in answer.output


TYPED = "Call us about 4242 4242 4242 4242"
CUT = "Call us about [card number cut, ends in 4242]"


def test_a_decline_s_message_holds_no_card_number(driver: PaymentDriver) -> None:
    other = driver.pay("pm_card_visa_chargeDeclined")
    error = {"type": "card_error", "code": "card_declined", "message": TYPED}
    driver.fail_stripe("say", "/confirm$", set={"error": error})
    row = driver.read(driver.pay("pm_card_visa_chargeDeclined"))
    assert (row.phase, row.error_message, row.error["message"]) == ("failed", CUT, CUT)
    assert driver.read(other).error_message == "Your card was declined."


@pytest.mark.parametrize(
    ("message", "told"), [(TYPED, CUT), ({"en": "no"}, "Unknown error occurred")]
)
def test_a_refund_s_message_is_a_text_without_a_card_number(
    driver: PaymentDriver, message: object, told: str
) -> None:
    refund = ask(driver.pay())
    end_refund(refund, "failed", {"code": "refused", "message": message})
    assert read(refund).error_message == told


@pytest.mark.parametrize(
    ("message", "told"), [(TYPED, CUT), ({"en": "no"}, "Unknown error occurred")]
)
def test_why_a_merchant_was_refused_is_a_text_without_a_card_number(
    driver: PaymentDriver, message: object, told: str
) -> None:
    merchant = create_merchant(driver)
    refusal = Answer("account_create", Verdict.INVALID, error={"message": message})
    merchant_refused(merchant, refusal)
    db.session.rollback()
    assert account(merchant).error_message == told


def test_a_word_of_stripes_is_no_card_number() -> None:
    assert word(4242424242424242, 60) == "[card number cut, ends in 4242]"
    assert word("4242 4242 4242 4242".replace(" ", "_"), 60) == word(4242424242424242, 60)


def test_a_secret_that_no_column_holds_is_none(driver: PaymentDriver) -> None:
    driver.fail_stripe("say", "/confirm$", set={"client_secret": "x" * 400})
    row = driver.read(driver.pay("pm_card_authenticationRequired"))
    assert (row.phase, row.client_secret) == ("requires_action", None)
    assert failed() == []


def test_an_alert_with_a_key_that_is_too_long_is_raised_once(driver: PaymentDriver) -> None:
    @atomic
    def tell(session: Any) -> None:
        alerts.raise_alert(session, "test", f"test:{'x' * 400}", "odd")

    tell()
    tell()
    assert db.session.scalars(select(Alert.times)).one() == 2


@pytest.mark.parametrize("metadata", ["odd", 5, ["refund_id"], True])
def test_metadata_that_is_no_object_names_nothing(driver: PaymentDriver, metadata: object) -> None:
    other, transaction = driver.pay(), driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    driver.sandbox("POST", f"/_sandbox/refunds/{theirs}", metadata=metadata)
    refresh_refunds(theirs, claim(theirs))
    assert [refund.amount for refund in refunds(transaction)] == [400]
    assert refunds(other) == []
    post = WebhookSender(driver)
    intent = post.pay_elsewhere()
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent['id']}", metadata=metadata)
    event = post.told("payment_intent.succeeded", intent["id"])
    post.send(event)
    assert post.state(event) == "processed"
