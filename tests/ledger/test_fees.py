"""What Stripe took, as it wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Later
from payments_app.gateway.throttle import Throttle
from payments_app.ledger import queries
from payments_app.ledger.models import BalanceTransaction, Entry
from payments_app.ledger.post_fee import post_fee
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import Till
from tests.settlement.books import columns

pytestmark = pytest.mark.portable


def posted(entry_type: str) -> list[tuple[str, str, int, str]]:
    db.session.rollback()
    rows = select(Entry).where(Entry.entry_type == entry_type).order_by(Entry.id)
    return [(e.account, e.side, e.amount, e.currency) for e in db.session.scalars(rows)]


def kept() -> list[BalanceTransaction]:
    db.session.rollback()
    return list(db.session.scalars(select(BalanceTransaction)))


def paid(till: Till) -> tuple[str, dict[str, Any]]:
    """A payment whose fee was not read yet, and its charge at Stripe."""
    transaction = till.open()
    till.work("charges")
    return transaction, till.read(transaction).stripe_data["latest_charge"]


def write_movement(till: Till, charge: dict[str, Any], movement: str | None) -> None:
    """Let Stripe have written this balance transaction of a charge, or none yet."""
    till.sandbox("POST", f"/_sandbox/charges/{charge['id']}", balance_transaction=movement)


def test_stripes_fee_is_posted_as_a_journal_of_its_own(till: Till) -> None:
    till.pay()
    assert posted("stripe_fee") == [
        ("stripe_fees", "debit", 62, "usd"),
        ("stripe_balance", "credit", 62, "usd"),
    ]


def test_our_balance_is_what_stripe_says_that_it_is(till: Till) -> None:
    till.pay()
    till.pay(amount=5000)
    movements = till.sandbox("GET", "/v1/balance_transactions")["data"]
    assert queries.balances(db.session(), "stripe_balance") == {
        "usd": sum(movement["net"] for movement in movements)
    }


def test_what_stripe_wrote_is_kept_whole(till: Till) -> None:
    transaction = till.pay()
    (row,) = kept()
    assert (row.transaction_id, row.amount, row.fee, row.net) == (transaction, 1099, 62, 1037)
    assert row.stripe_data["fee_details"][0]["type"] == "stripe_fee"


def test_eight_workers_at_once_post_one_fee(till: Till) -> None:
    transaction = till.open()
    till.work("charges")
    outcomes = run_at_once(till.app, lambda: post_fee(transaction, claim(transaction)))
    assert outcomes == [None] * 8
    assert len(posted("stripe_fee")) == 2


def test_a_fee_that_stripe_has_not_written_yet_is_asked_for_again(till: Till) -> None:
    transaction, charge = paid(till)
    write_movement(till, charge, None)
    with pytest.raises(Later, match="no balance transaction yet"):
        post_fee(transaction, claim(transaction))
    assert (kept(), posted("stripe_fee")) == ([], [])


def test_a_fee_that_cannot_be_read_is_not_guessed(till: Till) -> None:
    till.fail_stripe("500_before", "/v1/charges")
    transaction = till.open()
    till.work("charges")
    with pytest.raises(Later):
        post_fee(transaction, claim(transaction))
    assert kept() == []


def test_a_fee_in_the_currency_of_the_balance_is_posted_in_it(till: Till) -> None:
    _, charge = paid(till)
    settled = {"currency": "chf", "amount": 950, "fee": 58, "net": 892, "fee_details": []}
    movement = charge["balance_transaction"]
    till.sandbox("POST", f"/_sandbox/balance_transactions/{movement}", **settled)
    till.work()
    assert posted("stripe_fee") == [
        ("stripe_fees", "debit", 58, "chf"),
        ("stripe_balance", "credit", 58, "chf"),
    ]
    assert queries.captures(db.session()) == {"usd": 1099}
    assert queries.unbalanced(db.session()) == []
    assert columns() == [("capture", 1099, 0, 0, 1099), ("stripe_fee", 0, -58, 0, -58)]


def test_a_line_has_the_fee_that_was_known_when_it_was_made(till: Till) -> None:
    till.pay()
    assert columns() == [("capture", 1099, -62, 0, 1037)]


def test_a_fee_that_comes_late_is_a_line_of_its_own(till: Till) -> None:
    _, charge = paid(till)
    write_movement(till, charge, None)
    till.work()
    till.make_due("settlement.capture")
    till.work("payment_critical")
    write_movement(till, charge, charge["balance_transaction"])
    till.work_all_waiting()
    assert columns() == [("capture", 1099, 0, 0, 1099), ("stripe_fee", 0, -62, 0, -62)]


def test_a_fee_takes_no_turn_from_a_charge(till: Till) -> None:
    transaction, _ = paid(till)
    slow = till.app.extensions["throttle"] = Throttle(till.config.cache_redis_url, 1)
    slow.wait_for_turn()
    with pytest.raises(Later, match="throttled"):
        post_fee(transaction, claim(transaction))
    assert "stripe.charge_retrieve" not in till.happened(transaction)


def test_a_payment_of_nothing_has_no_fee(till: Till) -> None:
    till.pay(amount=0)
    assert (kept(), posted("stripe_fee")) == ([], [])


def test_a_disputes_fee_is_posted_beside_what_it_took(till: Till) -> None:
    intent = till.read(till.pay("pm_card_createDispute")).stripe_payment_id or ""
    refresh_disputes(intent, claim(intent))
    till.work()
    assert posted("dispute_fee") == [
        ("stripe_fees", "debit", 1500, "usd"),
        ("stripe_balance", "credit", 1500, "usd"),
    ]
