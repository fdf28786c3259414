"""What was made is read, listed and changed, one kind of object after the other."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import stripe

from tests.sandbox.shop import WITHIN, card_payment, confirmed


@pytest.fixture
def merchant(v1: Any, control: Callable[..., Any]) -> str:
    account = v1.accounts.create({"type": "express", "email": "merchant@example.com"})
    control("POST", f"accounts/{account.id}/onboard", {})
    return str(account.id)


@pytest.fixture
def browser_key(key: str) -> str:
    return key.replace("sk_", "pk_")


def ids(page: Any) -> list[str]:
    return [each.id for each in page.data]


def test_an_account_is_read_changed_listed_and_let_go(v1: Any, merchant: str) -> None:
    assert v1.accounts.retrieve_current().details_submitted
    v1.accounts.update(merchant, {"email": "other@example.com"})
    assert v1.accounts.retrieve(merchant).email == "other@example.com"
    assert ids(v1.accounts.list()) == [merchant]
    back = {"return_url": "http://127.0.0.1:9/back", "refresh_url": "http://127.0.0.1:9/again"}
    link = v1.account_links.create({"account": merchant, "type": "account_onboarding", **back})
    assert merchant in link.url
    assert v1.accounts.delete(merchant).deleted
    assert ids(v1.accounts.list()) == []


def test_an_endpoint_is_read_and_deleted(v1: Any) -> None:
    made = v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/events", "enabled_events": ["charge.refunded"]}
    )
    assert v1.webhook_endpoints.retrieve(made.id).url == made.url
    assert ids(v1.webhook_endpoints.list()) == [made.id]
    assert v1.webhook_endpoints.delete(made.id).deleted


def test_a_charge_its_refunds_and_its_payment_are_read_and_changed(
    v1: Any, sandbox_url: str, key: str
) -> None:
    intent = v1.payment_intents.create(confirmed())
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    v1.charges.update(intent.latest_charge, {"description": "Notes"})
    v1.refunds.update(refund.id, {"metadata": {"why": "torn"}})
    charge = v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds", "payment_intent"]})
    assert (charge.description, charge.payment_intent.id) == ("Notes", intent.id)
    assert [each.metadata.to_dict() for each in charge.refunds.data] == [{"why": "torn"}]
    assert ids(v1.refunds.list({"charge": charge.id})) == [refund.id]
    request = Request(sandbox_url + charge.refunds.url, headers={"Authorization": f"Bearer {key}"})
    with urlopen(request, timeout=WITHIN) as answer:
        assert [each["id"] for each in json.load(answer)["data"]] == [refund.id]


def test_a_payment_takes_other_options_before_it_is_confirmed(v1: Any) -> None:
    intent = v1.payment_intents.create(card_payment())
    options = {"card": {"request_three_d_secure": "any"}}
    changed = v1.payment_intents.update(intent.id, {"payment_method_options": options})
    assert changed.payment_method_options.card.request_three_d_secure == "any"
    assert changed.payment_method_options.card.network is None


def test_a_slow_banks_payment_is_processing(v1: Any, control: Callable[..., Any]) -> None:
    control("POST", "slow_banks", {"ms": 60_000})
    intent = v1.payment_intents.create(confirmed())
    assert intent.status == "processing"
    assert control("POST", f"payment_intents/{intent.id}/move", {})["status"] == "succeeded"


def test_a_dispute_and_a_warning_are_read(v1: Any) -> None:
    v1.payment_intents.create(confirmed("pm_card_createDispute"))
    v1.payment_intents.create(confirmed("pm_card_createIssuerFraudRecord"))
    dispute, warning = v1.disputes.list().data[0], v1.radar.early_fraud_warnings.list().data[0]
    assert v1.disputes.retrieve(dispute.id).evidence_details.submission_method == "not_submitted"
    answered = v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada"}})
    assert answered.evidence_details.submission_method == "manual"
    assert v1.radar.early_fraud_warnings.retrieve(warning.id).charge == warning.charge


def test_a_card_from_a_browser_is_read_and_changed(
    v1: Any, connect: Callable[[str], Any], browser_key: str
) -> None:
    made = connect(browser_key).payment_methods.create(
        {
            "type": "card",
            "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"},
        }
    )
    v1.payment_methods.update(made.id, {"billing_details": {"name": "Ada"}})
    found = v1.payment_methods.retrieve(made.id)
    assert (found.card.last4, found.billing_details.name) == ("4242", "Ada")


def test_a_browsers_token_stands_for_its_card(sandbox_url: str, v1: Any, browser_key: str) -> None:
    given = {"payment_method_data[type]": "card", "payment_method_data[card][token]": "tok_visa"}
    request = Request(
        f"{sandbox_url}/v1/confirmation_tokens",
        urlencode(given).encode(),
        {"Authorization": f"Bearer {browser_key}"},
    )
    with urlopen(request, timeout=WITHIN) as answer:
        token = v1.confirmation_tokens.retrieve(json.load(answer)["id"])
    assert token.payment_method_preview.card.last4 == "4242"


def test_a_customer_is_changed(v1: Any) -> None:
    customer = v1.customers.create({"email": "ada@example.com"})
    v1.customers.update(customer.id, {"name": "Ada"})
    assert v1.customers.retrieve(customer.id).name == "Ada"
    assert ids(v1.customers.list({"email": "ada@example.com"})) == [customer.id]


def test_setup_intents_are_confirmed_listed_and_canceled(v1: Any) -> None:
    kept, left = v1.setup_intents.create({}), v1.setup_intents.create({})
    back = {"return_url": "http://127.0.0.1:9/back"}
    assert (
        v1.setup_intents.confirm(kept.id, {"payment_method": "pm_card_visa", **back}).status
        == "succeeded"
    )
    with pytest.raises(stripe.CardError):
        v1.setup_intents.confirm(left.id, {"payment_method": "pm_card_chargeDeclined", **back})
    assert v1.setup_intents.cancel(left.id).status == "canceled"
    assert ids(v1.setup_intents.list()) == [left.id, kept.id]


def test_a_transfer_and_what_went_back_of_it_are_read_and_changed(v1: Any, merchant: str) -> None:
    transfer = v1.transfers.create({"amount": 500, "currency": "usd", "destination": merchant})
    reversal = v1.transfers.reversals.create(transfer.id, {"amount": 200})
    v1.transfers.update(transfer.id, {"description": "May"})
    assert [each.description for each in v1.transfers.list().data] == ["May"]
    assert ids(v1.transfers.reversals.list(transfer.id)) == [reversal.id]
    there = v1.charges.retrieve(transfer.destination_payment, None, {"stripe_account": merchant})
    assert (there.amount, there.amount_refunded) == (500, 200)


def test_what_went_back_of_a_fee_is_listed(v1: Any, merchant: str) -> None:
    v1.payment_intents.create(confirmed(application_fee_amount=100), {"stripe_account": merchant})
    fee = v1.application_fees.list().data[0]
    back = v1.application_fees.refunds.create(fee.id, {"amount": 20})
    assert ids(v1.application_fees.refunds.list(fee.id)) == [back.id]
