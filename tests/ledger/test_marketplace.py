"""A merchant's sale in the books: both sides are what Stripe's balances are."""

from __future__ import annotations

import pytest

from payments_app.core.extensions import db
from payments_app.ledger import queries
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.reconcile import internal_settlement
from tests.bystanders.ids import BOOKED
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant, sell
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, found
from tests.refunds.refund_steps import give_back, move_on, read
from tests.settlement.books import batches, columns, end_days

pytestmark = [
    pytest.mark.portable,
    pytest.mark.parametrize("charge_type", ["destination", "direct"]),
]


@pytest.fixture
def merchant(driver: PaymentDriver, charge_type: str) -> str:
    return create_ready_merchant(driver, charge_type)


def at_stripe(driver: PaymentDriver, account: str = "") -> int:
    """What a balance grew by, of all its movements in dollars."""
    movements = api(driver, "GET", "balance_transactions?limit=100", account)["data"]
    return sum(movement["net"] for movement in movements)


def in_the_books(account: str) -> int:
    """All but what the bystanders have there."""
    db.session.rollback()
    return queries.balances(db.session(), account).get("usd", 0) - BOOKED.get(account, 0)


def agree(driver: PaymentDriver, merchant: str) -> None:
    """Our books on both sides, and Stripe's."""
    assert in_the_books("stripe_balance") == at_stripe(driver)
    assert in_the_books("connected_balances") == at_stripe(driver, account_id(merchant))
    assert queries.unbalanced(db.session()) == []


def test_a_sale_agrees_on_both_sides(driver: PaymentDriver, merchant: str) -> None:
    sell(driver, merchant)
    agree(driver, merchant)


def test_a_part_refund_agrees_on_both_sides(driver: PaymentDriver, merchant: str) -> None:
    transaction = sell(driver, merchant)
    give_back(driver, transaction, 2_500)
    driver.work_all_waiting()
    agree(driver, merchant)


def test_refunds_of_all_agree_on_both_sides(driver: PaymentDriver, merchant: str) -> None:
    transaction = sell(driver, merchant)
    for amount in (3_333, 3_333, 3_334):
        give_back(driver, transaction, amount)
    driver.work_all_waiting()
    agree(driver, merchant)


def test_a_refund_that_fails_later_agrees_on_both_sides(
    driver: PaymentDriver, merchant: str
) -> None:
    transaction = sell(driver, merchant, "pm_card_refundFail")
    refund = give_back(driver, transaction, 2_500)
    driver.work_all_waiting()
    move_on(driver, refund)
    refresh_refunds(read(refund).stripe_refund_id or "", claim(refund))
    driver.work_all_waiting()
    assert read(refund).state == "failed"
    agree(driver, merchant)


def test_a_refund_that_fails_before_it_was_posted_agrees_on_both_sides(
    driver: PaymentDriver, merchant: str, charge_type: str
) -> None:
    if charge_type == "destination":
        pytest.skip("it reverses what the merchant has, whatever becomes of the refund")
    transaction = sell(driver, merchant, "pm_card_refundFail")
    intent = driver.read(transaction).stripe_payment_id or ""
    account = account_id(merchant)
    theirs = api(driver, "POST", "refunds", account, payment_intent=intent, amount=400)["id"]
    driver.sandbox("POST", f"/_sandbox/refunds/{theirs}/move")
    refresh_refunds(intent, claim(intent))
    driver.work_all_waiting()
    agree(driver, merchant)


def test_a_disputed_sale_agrees_on_both_sides(driver: PaymentDriver, merchant: str) -> None:
    transaction = sell(driver, merchant, "pm_card_createDispute")
    intent = driver.read(transaction).stripe_payment_id or ""
    refresh_disputes(intent, claim(intent))
    driver.work_all_waiting()
    agree(driver, merchant)


@pytest.mark.alone
def test_the_captures_are_what_stripe_received(driver: PaymentDriver, merchant: str) -> None:
    sell(driver, merchant)
    assert queries.captures(db.session()) == {"usd": 10_000}


def test_the_merchants_lines_are_what_their_balance_grew_by(
    driver: PaymentDriver, merchant: str
) -> None:
    transaction = sell(driver, merchant)
    give_back(driver, transaction, 2_500)
    driver.work_all_waiting()
    assert {line[0] for line in columns()} == {"capture", "refund", "application_fee_refund"}
    assert sum(line[-1] for line in columns()) == at_stripe(driver, account_id(merchant))


def test_a_merchants_day_closes_on_the_ledger(driver: PaymentDriver, merchant: str) -> None:
    transaction = sell(driver, merchant)
    give_back(driver, transaction, 2_500)
    driver.work_all_waiting()
    end_days()
    driver.work_all_waiting()
    (batch,) = batches()
    assert (batch.merchant_id, batch.total) == (merchant, at_stripe(driver, account_id(merchant)))


def test_books_that_agree_have_no_findings(
    driver: PaymentDriver, merchant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(internal_settlement, "SETTLED_SECONDS", -5)
    give_back(driver, sell(driver, merchant), 2_500)
    driver.work_all_waiting()
    compare_last_hours()
    assert found() == []


def test_a_sale_is_one_line_net_of_fees(
    driver: PaymentDriver, merchant: str, charge_type: str
) -> None:
    sell(driver, merchant)
    stripe_fee = -320 if charge_type == "direct" else 0
    assert columns() == [("capture", 10_000, stripe_fee, -320, 9_680 + stripe_fee)]
