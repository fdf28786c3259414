"""Refunds of payments that a merchant has a share in, or that live on the merchant's account."""

from __future__ import annotations

import pytest

from payments_app.merchants.refresh_account import refresh_account
from payments_app.payments.refunds.refresh import refresh
from payments_app.reconcile import own_books
from payments_app.reconcile.fix import fix
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant
from tests.payments.driver import Till
from tests.reconcile.books import compare_last_hours, found, open_ones
from tests.refunds.marketplace import pay_by_destination_charge, pay_by_direct_charge
from tests.refunds.refund_steps import give_back, read, refunds

pytestmark = pytest.mark.portable


@pytest.fixture
def merchant(till: Till) -> str:
    """One who charges on an account of its own."""
    return create_ready_merchant(till, "direct")


def test_a_merchant_gives_back_its_share_and_we_our_fee(till: Till) -> None:
    transaction = pay_by_destination_charge(till)
    assert read(give_back(till, transaction)).state == "succeeded"
    (transfer,) = api(till, "GET", "transfers")["data"]
    assert transfer["amount_reversed"] == transfer["amount"]
    (fee,) = api(till, "GET", "application_fees")["data"]
    assert fee["amount_refunded"] == 62


def test_a_direct_charge_is_refunded_on_the_merchants_account(till: Till, merchant: str) -> None:
    refund = give_back(till, pay_by_direct_charge(till, merchant))
    assert read(refund).state == "succeeded"
    assert [r["amount"] for r in api(till, "GET", "refunds", account_id(merchant))["data"]] == [
        1099
    ]
    assert api(till, "GET", "refunds")["data"] == []


def test_a_refund_made_by_the_merchant_is_taken_in(till: Till, merchant: str) -> None:
    transaction = pay_by_direct_charge(till, merchant)
    intent = till.read(transaction).stripe_payment_id or ""
    api(till, "POST", "refunds", account_id(merchant), payment_intent=intent, amount=300)
    refresh(intent, claim(intent))
    assert [(r.amount, r.state) for r in refunds(transaction)] == [(300, "succeeded")]


def test_books_that_agree_on_every_account_have_no_findings(
    till: Till, merchant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_books, "GRACE_SECONDS", -5)
    give_back(till, pay_by_destination_charge(till), 100)
    give_back(till, pay_by_direct_charge(till, merchant), 100)
    compare_last_hours()
    assert found() == []


def test_a_merchant_who_left_keeps_nobody_from_being_compared(till: Till, merchant: str) -> None:
    pay_by_direct_charge(till, merchant)
    stripe_id = account_id(merchant)
    till.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/deauthorize")
    refresh_account(stripe_id, claim(stripe_id))
    compare_last_hours()
    assert found() == []


def test_what_a_merchant_sells_elsewhere_is_no_finding(till: Till, merchant: str) -> None:
    pay_by_direct_charge(till, merchant)
    api(till, "POST", "payment_intents", account_id(merchant), amount=500, currency="usd")
    compare_last_hours()
    assert found() == []


def test_a_refund_by_the_merchant_that_we_never_heard_of_is_found_and_taken_in(
    till: Till, merchant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_books, "GRACE_SECONDS", -5)
    transaction = pay_by_direct_charge(till, merchant)
    intent = till.read(transaction).stripe_payment_id or ""
    api(till, "POST", "refunds", account_id(merchant), payment_intent=intent, amount=300)
    compare_last_hours()
    assert found() == [("refund_differs", "refresh_refund")]
    fix(open_ones()[0].id, actor="ada")
    till.work()
    assert [refund.amount for refund in refunds(transaction)] == [300]
