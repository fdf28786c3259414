"""A payment that was made at Stripe for a merchant is that merchant's sale here too."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.review import review_refund
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant, sell
from tests.merchants.connected_merchants import records as records_of
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back, refunds

pytestmark = pytest.mark.portable

WISH = {
    "amount": 2500,
    "currency": "usd",
    "confirm": "true",
    "payment_method": "pm_card_visa",
    "allowed_payment_method_types[]": "card",
    "application_fee_amount": 103,
}


def built(intent: dict[str, Any]) -> Transaction:
    db.session.rollback()
    return db.session.scalars(
        select(Transaction).where(Transaction.stripe_payment_id == intent["id"])
    ).one()


def pay_elsewhere(
    post: WebhookSender, merchant: str, charge_type: str, **more: Any
) -> dict[str, Any]:
    """Its intent, once the news of it was worked on; of a direct one after a sale by us, which
    tells our application."""
    account = account_id(merchant)
    on, to = ("", {"transfer_data[destination]": account})
    if charge_type == "direct":
        on, to = account, {}
        sell(post.driver, merchant)
    intent: dict[str, Any] = api(post.driver, "POST", "payment_intents", on, **WISH | to | more)
    post.send(create_event(id=intent["id"]) | ({"account": on} if on else {}))
    post.driver.work()
    return intent


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_it_is_the_merchants_with_our_fee(
    post: WebhookSender, driver: PaymentDriver, charge_type: str
) -> None:
    merchant = create_ready_merchant(driver, charge_type)
    row = built(pay_elsewhere(post, merchant, charge_type))
    kept = (row.state, row.connected_account_id, row.charge_type, row.platform_fee)
    assert kept == ("complete", account_id(merchant), charge_type, 103)


def test_its_refund_takes_the_share_back_from_the_merchant(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    merchant = create_ready_merchant(driver, "destination")
    intent = pay_elsewhere(post, merchant, "destination")
    give_back(driver, built(intent).id, 2500)
    assert [refund.state for refund in refunds(built(intent).id)] == ["succeeded"]
    charge = api(driver, "GET", f"charges/{intent['latest_charge']}")
    assert api(driver, "GET", f"transfers/{charge['transfer']}")["amount_reversed"] == 2500
    fee = api(driver, "GET", f"application_fees/{charge['application_fee']}")
    assert fee["amount_refunded"] == 103


def pay_after_a_decline(
    post: WebhookSender, charge_type: str, fee: int | None, **changed: Any
) -> Transaction:
    """A payment of which the first card was declined with our `fee` asked for; then that is
    `changed`, and another card holds it until a part is captured."""
    merchant = create_ready_merchant(post.driver, charge_type)
    asked = {"application_fee_amount": fee or "", "capture_method": "manual"}
    intent = pay_elsewhere(
        post, merchant, charge_type, payment_method="pm_card_visa_chargeDeclined", **asked
    )
    assert (built(intent).state, built(intent).platform_fee) == ("failed", fee)
    on = account_id(merchant) if charge_type == "direct" else ""
    path, at_capture = f"payment_intents/{intent['id']}", changed.pop("at_capture", {})
    api(post.driver, "POST", path, on, description="A print", **changed)
    api(post.driver, "POST", f"{path}/confirm", on, payment_method="pm_card_visa")
    api(post.driver, "POST", f"{path}/capture", on, amount_to_capture=1500, **at_capture)
    post.send(create_event(id=intent["id"]) | ({"account": on} if on else {}))
    post.driver.work()
    return built(intent)


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
@pytest.mark.parametrize("asked", [None, 103])
def test_our_fee_of_a_part_is_what_it_was_captured_with(
    post: WebhookSender, charge_type: str, asked: int | None
) -> None:
    row = pay_after_a_decline(post, charge_type, asked, at_capture={"application_fee_amount": 200})
    assert (row.paid, row.fee_taken) == (1500, 200)
    assert ("platform", "application_fee", 200) in records_of(row.id)
    assert str(review_refund(row.id, 1500, reason="Broken").of_fee) == "$2.00"
    give_back(post.driver, row.id, 1500)
    assert ("platform", "application_fee_refund", 200) in records_of(row.id)


def test_a_fee_that_was_taken_off_before_it_was_paid_stands_in_no_refund_s_way(
    post: WebhookSender,
) -> None:
    row = pay_after_a_decline(post, "destination", 103, application_fee_amount="")
    assert (row.paid, row.fee_taken) == (1500, None)
    assert review_refund(row.id, 1500, reason="Broken").of_fee is None
    give_back(post.driver, row.id, 1500)
    assert [refund.state for refund in refunds(row.id)] == ["succeeded"]


@pytest.mark.parametrize("records", ["read", "not read yet"])
def test_of_a_share_that_stripe_was_told_a_refund_takes_back_no_more(
    post: WebhookSender, driver: PaymentDriver, records: str
) -> None:
    account = account_id(create_ready_merchant(driver, "destination"))
    wish = {name: value for name, value in WISH.items() if name != "application_fee_amount"}
    to = {"transfer_data[destination]": account, "transfer_data[amount]": 500}
    intent = api(driver, "POST", "payment_intents", **wish, **to)
    post.send(create_event(id=intent["id"]))
    driver.work(*(() if records == "read" else ("payment_critical",)))
    reviewed = [
        str(review_refund(built(intent).id, amount, reason="Broken").from_merchant)
        for amount in (2500, 1000)
    ]
    assert reviewed == ["$5.00", "$2.00"]
    give_back(driver, built(intent).id, 1000)
    charge = api(driver, "GET", f"charges/{intent['latest_charge']}")
    assert api(driver, "GET", f"transfers/{charge['transfer']}")["amount_reversed"] == 200


@pytest.mark.parametrize("destination", ["acct_nobodyOfOurs", "", None])
def test_one_for_an_account_that_is_not_connected_here_is_set_aside(
    post: WebhookSender, driver: PaymentDriver, destination: str | None
) -> None:
    intent = post.pay_elsewhere()
    says = {"transfer_data": {"destination": destination}}
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent['id']}", **says)
    event = create_event(id=intent["id"])
    post.send(event)
    assert post.state(event) == "quarantined"
    assert db.session.scalars(select(Transaction).where(own(Transaction))).all() == []


@pytest.mark.followed_by_all
@pytest.mark.parametrize("application", [None, "ca_AnotherPlatform"])
@pytest.mark.parametrize("sales", [0, 1])
def test_a_merchant_s_own_sale_on_their_own_account_is_not_ours(
    post: WebhookSender, driver: PaymentDriver, application: str | None, sales: int
) -> None:
    """Made by themselves at Stripe, or by another platform that they are connected to, not through
    us, also before our first sale: no buyer of theirs gets a receipt from us."""
    merchant = create_ready_merchant(driver, "direct")
    for _ in range(sales):
        sell(driver, merchant)
    account = account_id(merchant)
    wish = {name: value for name, value in WISH.items() if name != "application_fee_amount"}
    intent = api(
        driver, "POST", "payment_intents", account, **wish, receipt_email="guest@cafe.test"
    )
    path = f"/_sandbox/payment_intents/{intent['id']}"
    driver.sandbox("POST", path, application=application)
    event = create_event(id=intent["id"]) | {"account": account}
    post.send(event)
    driver.work()
    assert post.state(event) == "processed"
    found = select(Transaction).where(Transaction.stripe_payment_id == intent["id"])
    assert db.session.scalars(found).all() == []
    told = select(Mail).where(Mail.recipient == "guest@cafe.test")
    assert db.session.scalars(told).all() == []


@pytest.mark.parametrize("type", ["payment_intent.canceled", "payment_intent.succeeded"])
@pytest.mark.parametrize("application", [None, "ca_AnotherPlatform"])
def test_news_of_a_merchant_s_own_sales_wait_in_no_queue_and_alert_nobody(
    post: WebhookSender, driver: PaymentDriver, application: str | None, type: str
) -> None:
    """Whatever they make there, as much as they like: nobody's refund waits behind it, and naming a
    payment of ours in it is of no use."""
    merchant = create_ready_merchant(driver, "direct")
    named = {"transaction_id": sell(driver, merchant)}
    driver.work()
    told = post.alerts()
    for metadata in ({}, named):
        says = {"object": "payment_intent", "application": application, "metadata": metadata}
        event = create_event(type, **says) | {"account": account_id(merchant)}
        post.send(event, work=False)
        assert post.state(event) == "ignored"
        assert open_messages(event["id"]) == []
    driver.work()
    assert post.alerts() == told


def open_messages(subject: str) -> list[str]:
    return list(db.session.scalars(select(Message.queue).where(Message.subject == subject, *OPEN)))
