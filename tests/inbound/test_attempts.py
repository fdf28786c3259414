"""A payment made elsewhere (a payment link, the dashboard) that took several cards."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import DAY
from payments_app.core.jobs.outbox import Message
from payments_app.inbound.process import WAITS
from payments_app.ledger.models import Entry
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.payments.retries.request import preview_retry
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import create_ready_merchant, records, sell
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable

# Of a decline, by name.
KEPT = ("type", "code", "decline_code", "message", "advice_code", "network_decline_code")
THREE = [
    (1, "failed", "insufficient_funds"),
    (2, "failed", "lost_card"),
    (3, "complete", None),
]


def attempts() -> list[tuple[int, str, str | None]]:
    return [(row.attempt, row.state, (row.error or {}).get("decline_code")) for row in rows()]


def rows() -> list[Transaction]:
    db.session.rollback()
    mine = select(Transaction).where(own(Transaction)).order_by(Transaction.attempt)
    return list(db.session.scalars(mine.execution_options(populate_existing=True)))


def pay_with_the_third_card(post: WebhookSender, *, telling: int = 1) -> str:
    """Decline, decline, success; each told so many times as it happens. The intent's id."""
    intent = post.pay_elsewhere(
        "pm_card_visa_chargeDeclinedInsufficientFunds", receipt_email="bob@example.com"
    )["id"]
    tell(post, intent, "payment_failed", telling)
    confirm = f"payment_intents/{intent}/confirm"
    post.stripe(confirm, payment_method="pm_card_visa_chargeDeclinedLostCard")
    tell(post, intent, "payment_failed", telling)
    post.stripe(confirm, payment_method="pm_card_visa")
    tell(post, intent, "succeeded", telling)
    return str(intent)


def tell(post: WebhookSender, intent: str, what: str, times: int = 1) -> None:
    for _ in range(times):
        post.send(post.told(f"payment_intent.{what}", intent))


@atomic
def put_off_long_ago(session: Session, command: str, seconds: float) -> None:
    waiting = Message.first_put_off_at.is_not(None) & (Message.command == command)
    session.execute(update(Message).where(waiting).values(first_put_off_at=database_now(-seconds)))


@pytest.mark.parametrize("telling", [1, 2])
def test_decline_decline_success_is_three_attempts_with_their_reasons(
    post: WebhookSender, telling: int
) -> None:
    intent = pay_with_the_third_card(post, telling=telling)
    assert (attempts(), post.alerts()) == (THREE, [])
    assert [row.stripe_payment_id for row in rows()] == [None, None, intent]


@pytest.mark.parametrize("what", ["succeeded", "payment_failed"])
def test_attempts_that_are_told_of_late_are_recorded_all_the_same(
    post: WebhookSender, what: str
) -> None:
    intent = pay_with_the_third_card(post, telling=0)
    tell(post, intent, what)
    assert (attempts(), post.alerts()) == (THREE, [])
    tell(post, intent, "succeeded")
    assert attempts() == THREE


def test_an_attempt_that_is_told_of_late_keeps_what_one_keeps_that_is_told_of_at_once(
    post: WebhookSender,
) -> None:
    pay_with_the_third_card(post)
    at_once = [row for row in rows() if row.state == "failed"]
    tell(post, pay_with_the_third_card(post, telling=0), "succeeded")
    known = {row.id for row in at_once}
    late = [row for row in rows() if row.state == "failed" and row.id not in known]
    assert len(late) == 2
    for mine, theirs in zip(late, at_once, strict=True):
        assert {name: (mine.error or {}).get(name) for name in KEPT} == {
            name: (theirs.error or {})[name] for name in KEPT
        }
        charge = mine.stripe_data["latest_charge"]
        assert (mine.error or {})["charge"] == charge["id"]
        assert [mine.stripe_data[name] for name in ("amount", "currency", "livemode")] == [
            2500,
            "usd",
            False,
        ]
        assert mine.stripe_data["status"] == "requires_payment_method"


@pytest.mark.parametrize("telling", [0, 1])
@pytest.mark.parametrize("then", [{"amount": "1500"}, {"amount": "3000"}, {"currency": "eur"}])
def test_each_attempt_is_of_what_its_card_was_asked_for(
    post: WebhookSender, driver: PaymentDriver, telling: int, then: dict[str, str]
) -> None:
    intent = post.pay_elsewhere("pm_card_visa_chargeDeclinedInsufficientFunds")["id"]
    tell(post, intent, "payment_failed", telling)
    post.stripe(f"payment_intents/{intent}", **then)
    post.stripe(f"payment_intents/{intent}/confirm", payment_method="pm_card_visa")
    tell(post, intent, "succeeded")
    driver.work_all_waiting()
    changed = {"amount": 2500, "currency": "usd"} | then
    assert [(row.amount, row.currency, row.amount_received) for row in rows()] == [
        (2500, "usd", None),
        (int(changed["amount"]), changed["currency"], int(changed["amount"])),
    ]
    assert post.alerts() == []


def test_each_attempt_keeps_its_card_and_its_customer(post: WebhookSender) -> None:
    pay_with_the_third_card(post)
    assert [row.card_last4 for row in rows()] == ["9995", "9987", "4242"]
    assert {row.email for row in rows()} == {"bob@example.com"}
    assert all("customer" in {record.role for record in row.records} for row in rows())


def test_nothing_before_the_last_attempt_is_retried(post: WebhookSender) -> None:
    pay_with_the_third_card(post)
    said = [preview_retry(row.id).sentence for row in rows()]
    newer = "A newer attempt was made: retry that one."
    assert said == [newer, newer, "This payment succeeded. There is nothing to retry."]


@pytest.mark.followed_by_all
def test_only_the_receipt_is_mailed(post: WebhookSender, driver: PaymentDriver) -> None:
    pay_with_the_third_card(post)
    driver.work_all_waiting()
    assert db.session.scalars(select(Mail.kind).where(own(Mail))).all() == ["receipt"]


def test_an_event_that_was_read_early_and_is_worked_on_late_adds_no_attempt(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    intent = post.pay_elsewhere("pm_card_visa_chargeDeclinedInsufficientFunds")
    path = f"/_sandbox/payment_intents/{intent['id']}"
    first = post.told("payment_intent.payment_failed", intent["id"])["data"]["object"]
    confirm = f"payment_intents/{intent['id']}/confirm"
    second = post.stripe(confirm, payment_method="pm_card_visa_chargeDeclinedLostCard")
    tell(post, intent["id"], "payment_failed")
    told = attempts()
    driver.sandbox("POST", path, latest_charge=first["latest_charge"])
    post.send(create_event("payment_intent.payment_failed", id=intent["id"]))
    assert (attempts(), post.alerts()) == (told, [])
    driver.sandbox("POST", path, latest_charge=second["latest_charge"])


@pytest.mark.parametrize("card", ["pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_visa"])
def test_a_charge_that_is_not_written_yet_is_read_later(
    post: WebhookSender, driver: PaymentDriver, card: str
) -> None:
    """The first attempt, or one after another that is known to have failed."""
    intent, known = post.pay_elsewhere(card), []
    if intent["status"] != "succeeded":
        tell(post, intent["id"], "payment_failed")
        known = attempts()
        confirm = f"payment_intents/{intent['id']}/confirm"
        intent = post.stripe(confirm, payment_method="pm_card_visa")
    path = f"/_sandbox/payment_intents/{intent['id']}"
    driver.sandbox("POST", path, latest_charge=None)
    event = post.told("payment_intent.succeeded", intent["id"])
    post.send(event)
    assert (post.state(event), attempts()) == ("received", known)
    driver.sandbox("POST", path, latest_charge=intent["latest_charge"])
    driver.make_due("inbound.process")
    driver.work("payment_critical")
    complete = (len(known) + 1, "complete", None)
    assert (post.state(event), attempts()) == ("processed", [*known, complete])
    assert post.alerts() == []


def test_a_charge_that_is_never_written_is_told_of(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    intent = post.pay_elsewhere()
    path = f"/_sandbox/payment_intents/{intent['id']}"
    driver.sandbox("POST", path, latest_charge=None)
    post.send(post.told("payment_intent.succeeded", intent["id"]))
    for _ in WAITS:
        driver.make_due("inbound.process")
        driver.work("payment_critical")
    assert post.alerts() == ["webhook_waiting"]


def test_a_charge_of_our_own_that_is_not_written_yet_is_read_for_its_fee(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("say", "/confirm$", set={"latest_charge": None}, times=1)
    transaction = driver.pay()
    assert driver.read(transaction).phase == "complete"
    driver.work_all_waiting()
    driver.work_all_waiting()
    assert driver.read(transaction).card_last4 == "4242"
    of_it = select(Entry.entry_type).where(Entry.transaction_id == transaction).distinct()
    assert sorted(db.session.scalars(of_it)) == ["capture", "stripe_fee"]


@pytest.mark.expects_failure("ledger.post_fee")
def test_after_three_days_without_a_charge_a_person_is_told(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    transaction = driver.open()
    driver.fail_stripe("say", "/payment_intents/", set={"latest_charge": None}, times=None)
    driver.work()
    put_off_long_ago("ledger.post_fee", 3 * DAY + 60)
    driver.make_due("ledger.post_fee")
    driver.work("payment_critical")
    assert (driver.read(transaction).phase, post.alerts()) == ("complete", ["dead_letter"])


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_merchant_s_sale_is_copied_once_its_charge_is_written(
    driver: PaymentDriver, charge_type: str
) -> None:
    merchant = create_ready_merchant(driver, charge_type)
    driver.fail_stripe("say", "/confirm$", set={"latest_charge": None}, times=1)
    sale = sell(driver, merchant)
    driver.work_all_waiting()
    driver.work_all_waiting()
    assert "charge" in [kind for _, kind, _ in records(sale)]
