"""What a page of the payments list asks the database, however many payments it shows."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.accounts.staff_driver import Browser
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def test_a_page_is_four_queries_once_its_details_are_kept(
    app: Flask, viewer: Browser, stored_payments: StoredPayments
) -> None:
    """Who asks, the page with its customers, refunds and disputes, the member's filters."""
    stored_payments.many(60)
    sent: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's driver sends it as a statement
            sent.append(statement)

    viewer.get("/staff/payments")
    event.listen(app.extensions["engine"], "before_cursor_execute", keep)
    try:
        assert viewer.get("/staff/payments").status_code == 200
    finally:
        event.remove(app.extensions["engine"], "before_cursor_execute", keep)
    assert len(sent) == 4
