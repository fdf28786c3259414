"""A merchant on the platform, and payments in both manners of Connect."""

from __future__ import annotations

from typing import Any

import requests
from sqlalchemy import update

from payments_app.payments.models import Transaction
from tests.payments.till import Till
from tests.refunds.desk import execute


def api(till: Till, method: str, path: str, account: str = "", **data: Any) -> Any:
    answer = requests.request(
        method,
        f"{till.config.stripe_api_base}/v1/{path}",
        auth=(till.config.stripe_secret_key, ""),
        headers={"Stripe-Account": account} if account else {},
        data=data,
        timeout=10,
    )
    assert answer.ok, answer.text
    return answer.json()


def onboard_merchant(till: Till) -> str:
    """A connected account that may take payments."""
    account: str = api(
        till,
        "POST",
        "accounts",
        **{
            "type": "express",
            "country": "US",
            "capabilities[card_payments][requested]": "true",
            "capabilities[transfers][requested]": "true",
        },
    )["id"]
    till.sandbox("POST", f"/_sandbox/accounts/{account}/onboard")
    return account


def pay_by_destination_charge(till: Till, merchant: str) -> str:
    transaction = till.open()
    create = {
        "amount": 1099,
        "currency": "usd",
        "metadata": {"transaction_id": transaction},
        "allowed_payment_method_types": ["card"],
        "transfer_data": {"destination": merchant},
        "application_fee_amount": 62,
    }
    confirm = {
        "payment_method": "pm_card_visa",
        "return_url": "http://127.0.0.1:8000/",
        "use_stripe_sdk": True,
    }
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(parameters={"create": create, "confirm": confirm}, platform_fee=62)
    )
    till.work()
    # Kept after the charge, as the account that has its share.
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(connected_account_id=merchant)
    )
    assert till.read(transaction).phase == "complete"
    return transaction


def pay_by_direct_charge(till: Till, merchant: str) -> str:
    transaction = till.open()
    execute(
        update(Transaction)
        .where(Transaction.id == transaction)
        .values(connected_account_id=merchant)
    )
    till.work()
    assert till.read(transaction).phase == "complete"
    return transaction
