"""Refunds of payments that a merchant has a share in, or that live on the merchant's account."""

from __future__ import annotations

import pytest

from payments_app.merchants.refresh_account import refresh_account
from payments_app.payments.connect.read import read_records
from payments_app.payments.refunds.refresh import refresh
from payments_app.payments.refunds.review import RefundReview, review_refund
from payments_app.reconcile import internal_payments
from payments_app.reconcile.fix import fix
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, found, open_ones
from tests.refunds.marketplace import pay_by_destination_charge, pay_by_direct_charge
from tests.refunds.refund_steps import give_back, read, refunds

pytestmark = pytest.mark.portable


@pytest.fixture
def merchant(driver: PaymentDriver) -> str:
    """One who charges on an account of its own."""
    return create_ready_merchant(driver, "direct")


def test_a_merchant_gives_back_its_share_and_we_our_fee(driver: PaymentDriver) -> None:
    transaction = pay_by_destination_charge(driver)
    assert read(give_back(driver, transaction)).state == "succeeded"
    (transfer,) = api(driver, "GET", "transfers")["data"]
    assert transfer["amount_reversed"] == transfer["amount"]
    (fee,) = api(driver, "GET", "application_fees")["data"]
    assert fee["amount_refunded"] == 62


def test_a_direct_charge_is_refunded_on_the_merchants_account(
    driver: PaymentDriver, merchant: str
) -> None:
    refund = give_back(driver, pay_by_direct_charge(driver, merchant))
    assert read(refund).state == "succeeded"
    assert [r["amount"] for r in api(driver, "GET", "refunds", account_id(merchant))["data"]] == [
        1099
    ]
    assert api(driver, "GET", "refunds")["data"] == []


def test_a_refund_made_by_the_merchant_is_taken_in(driver: PaymentDriver, merchant: str) -> None:
    transaction = pay_by_direct_charge(driver, merchant)
    intent = driver.read(transaction).stripe_payment_id or ""
    api(driver, "POST", "refunds", account_id(merchant), payment_intent=intent, amount=300)
    refresh(intent, claim(intent))
    assert [(r.amount, r.state) for r in refunds(transaction)] == [(300, "succeeded")]


def review(transaction: str, amount: int) -> tuple[str, str]:
    """What it says that the merchant and we lose."""
    found: RefundReview = review_refund(transaction, amount, reason="It arrived broken")
    return str(found.from_merchant), str(found.of_fee)


def test_what_was_taken_back_at_stripe_is_not_taken_from_the_merchant_again(
    driver: PaymentDriver,
) -> None:
    transaction = pay_by_destination_charge(driver)
    assert review(transaction, 1099) == ("$10.99", "$0.62")
    (transfer,) = api(driver, "GET", "transfers")["data"]
    (fee,) = api(driver, "GET", "application_fees")["data"]
    api(driver, "POST", f"transfers/{transfer['id']}/reversals", amount=1000)
    api(driver, "POST", f"application_fees/{fee['id']}/refunds", amount=60)
    read_records(transaction, claim(transaction))
    assert review(transaction, 1099) == ("$0.99", "$0.02")
    give_back(driver, transaction)
    assert api(driver, "GET", f"transfers/{transfer['id']}")["amount_reversed"] == 1099
    assert api(driver, "GET", f"application_fees/{fee['id']}")["amount_refunded"] == 62


def test_books_that_agree_on_every_account_have_no_findings(
    driver: PaymentDriver, merchant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(internal_payments, "POSTED_WITHIN_SECONDS", -5)
    give_back(driver, pay_by_destination_charge(driver), 100)
    give_back(driver, pay_by_direct_charge(driver, merchant), 100)
    compare_last_hours()
    assert found() == []


def test_a_merchant_who_left_keeps_nobody_from_being_compared(
    driver: PaymentDriver, merchant: str
) -> None:
    pay_by_direct_charge(driver, merchant)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/deauthorize")
    refresh_account(stripe_id, claim(stripe_id))
    compare_last_hours()
    assert found() == []


def test_what_a_merchant_sells_elsewhere_is_no_finding(
    driver: PaymentDriver, merchant: str
) -> None:
    pay_by_direct_charge(driver, merchant)
    api(driver, "POST", "payment_intents", account_id(merchant), amount=500, currency="usd")
    compare_last_hours()
    assert found() == []


def test_a_refund_by_the_merchant_that_we_never_heard_of_is_found_and_taken_in(
    driver: PaymentDriver, merchant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(internal_payments, "POSTED_WITHIN_SECONDS", -5)
    transaction = pay_by_direct_charge(driver, merchant)
    intent = driver.read(transaction).stripe_payment_id or ""
    api(driver, "POST", "refunds", account_id(merchant), payment_intent=intent, amount=300)
    compare_last_hours()
    assert found() == [("refund_differs", "refresh_refund")]
    fix(open_ones()[0].id, actor="ada")
    driver.work()
    assert [refund.amount for refund in refunds(transaction)] == [300]
