"""Setting the books at odds, and reading what was found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import requests
from sqlalchemy import Insert, insert, select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.ledger.models import Entry
from payments_app.payments.models import Transaction
from payments_app.reconcile.compare import compare
from payments_app.reconcile.models import Finding
from tests.payments.driver import PaymentDriver

HOUR = dt.timedelta(hours=1)


def compare_last_hours() -> int:
    return compare(utcnow() - 3 * HOUR, utcnow() + HOUR)


def found() -> list[tuple[str, str | None]]:
    """Kind and fix of every open finding."""
    return [(f.kind, f.fix) for f in open_ones()]


def open_ones() -> list[Finding]:
    return [f for f in all_findings() if f.resolved_at is None]


def all_findings() -> list[Finding]:
    db.session.rollback()
    query = select(Finding).order_by(Finding.id).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


@atomic
def execute(session: Session, statement: Any) -> None:
    session.execute(statement)


def claim_complete(transaction: str) -> None:
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(state="complete", phase="complete")
    )


def make_intent(driver: PaymentDriver, **more: str) -> str:
    answer = requests.post(
        f"{driver.config.stripe_api_base}/v1/payment_intents",
        auth=(driver.config.stripe_secret_key, ""),
        data={"amount": "500", "currency": "usd", **more},
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def two_postings(
    journal: int, transaction: str, entry_type: str, amount: int, *, debit: str, credit: str
) -> Insert:
    """A debit and a credit by hand, in minor units of USD."""
    return insert(Entry).values(
        [
            {
                "key": f"{transaction}_{side}_twice",
                "journal_id": journal,
                "transaction_id": transaction,
                "entry_type": entry_type,
                "account": account,
                "side": side,
                "amount": amount,
                "currency": "usd",
            }
            for side, account in (("debit", debit), ("credit", credit))
        ]
    )
