"""What a merchant does on their own account without us waits in no queue, and nobody asks Stripe
about it: there may be any number of it."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from sqlalchemy import func, select

from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.payments.models import Transaction
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant, sell
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import refunds

pytestmark = pytest.mark.portable

FOLLOWS = (
    ("refund.created", "refund"),
    ("refund.updated", "refund"),
    ("refund.failed", "refund"),
    ("charge.refunded", "charge"),
    ("charge.dispute.created", "dispute"),
    ("charge.dispute.closed", "dispute"),
    ("radar.early_fraud_warning.created", "radar.early_fraud_warning"),
    ("transfer.created", "transfer"),
    ("application_fee.created", "application_fee"),
    ("payout.paid", "payout"),
    ("customer.deleted", "customer"),
)


def waiting() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Message).where(*OPEN)) or 0


def news_of(type: str, account: str, **content: Any) -> dict[str, Any]:
    return create_event(type, **content) | {"account": account}


@pytest.mark.parametrize(("type", "kind"), FOLLOWS)
@pytest.mark.parametrize("named_by", ["payment_intent", "charge"])
def test_news_of_a_merchant_s_own_sales_are_settled_without_a_message(
    post: WebhookSender, driver: PaymentDriver, type: str, kind: str, named_by: str
) -> None:
    """Whatever its metadata say: a merchant writes those."""
    merchant = create_ready_merchant(driver, "direct")
    ours = sell(driver, merchant)
    driver.work()
    before = waiting()
    event = news_of(
        type,
        account_id(merchant),
        object=kind,
        id=f"x_{secrets.token_hex(8)}",
        metadata={"transaction_id": ours, "refund_id": "rf_1"},
        **{named_by: f"x_{secrets.token_hex(8)}"},
    )
    post.send(event, work=False)
    assert post.state(event) in ("ignored", "processed")
    assert waiting() == before


def test_of_news_of_one_payment_one_message_waits(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    """A merchant gives back a cent at a time, as often as they like; of another payment as well."""
    merchant = create_ready_merchant(driver, "direct")
    account = account_id(merchant)
    intents = []
    for _ in range(2):
        intents.append(driver.read(sell(driver, merchant)).stripe_payment_id)
    driver.work()
    before = waiting()
    for _ in range(5):
        for intent in intents:
            post.send(
                news_of("refund.created", account, object="refund", payment_intent=intent),
                work=False,
            )
    assert waiting() == before + len(intents)


def test_of_news_of_one_account_one_message_waits(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    accounts = [account_id(create_ready_merchant(driver, "direct")) for _ in range(2)]
    driver.work()
    before = waiting()
    for _ in range(5):
        for account in accounts:
            post.send(news_of("account.updated", account, object="account", id=account), work=False)
    assert waiting() == before + len(accounts)


def test_a_payment_that_was_not_here_brings_along_what_followed_it(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    """News of its refund and of its bank's warning came first, and were not kept."""
    merchant = create_ready_merchant(driver, "direct")
    account = account_id(merchant)
    other = sell(driver, merchant)
    intent = api(
        driver,
        "POST",
        "payment_intents",
        account,
        **{
            "amount": 2500,
            "currency": "usd",
            "confirm": "true",
            "payment_method": "pm_card_createIssuerFraudRecord",
            "allowed_payment_method_types[]": "card",
            "application_fee_amount": 103,
        },
    )
    theirs = api(driver, "POST", "refunds", account, payment_intent=intent["id"], amount=400)
    warning = {"object": "radar.early_fraud_warning", "payment_intent": intent["id"]}
    for event in (
        news_of("refund.created", account, **theirs),
        news_of("radar.early_fraud_warning.created", account, id="issfr_1", **warning),
    ):
        post.send(event)
        assert post.state(event) == "ignored"
    post.send(create_event(id=intent["id"]) | {"account": account})
    driver.work()
    transaction = db.session.scalars(
        select(Transaction.id).where(Transaction.stripe_payment_id == intent["id"])
    ).one()
    assert [(r.stripe_refund_id, r.state) for r in refunds(transaction)] == [
        (theirs["id"], "succeeded")
    ]
    assert [m.subject for m in driver.messages("disputes.refresh")] == [f"{intent['id']}@{account}"]
    assert "fraud_warning.opened" in driver.happened(transaction)
    assert "fraud_warning.opened" not in driver.happened(other)
    assert post.alerts() == ["early_fraud_warning"]
