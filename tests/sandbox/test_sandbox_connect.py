"""Connect: onboarding, direct and destination charges, fees, transfers."""

import json
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser

from tests.sandbox.shop import Inbox, card_payment, confirmed


@pytest.fixture
def merchant(v1: Any, control: Any) -> str:
    """A connected account that may charge."""
    account = v1.accounts.create({"type": "express", "email": "merchant@example.com"})
    control("POST", f"accounts/{account.id}/onboard", {})
    return str(account.id)


def shared(merchant: str, **fields: Any) -> dict[str, Any]:
    return confirmed(
        amount=10000,
        application_fee_amount=320,
        transfer_data={"destination": merchant},
        **fields,
    )


def direct(merchant: str) -> dict[str, str]:
    return {"stripe_account": merchant}


@pytest.mark.contract
def test_a_new_account_cannot_charge_yet(v1: Any) -> None:
    account = v1.accounts.create(
        {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    )
    assert (account.charges_enabled, account.capabilities.transfers) == (False, "inactive")
    assert account.requirements.currently_due


def test_onboarding_in_the_browser_enables_the_account(
    v1: Any, browser: Browser, sandbox_url: str
) -> None:
    account = v1.accounts.create({"type": "express"})
    back = f"{sandbox_url}/healthz"
    link = v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": back,
            "refresh_url": back,
        }
    )
    page = browser.new_page()
    page.goto(link.url)
    page.locator("#complete").click()
    page.wait_for_url(back)
    page.close()
    found = v1.accounts.retrieve(account.id)
    assert (found.charges_enabled, found.payouts_enabled, found.details_submitted) == (True,) * 3


def test_connected_events_carry_the_account(v1: Any, merchant: str, inbox: Inbox) -> None:
    v1.webhook_endpoints.create({"url": inbox.url, "enabled_events": ["*"], "connect": True})
    v1.payment_intents.create(confirmed(), direct(merchant))
    inbox.wait_for("payment_intent.succeeded")
    assert {json.loads(body)["account"] for body, _ in inbox.posts} == {merchant}


def test_an_account_that_changes_is_told_to_the_platform(
    v1: Any, control: Any, merchant: str, inbox: Inbox
) -> None:
    v1.webhook_endpoints.create({"url": inbox.url, "enabled_events": ["*"], "connect": True})
    control("POST", f"accounts/{merchant}", {"charges_enabled": False})
    inbox.wait_for("account.updated")
    assert not v1.accounts.retrieve(merchant).charges_enabled


def test_a_destination_charge_transfers_and_keeps_the_fee(v1: Any, merchant: str) -> None:
    intent = v1.payment_intents.create(shared(merchant, expand=["latest_charge.transfer"]))
    charge = intent.latest_charge
    assert (charge.transfer.amount, charge.transfer.destination) == (10000, merchant)
    fee = v1.application_fees.retrieve(charge.application_fee)
    assert (fee.amount, fee.account) == (320, merchant)


def test_a_refund_takes_transfer_and_fee_back_in_proportion(v1: Any, merchant: str) -> None:
    intent = v1.payment_intents.create(shared(merchant, expand=["latest_charge"]))
    refund = {
        "payment_intent": intent.id,
        "reverse_transfer": True,
        "refund_application_fee": True,
    }
    v1.refunds.create({**refund, "amount": 2500})
    charge = intent.latest_charge
    assert v1.transfers.retrieve(charge.transfer).amount_reversed == 2500
    assert v1.application_fees.retrieve(charge.application_fee).amount_refunded == 80
    v1.refunds.create(refund)
    assert v1.transfers.retrieve(charge.transfer).reversed
    assert v1.application_fees.retrieve(charge.application_fee).refunded


def test_the_last_part_of_a_refund_takes_the_rest_of_the_fee(v1: Any, merchant: str) -> None:
    intent = v1.payment_intents.create(
        {**shared(merchant, expand=["latest_charge"]), "application_fee_amount": 100}
    )
    for amount in (2549, 2549, 2549, 2353):
        v1.refunds.create(
            {"payment_intent": intent.id, "amount": amount, "refund_application_fee": True}
        )
    assert v1.application_fees.retrieve(intent.latest_charge.application_fee).refunded


def test_a_direct_charge_lives_on_the_connected_account(v1: Any, merchant: str) -> None:
    intent = v1.payment_intents.create(
        confirmed(amount=10000, application_fee_amount=320), direct(merchant)
    )
    assert v1.payment_intents.list().data == []
    there = v1.payment_intents.retrieve(intent.id, None, direct(merchant))
    assert there.status == "succeeded"
    fees = v1.application_fees.list().data
    assert [(fee.amount, fee.charge) for fee in fees] == [(320, intent.latest_charge)]


@pytest.mark.contract
def test_a_fee_needs_somebody_to_pay_it(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create(card_payment(application_fee_amount=100))
    assert caught.value.param == "application_fee_amount"


@pytest.mark.contract
def test_an_account_without_transfers_is_no_destination(v1: Any) -> None:
    account = v1.accounts.create({"type": "express"})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create(shared(account.id))
    assert caught.value.code == "insufficient_capabilities_for_transfer"


@pytest.mark.contract
def test_an_unknown_account_is_forbidden(v1: Any) -> None:
    with pytest.raises(stripe.PermissionError) as caught:
        v1.payment_intents.list(None, direct("acct_nobody"))
    assert caught.value.http_status == 403


def test_a_merchant_that_left_is_forbidden(v1: Any, control: Any, merchant: str) -> None:
    control("POST", f"accounts/{merchant}/deauthorize", {})
    with pytest.raises(stripe.PermissionError):
        v1.payment_intents.list(None, direct(merchant))


def test_a_transfer_can_be_reversed_in_part(v1: Any, merchant: str) -> None:
    transfer = v1.transfers.create({"amount": 500, "currency": "usd", "destination": merchant})
    v1.transfers.reversals.create(transfer.id, {"amount": 200})
    assert v1.transfers.retrieve(transfer.id).amount_reversed == 200
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.transfers.reversals.create(transfer.id, {"amount": 301})
    assert caught.value.param == "amount"


def test_an_application_fee_can_be_given_back(v1: Any, merchant: str) -> None:
    v1.payment_intents.create(shared(merchant))
    fee = v1.application_fees.list().data[0]
    v1.application_fees.refunds.create(fee.id, {"amount": 20})
    assert v1.application_fees.retrieve(fee.id).amount_refunded == 20
