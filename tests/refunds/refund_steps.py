"""What tests of refunds ask and read."""

from __future__ import annotations

from typing import Any

import requests
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.ledger.models import Entry
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.request import request_refund
from tests.bystanders import own
from tests.payments.driver import PaymentDriver


def ask(transaction: str, amount: int = 1099, **more: Any) -> str:
    more = {"reason": "It arrived broken", "actor": "ada"} | more
    return request_refund(transaction, amount, **more)


def give_back(driver: PaymentDriver, transaction: str, amount: int = 1099, **more: Any) -> str:
    """A refund with all that is due done."""
    refund = ask(transaction, amount, **more)
    driver.work()
    return refund


def read(refund_id: str) -> Refund:
    db.session.rollback()
    return db.session.get_one(Refund, refund_id, populate_existing=True)


def refunds(transaction: str) -> list[Refund]:
    db.session.rollback()
    query = select(Refund).where(Refund.transaction_id == transaction).order_by(Refund.created_at)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def at_stripe(driver: PaymentDriver) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = driver.sandbox("GET", "/v1/refunds?limit=100")["data"]
    return found


def refund_outside(driver: PaymentDriver, transaction: str, amount: int) -> str:
    """Somebody gives money back in Stripe's own dashboard."""
    answer = requests.post(
        f"{driver.config.stripe_api_base}/v1/refunds",
        auth=(driver.config.stripe_secret_key, ""),
        data={"payment_intent": driver.read(transaction).stripe_payment_id, "amount": amount},
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def move_on(driver: PaymentDriver, refund_id: str) -> None:
    """What the card's bank does later, now."""
    driver.sandbox("POST", f"/_sandbox/refunds/{read(refund_id).stripe_refund_id}/move")


def posted(entry_type: str) -> list[tuple[str, str, int]]:
    db.session.rollback()
    query = select(Entry).where(own(Entry), Entry.entry_type == entry_type).order_by(Entry.id)
    return [(e.side, e.account, e.amount) for e in db.session.scalars(query)]


@atomic
def age(session: Session, refund_id: str, seconds: float) -> None:
    """Let a refund have been sent longer ago than it was."""
    session.execute(
        update(Refund)
        .where(Refund.id == refund_id)
        .values(sent_at=database_now(-seconds), state_at=database_now(-seconds))
    )


@atomic
def execute(session: Session, statement: Any) -> None:
    session.execute(statement)
