"""Merchants with accounts at the sandbox, what they sell, and what it left there."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
import requests
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.customers.find import customer_for
from payments_app.merchants.models import ConnectedAccount
from payments_app.merchants.onboarding import add_merchant
from payments_app.merchants.refresh_account import refresh_account
from payments_app.orders.place import place
from payments_app.orders.product_models import Product
from payments_app.payments.connect.records import ConnectRecord
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver

by_both_apis = pytest.mark.parametrize("accounts_api", ["v2", "v1"])
ACCOUNTS = "^/(v1|v2/core)/accounts"  # the calls of either API


def create_merchant(
    driver: PaymentDriver, charge_type: str = "destination", name: str = "Juniper"
) -> str:
    """A merchant with an account at Stripe that asks for its details still."""
    merchant = add_merchant(
        name=name, email="juniper@example.com", actor="ada", charge_type=charge_type
    )
    driver.work("default")
    return merchant


def create_ready_merchant(driver: PaymentDriver, charge_type: str = "destination") -> str:
    merchant = create_merchant(driver, charge_type)
    account = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{account}/onboard")
    refresh_account(account, claim(account))
    return merchant


def account(merchant: str) -> ConnectedAccount:
    db.session.rollback()
    return db.session.get_one(ConnectedAccount, merchant, populate_existing=True)


def account_id(merchant: str) -> str:
    return account(merchant).stripe_account_id or ""


@atomic
def age(session: Session, merchant: str, seconds: float) -> None:
    """Let this account have been read, and been asked for, so long ago."""
    session.execute(
        update(ConnectedAccount)
        .where(ConnectedAccount.merchant_id == merchant)
        .values(refreshed_at=database_now(-seconds), read_asked_at=database_now(-seconds))
    )


@atomic
def create_sale(session: Session, merchant: str, amount: int = 10_000) -> str:
    """An order of what this merchant sells; its id."""
    product = Product(
        slug=f"print-{secrets.token_hex(4)}",
        name="Letterpress print",
        amount=amount,
        currency="usd",
        merchant_id=merchant,
    )
    session.add(product)
    session.flush()
    return place(session, product, 1, customer_for(session, "ada@example.com").id).id


def sell(
    driver: PaymentDriver, merchant: str, card: str = "pm_card_visa", amount: int = 10_000
) -> str:
    """A sale with all that is due done; the id of its transaction."""
    return driver.pay(card, create_sale(merchant, amount))


def records(transaction: str) -> list[tuple[str, str, int]]:
    """Side, kind and amount of each record of a sale, in order."""
    return sorted((r.side, r.kind, r.amount) for r in all_records(transaction))


def all_records(transaction: str) -> list[ConnectRecord]:
    db.session.rollback()
    query = select(ConnectRecord).where(ConnectRecord.transaction_id == transaction)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def told_of(merchant: str) -> list[str]:
    """What the history says of a merchant, oldest first."""
    db.session.rollback()
    query = select(HistoryEntry.what).where(HistoryEntry.subject == merchant)
    return list(db.session.scalars(query.order_by(HistoryEntry.id)))


def api(driver: PaymentDriver, method: str, path: str, account: str = "", **data: Any) -> Any:
    answer = requests.request(
        method,
        f"{driver.config.stripe_api_base}/v1/{path}",
        auth=(driver.config.stripe_secret_key, ""),
        headers={"Stripe-Account": account} if account else {},
        data=data,
        timeout=10,
    )
    declined = answer.status_code == 402
    assert answer.ok or declined, answer.text
    return answer.json()["error"]["payment_intent"] if declined else answer.json()
