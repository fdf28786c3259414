"""Nothing is looked up by an empty key: it would find the row of a stranger who has none."""

from __future__ import annotations

import pytest
from sqlalchemy import ColumnElement, String, select
from sqlalchemy.orm import Session

import payments_app.models  # noqa: F401 - all tables
from payments_app.core.db.columns import EmptyKeyError, Key
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.inbound.models import StripeEvent
from payments_app.payments.models import Transaction

# What may be missing, and is a word, a sentence or a name, that no row is looked up by.
TEXTS = frozenset(
    """
    acknowledged_by asked_by balance_currency card_brand card_last4 charge_type client_secret
    decided_by_transaction_id disabled_reason ended_why error error_code error_message
    fix language last_error
    link_url name old_secret opened_by
    payment_status problem reason receipt_address receipt_url resolution resolved_by
    statement_descriptor stripe_reason stripe_status submitted_by traceparent waits_for
    tax_id terms terms_version zone
    """.split()
)


@pytest.mark.parametrize("reversed_", [False, True])
def test_a_comparison_with_no_key_raises(reversed_: bool) -> None:
    column = Transaction.stripe_payment_id
    with pytest.raises(EmptyKeyError):
        select(Transaction).where(None == column if reversed_ else column == None)  # noqa: E711, SIM300


@pytest.mark.usefixtures("app_context")
def test_nobody_is_found_by_an_empty_text() -> None:
    _add_nobody()
    found = select(Transaction.id).where(Transaction.stripe_customer_id == "")
    assert db.session.scalar(found) is None


@atomic
def _add_nobody(session: Session) -> None:
    nobody = {"stripe_customer_id": "", "email": "", "description": "", "amount": 1}
    session.add(Transaction(currency="usd", **nobody))


def test_neither_is_a_foreign_key_compared_to_nothing() -> None:
    with pytest.raises(EmptyKeyError):
        select(StripeEvent).where(StripeEvent.transaction_id == None)  # noqa: E711


def test_columns_are_compared_with_columns_and_asked_for_null() -> None:
    column: ColumnElement[bool] = Transaction.stripe_payment_id == Transaction.payment_method
    assert "payment_method" in str(column)
    assert str(Transaction.stripe_payment_id.is_(None)).endswith("IS NULL")


def test_every_string_that_may_be_missing_is_a_key_or_a_text() -> None:
    strings = [
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String) and not isinstance(column.type, Key)
        if column.nullable and column.name not in TEXTS
    ]
    assert strings == []


def test_every_id_of_stripes_is_a_key() -> None:
    ids = {
        "pay_balance_transactions": ("id", "source"),
        "pay_connect_records": ("stripe_id",),
        "pay_disputes": ("stripe_dispute_id",),
        "pay_saved_cards": ("payment_method", "stripe_customer_id"),
        "pay_unmatched_objects": ("stripe_id",),
    }
    others = [
        f"{table}.{name}"
        for table, names in ids.items()
        for name in names
        if not isinstance(db.metadata.tables[table].columns[name].type, Key)
    ]
    assert others == []
