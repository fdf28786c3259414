"""Made-up payments lie in the database as real ones would."""

from __future__ import annotations

import datetime as dt

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from payments_app.core.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.outbox import Message
from payments_app.payments.models import Transaction
from payments_app.staff.rollups import PaymentDelta
from tests.accounts.desk import Browser
from tests.staff.files import Files

pytestmark = pytest.mark.portable


def test_demo_payments_fill_the_pages(viewer: Browser, files: Files, cli: FlaskCliRunner) -> None:
    for total in (200, 400):
        result = cli.invoke(args=["demo", "data", "--count", "200"])
        assert result.exit_code == 0, result.output
        with files.app.app_context():
            assert db.session().scalar(select(func.count(Transaction.id))) == total
    page = viewer.get("/staff/payments").text
    assert page.count("<tr>") == 51
    assert "Insufficient funds" in viewer.get("/staff/payments?status=failed").text
    assert viewer.get("/staff/reports?days=365").text.count("<rect") == 365


def test_nothing_will_try_to_charge_or_to_mend_a_demo_payment(
    files: Files, cli: FlaskCliRunner
) -> None:
    cli.invoke(args=["demo", "data", "--count", "100"])
    with files.app.app_context():
        session = db.session()
        assert session.scalar(select(func.count(Message.id))) == 0
        assert session.scalar(select(func.count(PaymentDelta.id))) == 0
        pending = select(func.count(Transaction.id)).where(Transaction.state == "pending")
        assert session.scalar(pending) == 0
        newest = session.scalar(select(func.max(Transaction.created_at)))
        assert newest < utcnow() - dt.timedelta(days=3)
