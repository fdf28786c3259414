"""What a payment leaves in the ledger."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import outbox
from payments_app.ledger import queries
from payments_app.ledger.models import Entry, Journal
from payments_app.ledger.post import CAPTURE, post_capture
from tests.bystanders import own
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def entries() -> list[Entry]:
    db.session.rollback()
    return list(db.session.scalars(select(Entry).where(own(Entry)).order_by(Entry.id)))


def captured() -> list[Entry]:
    return [entry for entry in entries() if entry.entry_type == CAPTURE]


def test_a_capture_is_posted_as_a_debit_and_a_credit(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    assert [(e.key, e.account, e.side, e.amount, e.currency) for e in captured()] == [
        (f"ledger_debit_{transaction}", "stripe_balance", "debit", 1099, "usd"),
        (f"ledger_credit_{transaction}", "sales", "credit", 1099, "usd"),
    ]


def test_a_failed_payment_posts_nothing(driver: PaymentDriver) -> None:
    driver.pay("pm_card_visa_chargeDeclined")
    assert entries() == []


def test_a_payment_of_nothing_posts_nothing(driver: PaymentDriver) -> None:
    transaction = driver.pay(amount=0)
    assert driver.read(transaction).phase == "complete"
    assert entries() == []
    assert [m.done_at is not None for m in driver.messages("ledger.post_capture")] == [True]


def test_posting_twice_posts_once_and_says_so(
    driver: PaymentDriver, caplog: pytest.LogCaptureFixture
) -> None:
    transaction = driver.pay()
    with caplog.at_level(logging.INFO, "payments_app.ledger"):
        post_capture(transaction, claim(transaction))
    assert len(captured()) == 2
    assert f"capture_{transaction} is posted already" in caplog.text


def test_eight_workers_at_once_post_once(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    outcomes = run_at_once(driver.app, lambda: post_capture(transaction, claim(transaction)))
    assert outcomes == [None] * 8
    assert len(entries()) == 2


def test_a_pending_payment_is_refused(driver: PaymentDriver) -> None:
    transaction = driver.open()
    with pytest.raises(LookupError, match="no capture to post"):
        post_capture(transaction, claim(transaction))


@pytest.mark.expects_failure("ledger.post_capture")
def test_a_posting_that_cannot_be_made_dies_after_five_retries_with_a_critical_alert(
    driver: PaymentDriver,
) -> None:
    transaction = driver.open()
    _stage_posting(transaction)
    driver.work("payment_critical")
    for _ in range(5):
        driver.make_due("ledger.post_capture")
        driver.work("payment_critical")
    (message,) = driver.messages("ledger.post_capture")
    assert (message.tries, message.dead_at is not None) == (5, True)
    (alert,) = db.session.scalars(select(Alert).where(Alert.kind == "dead_letter"))
    assert (alert.severity, alert.data["retries"]) == ("critical", 5)


@pytest.mark.alone
def test_the_trial_balance_is_level_in_each_currency(driver: PaymentDriver) -> None:
    driver.pay()
    driver.pay(order=driver.create_order(1800, "jpy"))
    lines = {(b.account, b.currency): b.balance for b in queries.trial_balance(db.session())}
    assert lines == {
        ("sales", "jpy"): -1800,
        ("stripe_balance", "jpy"): 1800 - 82,
        ("stripe_fees", "jpy"): 82,
        ("sales", "usd"): -1099,
        ("stripe_balance", "usd"): 1099 - 62,
        ("stripe_fees", "usd"): 62,
    }
    assert queries.unbalanced(db.session()) == []


@pytest.mark.alone
def test_captures_are_summed_by_currency(driver: PaymentDriver) -> None:
    driver.pay()
    driver.pay()
    driver.pay(order=driver.create_order(4950, "eur"))
    assert queries.captures(db.session()) == {"usd": 2198, "eur": 4950}
    assert queries.balances(db.session(), "sales") == {"usd": -2198, "eur": -4950}


@pytest.mark.parametrize("table", [Journal, Entry])
def test_the_database_refuses_to_change_a_posting(driver: PaymentDriver, table: type[Any]) -> None:
    driver.pay()
    with pytest.raises(DBAPIError, match="append-only"):
        _execute(update(table).values(entry_type="other"))
    with pytest.raises(DBAPIError, match="append-only"):
        _execute(table.__table__.delete())


def test_an_entry_of_another_currency_than_its_journal_is_refused(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        _execute(insert(Entry).values(**_entry(transaction, "debit", currency="eur")))


def test_one_sided_journals_are_found(driver: PaymentDriver, database_kind: str) -> None:
    if database_kind == "postgresql":
        pytest.skip("PostgreSQL refuses them")
    transaction = driver.pay()
    _execute(insert(Entry).values(**_entry(transaction, "debit")))
    assert len(queries.unbalanced(db.session())) == 1


def test_postgresql_refuses_a_one_sided_journal_at_commit(
    driver: PaymentDriver, database_kind: str
) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite has no deferred triggers")
    transaction = driver.pay()
    journals = db.session.scalar(select(func.count()).select_from(Journal).where(own(Journal)))
    db.session.rollback()
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        _execute(insert(Entry).values(**_entry(transaction, "debit")))
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        _execute(
            insert(Journal).values(
                key="empty", entry_type="capture", transaction_id=transaction, currency="usd"
            )
        )
    assert (
        db.session.scalar(select(func.count()).select_from(Journal).where(own(Journal))) == journals
    )


def _entry(transaction: str, side: str, currency: str = "usd") -> dict[str, Any]:
    journal = db.session.scalars(select(Journal.id).where(own(Journal))).first()
    db.session.rollback()
    return {
        "key": f"odd_{side}",
        "journal_id": journal,
        "transaction_id": transaction,
        "entry_type": "capture",
        "account": "sales",
        "side": side,
        "amount": 5,
        "currency": currency,
    }


@atomic
def _execute(session: Session, statement: Any) -> None:
    session.execute(statement)


@atomic
def _stage_posting(session: Session, transaction_id: str) -> None:
    outbox.stage(session, "ledger.post_capture", transaction_id)
