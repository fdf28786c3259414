"""What Stripe took, as it wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.outbox import Later
from payments_app.ledger import queries
from payments_app.ledger.models import BalanceTransaction, Entry
from payments_app.ledger.post_fee import post_fee
from payments_app.payments.dispute_refresh import refresh as refresh_disputes
from tests.ledger.crowd import claim, run_at_once
from tests.payments.till import Till
from tests.settlement.books import columns

pytestmark = pytest.mark.portable


def posted(entry_type: str) -> list[tuple[str, str, int, str]]:
    db.session.rollback()
    rows = select(Entry).where(Entry.entry_type == entry_type).order_by(Entry.id)
    return [(e.account, e.side, e.amount, e.currency) for e in db.session.scalars(rows)]


def kept() -> list[BalanceTransaction]:
    db.session.rollback()
    return list(db.session.scalars(select(BalanceTransaction)))


def change_movement(monkeypatch: pytest.MonkeyPatch, movement: dict[str, Any] | None) -> None:
    """Let Stripe have written something else of the charge than the stand-in does."""
    from payments_app.ledger import post_fee as room

    read = room.retrieve_charge

    def other(charge_id: str, account: str | None = None) -> Any:
        reply = read(charge_id, account)
        assert reply.body is not None
        own = reply.body["balance_transaction"]
        reply.body["balance_transaction"] = None if movement is None else own | movement
        return reply

    monkeypatch.setattr(room, "retrieve_charge", other)


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


def test_a_fee_that_stripe_has_not_written_yet_is_asked_for_again(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_movement(monkeypatch, None)
    transaction = till.open()
    till.work("charges")
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


def test_a_fee_in_the_currency_of_the_balance_is_posted_in_it(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = {"currency": "chf", "amount": 950, "fee": 58, "net": 892, "fee_details": []}
    change_movement(monkeypatch, settled)
    till.pay()
    assert posted("stripe_fee") == [
        ("stripe_fees", "debit", 58, "chf"),
        ("stripe_balance", "credit", 58, "chf"),
    ]
    assert queries.captures(db.session()) == {"usd": 1099}
    assert queries.unbalanced(db.session()) == []


def test_a_line_has_the_fee_that_was_known_when_it_was_made(till: Till) -> None:
    till.pay()
    assert columns() == [("capture", 1099, -62, 0, 1037)]


def test_a_fee_that_comes_late_is_a_line_of_its_own(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        change_movement(slow, None)
        till.pay()
        till.make_due("settlement.capture")
        till.work("payment_critical")
    till.work_all_waiting()
    assert columns() == [("capture", 1099, 0, 0, 1099), ("stripe_fee", 0, -62, 0, -62)]


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
