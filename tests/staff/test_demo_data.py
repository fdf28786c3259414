"""Made-up payments lie in the database as real ones would."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from parts.app import REPOSITORY
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.orders.models import Order
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.staff.reports.rollup_models import PaymentDelta
from tests.accounts.staff_driver import Browser
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
DAY = dt.timedelta(days=1)


@pytest.mark.alone
def test_demo_payments_fill_the_pages(
    viewer: Browser, stored_payments: StoredPayments, cli: FlaskCliRunner
) -> None:
    for total in (200, 400):
        result = cli.invoke(args=["demo", "data", "--count", "200"])
        assert result.exit_code == 0, result.output
        with stored_payments.app.app_context():
            assert db.session().scalar(select(func.count(Transaction.id))) == total
    page = viewer.get("/staff/payments").text
    assert page.count("<tr>") == 51
    assert "Insufficient funds" in viewer.get("/staff/payments?status=failed").text
    assert viewer.get("/staff/reports?days=365").text.count("<rect") in {12, 13}  # by month


def test_demo_payments_have_refunds_disputes_and_second_attempts(
    stored_payments: StoredPayments, cli: FlaskCliRunner
) -> None:
    cli.invoke(args=["demo", "data", "--count", "3000"])
    with stored_payments.app.app_context():
        session = db.session()
        counted = [
            session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
            for table, conditions in (
                (Refund, (Refund.state == "succeeded",)),
                (Dispute, ()),
                (Transaction, (Transaction.attempt == 2,)),
            )
        ]
        unpaid_and_held = (
            select(func.count(Order.id))
            .join(PaymentRecord, PaymentRecord.payable_id == Order.id)
            .where(Order.status != "paid", PaymentRecord.active)
        )
        assert session.scalar(unpaid_and_held) == 0
        assert session.scalar(select(func.max(Refund.created_at))) < utcnow() - 3 * DAY
    refunds, disputes, seconds = counted
    assert 50 < refunds < 110
    assert 2 < disputes < 25
    assert 100 < seconds < 220


@pytest.mark.slow
def test_make_fills_a_database_of_its_own(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "demo.data", "1000"],
        cwd=REPOSITORY,
        env=environment | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1000 payments added" in done.stdout
    with closing(sqlite3.connect(tmp_path / "payments.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM pay_transactions").fetchone() == (1000,)


def test_nothing_will_try_to_charge_or_to_mend_a_demo_payment(
    stored_payments: StoredPayments, cli: FlaskCliRunner
) -> None:
    cli.invoke(args=["demo", "data", "--count", "100"])
    with stored_payments.app.app_context():
        session = db.session()
        assert session.scalar(select(func.count(Message.id))) == 0
        assert session.scalar(select(func.count(PaymentDelta.id))) == 0
        pending = select(func.count(Transaction.id)).where(Transaction.state == "pending")
        assert session.scalar(pending) == 0
        newest = session.scalar(select(func.max(Transaction.created_at)))
        assert newest < utcnow() - 3 * DAY
