"""What Stripe took, as it wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.gateway.throttle import Throttle
from payments_app.ledger import queries
from payments_app.ledger.models import BalanceTransaction, Entry
from payments_app.ledger.post_fee import post_fee
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from tests.bystanders import own
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.settlement.books import columns

pytestmark = pytest.mark.portable


def posted(entry_type: str) -> list[tuple[str, str, int, str]]:
    db.session.rollback()
    rows = select(Entry).where(own(Entry), Entry.entry_type == entry_type).order_by(Entry.id)
    return [(e.account, e.side, e.amount, e.currency) for e in db.session.scalars(rows)]


def kept() -> list[BalanceTransaction]:
    db.session.rollback()
    return list(db.session.scalars(select(BalanceTransaction)))


def paid(driver: PaymentDriver) -> tuple[str, dict[str, Any]]:
    """A payment whose fee was not read yet, and its charge at Stripe."""
    transaction = driver.open()
    driver.work("charges")
    return transaction, driver.read(transaction).stripe_data["latest_charge"]


def write_movement(driver: PaymentDriver, charge: dict[str, Any], movement: str | None) -> None:
    """Let Stripe have written this balance transaction of a charge, or none yet."""
    driver.sandbox("POST", f"/_sandbox/charges/{charge['id']}", balance_transaction=movement)


def test_stripes_fee_is_posted_as_a_journal_of_its_own(driver: PaymentDriver) -> None:
    driver.pay()
    assert posted("stripe_fee") == [
        ("stripe_fees", "debit", 62, "usd"),
        ("stripe_balance", "credit", 62, "usd"),
    ]


@pytest.mark.alone
def test_our_balance_is_what_stripe_says_that_it_is(driver: PaymentDriver) -> None:
    driver.pay()
    driver.pay(amount=5000)
    movements = driver.sandbox("GET", "/v1/balance_transactions")["data"]
    assert queries.balances(db.session(), "stripe_balance") == {
        "usd": sum(movement["net"] for movement in movements)
    }


def test_what_stripe_wrote_is_kept_whole(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    (row,) = kept()
    assert (row.transaction_id, row.amount, row.fee, row.net) == (transaction, 1099, 62, 1037)
    assert row.stripe_data["fee_details"][0]["type"] == "stripe_fee"


def test_eight_workers_at_once_post_one_fee(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    outcomes = run_at_once(driver.app, lambda: post_fee(transaction, claim(transaction)))
    assert outcomes == [None] * 8
    assert len(posted("stripe_fee")) == 2


def test_a_fee_that_stripe_has_not_written_yet_is_asked_for_again(driver: PaymentDriver) -> None:
    transaction, charge = paid(driver)
    write_movement(driver, charge, None)
    with pytest.raises(Later, match="no balance transaction yet"):
        post_fee(transaction, claim(transaction))
    assert (kept(), posted("stripe_fee")) == ([], [])


def test_a_fee_that_cannot_be_read_is_not_guessed(driver: PaymentDriver) -> None:
    driver.fail_stripe("500_before", "/v1/charges")
    transaction = driver.open()
    driver.work("charges")
    with pytest.raises(Later):
        post_fee(transaction, claim(transaction))
    assert kept() == []


OURS = "application_fee"


@pytest.mark.parametrize(
    "odd",
    [
        {"fee_details": [None]},
        {"fee_details": {"type": OURS}},
        {"fee_details": [{"type": OURS, "amount": None}]},
        {"fee_details": [{"type": OURS, "amount": "30"}]},
        {"fee_details": [{"type": OURS, "amount": 10**15}]},
        {"fee_details": "none"},
        {"fee_details": [{"type": OURS, "amount": 1.7}]},
        {"net": 1},
    ],
    ids=repr,
)
def test_a_fee_whose_parts_do_not_make_sense_is_asked_for_again(
    driver: PaymentDriver, odd: dict[str, object]
) -> None:
    transaction, charge = paid(driver)
    movement = charge["balance_transaction"]
    driver.sandbox("POST", f"/_sandbox/balance_transactions/{movement}", **odd)
    with pytest.raises(Later, match="no balance transaction yet"):
        post_fee(transaction, claim(transaction))
    assert (kept(), posted("stripe_fee")) == ([], [])


def test_our_own_part_of_a_movement_is_not_posted_as_stripes_fee(driver: PaymentDriver) -> None:
    _, charge = paid(driver)
    movement = charge["balance_transaction"]
    parts = [{"type": OURS, "amount": 30}, {"type": "stripe_fee", "amount": 32}]
    driver.sandbox("POST", f"/_sandbox/balance_transactions/{movement}", fee_details=parts)
    driver.work()
    assert posted("stripe_fee") == [
        ("stripe_fees", "debit", 32, "usd"),
        ("stripe_balance", "credit", 32, "usd"),
    ]


def test_a_fee_in_capitals_is_of_the_same_currency(driver: PaymentDriver) -> None:
    _, charge = paid(driver)
    movement = charge["balance_transaction"]
    driver.sandbox("POST", f"/_sandbox/balance_transactions/{movement}", currency="USD")
    driver.work()
    assert [one.currency for one in kept()] == ["usd"]


@pytest.mark.alone
def test_a_fee_in_the_currency_of_the_balance_is_posted_in_it(driver: PaymentDriver) -> None:
    _, charge = paid(driver)
    settled = {"currency": "chf", "amount": 950, "fee": 58, "net": 892, "fee_details": []}
    movement = charge["balance_transaction"]
    driver.sandbox("POST", f"/_sandbox/balance_transactions/{movement}", **settled)
    driver.work()
    assert posted("stripe_fee") == [
        ("stripe_fees", "debit", 58, "chf"),
        ("stripe_balance", "credit", 58, "chf"),
    ]
    assert queries.captures(db.session()) == {"usd": 1099}
    assert queries.unbalanced(db.session()) == []
    assert columns() == [("capture", 1099, 0, 0, 1099), ("stripe_fee", 0, -58, 0, -58)]


def test_a_line_has_the_fee_that_was_known_when_it_was_made(driver: PaymentDriver) -> None:
    driver.pay()
    assert columns() == [("capture", 1099, -62, 0, 1037)]


def test_a_fee_that_comes_late_is_a_line_of_its_own(driver: PaymentDriver) -> None:
    _, charge = paid(driver)
    write_movement(driver, charge, None)
    driver.work()
    driver.make_due("settlement.capture")
    driver.work("payment_critical")
    write_movement(driver, charge, charge["balance_transaction"])
    driver.work_all_waiting()
    assert columns() == [("capture", 1099, 0, 0, 1099), ("stripe_fee", 0, -62, 0, -62)]


def test_a_fee_takes_no_turn_from_a_charge(driver: PaymentDriver) -> None:
    transaction, _ = paid(driver)
    slow = driver.app.extensions["throttle"] = Throttle(driver.config.cache_redis_url, 1, 1)
    slow.wait_for_turn("charge.charge_retrieve")
    with pytest.raises(Later, match="throttled"):
        post_fee(transaction, claim(transaction))
    assert "stripe.charge_retrieve" not in driver.happened(transaction)


def test_a_payment_of_nothing_has_no_fee(driver: PaymentDriver) -> None:
    driver.pay(amount=0)
    assert (kept(), posted("stripe_fee")) == ([], [])


def test_a_disputes_fee_is_posted_beside_what_it_took(driver: PaymentDriver) -> None:
    intent = driver.read(driver.pay("pm_card_createDispute")).stripe_payment_id or ""
    refresh_disputes(intent, claim(intent))
    driver.work()
    assert posted("dispute_fee") == [
        ("stripe_fees", "debit", 1500, "usd"),
        ("stripe_balance", "credit", 1500, "usd"),
    ]
