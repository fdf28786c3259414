"""Events of merchants' accounts, transfers and fees."""

from __future__ import annotations

import pytest

from payments_app.merchants.accounts import state_of
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import (
    account,
    account_id,
    api,
    create_merchant,
    create_ready_merchant,
    records,
    sell,
)
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


def test_an_update_of_an_account_has_it_read_again(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    merchant = create_merchant(driver)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/onboard")
    post.send(create_event("account.updated", id=stripe_id) | {"account": stripe_id})
    driver.work("default")
    assert state_of(account(merchant)) == "ready"


def test_a_merchant_who_left_is_disconnected(post: WebhookSender, driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/deauthorize")
    left = create_event("account.application.deauthorized", id="ca_1", object="application")
    post.send(left | {"account": stripe_id})
    driver.work("default")
    assert state_of(account(merchant)) == "disconnected"
    assert "merchant_left" in post.alerts()


def test_news_of_an_account_that_is_nobodys_here_changes_nothing(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    other = api(driver, "POST", "accounts", type="express")["id"]
    event = create_event("account.updated", id=other) | {"account": other}
    post.send(event)
    driver.work("default")
    assert post.state(event) == "processed"


def test_a_payment_of_an_account_that_is_nobodys_here_is_set_aside(post: WebhookSender) -> None:
    event = create_event() | {"account": "acct_of_somebody"}
    post.send(event)
    assert post.state(event) == "quarantined"


def test_a_payment_on_a_merchants_account_ends_by_its_event(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    merchant = create_ready_merchant(driver, "direct")
    transaction = sell(driver, merchant, "pm_card_threeDSecure2Required")
    assert driver.read(transaction).phase == "requires_action"
    driver.pass_bank_check(transaction)
    told = create_event(id=driver.read(transaction).stripe_payment_id)
    post.send(told | {"account": account_id(merchant)})
    assert driver.read(transaction).phase == "complete"


@pytest.mark.parametrize("type", ["transfer.reversed", "application_fee.refunded"])
def test_what_is_taken_back_at_stripe_is_recorded_by_its_event(
    post: WebhookSender, driver: PaymentDriver, type: str
) -> None:
    transaction = sell(driver, create_ready_merchant(driver))
    (transfer,) = api(driver, "GET", "transfers")["data"]
    (fee,) = api(driver, "GET", "application_fees")["data"]
    api(driver, "POST", f"transfers/{transfer['id']}/reversals", amount=700)
    api(driver, "POST", f"application_fees/{fee['id']}/refunds", amount=7)
    charge = transfer["source_transaction"]
    post.send(create_event(type, id="x_1", source_transaction=charge, charge=charge))
    assert {("platform", "transfer_reversal", 700), ("platform", "application_fee_refund", 7)} <= {
        *records(transaction)
    }
