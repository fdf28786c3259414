"""The fees and the settlement lines, held against the ledger."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import delete, func, select, text, update

from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.payments.models import Transaction
from payments_app.reconcile import internal_settlement
from payments_app.reconcile.fix import fix
from payments_app.settlement.models import Batch, Line
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, execute, found, open_ones
from tests.settlement.books import columns, now

pytestmark = pytest.mark.portable


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is settled late is late at once."""
    monkeypatch.setattr(internal_settlement, "SETTLED_SECONDS", -5)


def lose(command: str) -> None:
    execute(delete(Message).where(Message.command == command))


def pay_and_lose(driver: PaymentDriver, *commands: str) -> str:
    transaction = driver.open()
    driver.work("charges")
    for command in commands:
        lose(command)
    driver.work()
    return transaction


def test_books_that_agree_have_no_findings(driver: PaymentDriver) -> None:
    driver.pay()
    compare_last_hours()
    assert found() == []


def test_what_no_line_says_is_found_and_settled(driver: PaymentDriver) -> None:
    pay_and_lose(driver, "ledger.post_fee", "settlement.capture")
    compare_last_hours()
    assert found() == [("not_settled", "settle_lines")]
    fix(open_ones()[0].id, actor="ada")
    driver.work()
    assert columns() == [("capture", 1099, 0, 0, 1099)]
    compare_last_hours()
    assert found() == []


def test_a_fee_that_was_never_read_is_found_and_posted(driver: PaymentDriver) -> None:
    driver.pay()
    transaction = pay_and_lose(driver, "ledger.post_fee")
    driver.make_due("settlement.capture")
    driver.work()
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(ended_at=now() - dt.timedelta(hours=2), updated_at=text("updated_at"))
    )
    execute(text("UPDATE pay_balance_transactions SET read_at = '2020-01-01 00:00:00.000000'"))
    compare_last_hours()
    assert found() == [("fee_not_in_ledger", "post_fee")]
    fix(open_ones()[0].id, actor="ada")
    driver.work()
    assert columns()[1:] == [("capture", 1099, 0, 0, 1099), ("stripe_fee", 0, -62, 0, -62)]


def test_a_line_that_no_journal_stands_behind_is_found_and_left_to_a_person(
    driver: PaymentDriver,
) -> None:
    transaction = driver.pay()
    batch = db.session.scalars(select(Batch.id)).one()
    odd = Line(
        key="odd",
        batch_id=batch,
        kind="odd",
        transaction_id=transaction,
        amount=5,
        currency="usd",
        occurred_at=now(),
    )
    db.session.add(odd)
    db.session.commit()
    compare_last_hours()
    assert found() == [("settlement_differs", None)]
    assert db.session.scalar(select(func.count()).select_from(Line)) == 2
